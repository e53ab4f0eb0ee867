# SPDX-License-Identifier: BSD-2-Clause
"""Random and odd messages, and a DKIM signer that signs whatever it is told to, however odd its tags are.

The signer is written from RFC 6376 alone: it shares no code with Sluis, libopendkim or dkimpy (but for dkimpy's RSA), so a
message that it signed and one of them refuses tells which of the three is wrong.
"""

import base64
import hashlib
import os
import re

import nacl.signing
from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key

from bench import HERE

KEYS = os.path.join(HERE, "keys")


def _read(name):
    with open(os.path.join(KEYS, name + ".pem"), "rb") as stream:
        return stream.read()


def _der(pem):
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))


def _length(count):
    if count < 128:
        return bytes([count])
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([128 + len(octets)]) + octets


def _tlv(tag, content):
    return bytes([tag]) + _length(len(content)) + content


def _integer(number):
    return _tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


class Key:
    """One of the test keys: rsa512, rsa1024, rsa2048 or ed25519."""

    def __init__(self, name):
        self.name, self.pem = name, _read(name)
        if name == "ed25519":
            self.algorithm = "ed25519-sha256"
            self.seed = _der(self.pem)[-32:]
            self.private = nacl.signing.SigningKey(self.seed)
            self.public = bytes(self.private.verify_key)
        else:
            self.algorithm = "rsa-sha256"
            self.private = parse_pem_private_key(self.pem)
            bare = _tlv(0x30, _integer(self.private["modulus"]) + _integer(self.private["publicExponent"]))
            self.bare = base64.b64encode(bare).decode()
            identifier = bytes.fromhex("300d06092a864886f70d0101010500")
            self.public = _tlv(0x30, identifier + _tlv(3, b"\0" + bare))
        self.p = base64.b64encode(self.public).decode()
        self.record = f"v=DKIM1; k={'ed25519' if name == 'ed25519' else 'rsa'}; p={self.p}"
        # What dkimpy takes as private key.
        self.for_dkimpy = base64.b64encode(self.seed) if name == "ed25519" else self.pem

    def sign(self, data, algorithm=None):
        if self.name == "ed25519":
            return self.private.sign(hashlib.sha256(data).digest()).signature
        hasher = hashlib.sha1(data) if algorithm == "rsa-sha1" else hashlib.sha256(data)
        return RSASSA_PKCS1_v1_5_sign(hasher, self.private)


# ---- RFC 6376 section 3.4 ----

def split(message):
    """([(name, value with CRLF)], body)"""
    head, _, body = message.partition(b"\r\n\r\n")
    fields = []
    for line in [part + b"\r\n" for part in head.split(b"\r\n")]:
        if line[:1] in b" \t" and fields:
            fields[-1][1] += line
        else:
            name, _, value = line.partition(b":")
            fields.append([name, value])
    return fields, body


def canonical_field(name, value, relaxed):
    if not relaxed:
        return name + b":" + value
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip(b" \t").lower() + b":" + value + b"\r\n"


def canonical_body(body, relaxed):
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    if relaxed:
        body = re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+\r\n", b"\r\n", body))
    body = re.sub(rb"(\r\n)+\Z", b"\r\n", body)
    if body in (b"", b"\r\n"):
        return b"" if relaxed else b"\r\n"
    return body


def sign(message, key, template, algorithm=None, canonical="relaxed/relaxed", names=("from", "to", "subject"), limit=None):
    """The message with a DKIM-Signature field above it. template: the field's value with {bh} and {b}, in latin-1."""
    relaxed_header, _, relaxed_body = canonical.partition("/")
    fields, body = split(message)
    body = canonical_body(body, relaxed_body == "relaxed")
    body = body if limit is None else body[:limit]
    hasher = hashlib.sha1 if algorithm == "rsa-sha1" else hashlib.sha256
    value = template.replace("{bh}", base64.b64encode(hasher(body).digest()).decode())
    left, data = list(fields), b""
    for name in names:
        for field in reversed(left):
            if field[0].strip().lower() == name.strip().lower().encode("latin-1"):
                left.remove(field)
                data += canonical_field(*field, relaxed_header == "relaxed")
                break
    # 3.7: the value of b=, "including all surrounding whitespace", deleted.
    own = re.sub(r"\s*\{b\}\s*", "", value).encode("latin-1") + b"\r\n"
    own = canonical_field(b"DKIM-Signature", own, relaxed_header == "relaxed")
    data += own[:-2] if own.endswith(b"\r\n") else own
    signature = base64.b64encode(key.sign(data, algorithm)).decode()
    return b"DKIM-Signature:" + value.replace("{b}", signature).encode("latin-1") + b"\r\n" + message


# ---- random messages ----

WORDS = ("text", "Hello", "a", "", "=20", "  two  spaces", "tab\there", "\ttab first", "trailing  ", "trailing\t", ".", "..", "From here", ">From",
         "--boundary", "x" * 300, "\xe9t\xe9", "\xc3\xa9t\xc3\xa9", "\x80\xff", "v=1; b=abc", "-- ", " ", "\t", "(", "\"", "DKIM-Signature: none")
NAMES = ("Subject", "To", "Cc", "Date", "Message-ID", "X-Field", "Received", "MIME-Version", "x-lower", "X-UPPER", "Content-Type", "Reply-To",
         "List-Unsubscribe", "x-b")


def random_value(random):
    words = [random.choice(WORDS).replace("DKIM-Signature:", "") for _ in range(random.randint(0, 4))]
    value = random.choice((" ", "", "  ", "\t")) + words.pop(0) if words else random.choice(("", " "))
    for word in words:
        value += random.choice((" ", "  ", "\t", "\r\n ", "\r\n\t", "\r\n  ", " \r\n ")) + word
    # A fold whose continuation is all white space is obsolete syntax that MTAs mend on the way: not for this check.
    value = re.sub(r"\r\n[ \t]+(?=\r\n|\Z)", "", value)
    return value + random.choice(("", "", "", " ", "\t "))


def random_body(random):
    lines = [random.choice(WORDS) for _ in range(random.choice((0, 1, 2, 5, 12)))]
    lines = [line + random.choice(("", "", " " + random.choice(WORDS))) for line in lines]
    # What comes by SMTP ends in CRLF; dkimpy keeps white space at the end of a last line without.
    ending = random.choice(("\r\n", "\r\n", "\r\n\r\n\r\n", " \r\n", " \r\n\r\n"))
    return "\r\n".join(lines) + (ending if lines else random.choice(("", "\r\n", "\r\n\r\n")))


def random_message(random):
    fields = [f"{random.choice(NAMES)}:{random_value(random)}\r\n" for _ in range(random.randint(0, 8))]
    author = random.choice(("From: bob@sender.example\r\n", "from:Bob  <bob@sender.example>\r\n", "FROM: \"B, b\"\r\n <bob@sender.example> \r\n",
                            "From:\tb\xc3\xb6b <bob@sender.example>\r\n"))
    fields.insert(random.randint(0, len(fields)), author)
    return ("".join(fields) + "\r\n" + random_body(random)).encode("latin-1")

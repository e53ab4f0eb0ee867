# SPDX-License-Identifier: BSD-2-Clause
"""Test messages: readable text into wire form, DKIM-signed by dkimpy with generated keys.

A key is named by its kind: rsa512, rsa1024, rsa2048, rsa4096, ed25519, with an optional suffix for another key of that kind
(`rsa2048-b`). Keys are made on first use and kept in the lab's cache. For records, `dkim:KEY[:TAG=VALUE]...` changes or adds
tags (`dkim:rsa2048:t=y`); an empty value revokes (`dkim:rsa2048:p=`).
"""

import base64
import os
import re
import subprocess
import time

from inside import CACHE

ALGORITHMS = ("rsa-sha256", "rsa-sha1", "ed25519-sha256")


def _openssl(*args, input=None):
    return subprocess.run(["openssl", *args], input=input, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


def _key_file(key):
    match = re.fullmatch(r"(rsa(512|1024|1536|2048|3072|4096)|ed25519)(-\w+)?", key)
    if not match:
        raise ValueError(f"no such kind of key: {key}")
    path = f"{CACHE}/dkim-keys/{key}.pem"
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if match[2]:
            pem = _openssl("genrsa", "-traditional", match[2])
        else:
            pem = _openssl("genpkey", "-algorithm", "ED25519")
        with open(f"{path}.{os.getpid()}", "wb") as f:
            f.write(pem)
        os.rename(f"{path}.{os.getpid()}", path)
    return path


def record(spec):
    """The text of a key record: `rsa2048`, `ed25519:t=y`, `rsa1024:p=`."""
    key, *changes = spec.split(":")
    path = _key_file(key)
    der = _openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
    ed25519 = key.startswith("ed25519")
    tags = {"v": "DKIM1", "k": "ed25519" if ed25519 else "rsa",
            "p": base64.b64encode(der[-32:] if ed25519 else der).decode()}
    for change in changes:
        tag, _, value = change.partition("=")
        tags[tag] = value
    public = tags.pop("p")                                   # last, as people write it
    return "; ".join(f"{tag}={value}" for tag, value in {**tags, "p": public}.items())


def wire(text):
    """Message text with any line ends into the octets of SMTP DATA, without dot-stuffing."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return re.sub(rb"\r?\n", b"\r\n", data if data.endswith(b"\n") else data + b"\n")


def complete(text, sequence):
    """Add the fields that every message has and the text left out: Date, Message-ID; a body."""
    text = text.rstrip("\n") + "\n"
    head, gap, body = text.partition("\n\n")
    names = {line.partition(":")[0].strip().lower() for line in head.split("\n") if line[:1] not in " \t"}
    if "date" not in names:
        head = head.rstrip("\n") + "\nDate: " + time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
    if "message-id" not in names:
        head = head.rstrip("\n") + f"\nMessage-ID: <{sequence}@lab.example>"
    return head.rstrip("\n") + "\n\n" + (body if gap else "A test message.\n")


def sign(message, domain, selector, key, **options):
    """Sign wire octets and give them with the signature on top.

    Options: algorithm (default by the key), canon ("relaxed/relaxed"), headers (list of names), l (True: body length),
    i (identity), t and x (seconds from now), extra (text put in as further tags), tamper ("body", "subject" or "signature": after signing).
    """
    import dkim                                              # only this needs it

    path = _key_file(key)
    ed25519 = key.startswith("ed25519")
    algorithm = options.get("algorithm") or ("ed25519-sha256" if ed25519 else "rsa-sha256")
    if algorithm not in ALGORITHMS:
        raise ValueError(f"no such algorithm: {algorithm}")
    if ed25519:
        private = base64.b64encode(_openssl("pkey", "-in", path, "-outform", "DER")[-32:])
    else:
        with open(path, "rb") as f:
            private = f.read()

    class Signer(dkim.DKIM):
        def gen_header(self, fields, *rest, **more):
            """dkimpy knows no x= and always says t= now."""
            now = int(time.time())
            fields = [(n, str(now + int(options.get("t", 0))).encode()) if n == b"t" else (n, v) for n, v in fields]
            extra = [(b"x", str(now + int(options["x"])).encode())] if "x" in options else []
            for tag in filter(None, options.get("extra", "").split(";")):
                name, _, value = tag.strip().partition("=")
                extra.append((name.encode(), value.encode()))
            at = [n for n, _ in fields].index(b"h")
            return super().gen_header(fields[:at] + extra + fields[at:], *rest, **more)

    canon = options.get("canon", "relaxed/relaxed").split("/")
    signer = Signer(message, minkey=512)
    field = signer.sign(selector.encode(), domain.encode(), private, signature_algorithm=algorithm.encode(),
                        identity=options["i"].encode() if "i" in options else None,
                        canonicalize=(canon[0].encode(), canon[-1].encode()), length=bool(options.get("l")),
                        include_headers=[h.lower().encode() for h in options["headers"]] if "headers" in options else None)
    tamper = options.get("tamper")
    if tamper == "body":
        message = message.replace(b"\r\n\r\n", b"\r\n\r\nAnother line.\r\n", 1)
    elif tamper == "subject":
        message = re.sub(rb"(?mi)^Subject:", b"Subject: changed", message, count=1)
    elif tamper == "signature":
        head, b, value = field.rpartition(b"b=")
        field = head + b + value[:-6] + bytes(reversed(value[-6:-4])) + value[-4:]
    return field.rstrip(b"\r\n") + b"\r\n" + message

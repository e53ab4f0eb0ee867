#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""DKIM against dkimpy: random messages and tampering, odd signature fields, odd keys, real odd mail. Speaks TAP.

Compared is whether each signature passes. Where no pass was expected of a row, that is checked too, for both.
"""

import glob
import os
import random
import re
import sys
import types

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    import dkim
    import nacl.signing  # dkimpy does without, and then knows no Ed25519
    import results
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)
from bench import NOW, SHARED, Disagreements, Tap, run, text_of
from dkim_mail import Key, random_message, sign

SEED = 6376
RANDOM_MESSAGES = 480
MESSAGE_SHOWN = 600
CANONICALS = ("simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed")
DOMAIN, SELECTOR = "sender.example", "s1"

dkim.time = types.SimpleNamespace(time=lambda: NOW)  # its clock is the vectors'


def theirs(message, index, dns):
    """pass, fail, or error: of the signature with this index, by dkimpy."""
    def look_up(name, timeout=5):
        records = dns.get(name.decode("latin-1").rstrip(".").lower(), {})
        if "TXT_RCODE" in records:
            raise dkim.DnsTimeoutError(records["TXT_RCODE"])
        texts = ["".join(text) if isinstance(text, list) else text for text in records.get("TXT", [])]
        return texts[0].encode("latin-1") if texts else None
    try:
        return "pass" if dkim.DKIM(message, minkey=1024).verify(index, dnsfunc=look_up) else "fail"
    except Exception:  # it raises what comes, ValueError and KeyError too
        return "error"


def compare(tap, title, cases, known, dns=None):
    """cases: (kind, message, dns of its own or None, what the first signature must be or None)."""
    vectors = []
    for number, (kind, message, own, _) in enumerate(cases):
        vectors.append({"id": f"{number} {kind}", "now": NOW, "message": text_of(message), "dns": own or {},
                        "envelope": {"ip": "192.0.2.1", "helo": "mail.sender.example", "mailfrom": "bob@sender.example", "rcpt": ["a@here.example"]}})
    outcomes = run(vectors, dns)
    complaints, passed = [], 0
    for vector, (kind, message, own, wanted) in zip(vectors, cases):
        outcome = outcomes[vector["id"]]
        complaints += results.complaints(outcome)
        for index, fact in enumerate(outcome["audit"]["dkim"]):
            other = theirs(message, index, {**(dns or {}), **(own or {})})
            passed += fact["result"] == "pass"
            if index == 0 and wanted and fact["result"] != wanted:
                complaints.append(f"{kind}: expected {wanted}, ours is {fact['result']} ({fact['why']}), theirs {other}")
            ours = fact["result"] + (f": {fact['why']}" if fact["why"] else "")
            if (fact["result"] == "pass") != (other == "pass") and not known.explains(kind, ours, other):
                complaints.append(f"{kind}: ours {ours}, theirs {other}: {message[:MESSAGE_SHOWN]!r}")
        if wanted and not outcome["audit"]["dkim"]:
            complaints.append(f"{kind}: no signature seen")
    tap.point(f"{title}: {len(cases)} messages, {passed} signatures pass", complaints)


# ---- random messages ----

def tamper_nothing(message, rnd):
    return message


def tamper_body(message, rnd):
    return message + rnd.choice((b"x\r\n", b"\r\n", b"\r\n\r\n", b" \r\n", b"more\r\n", b"\t\r\n"))


def tamper_byte(message, rnd):
    at = rnd.randrange(message.index(b"\r\n\r\n"), len(message))
    return message[:at] + bytes([rnd.choice(b"xyz .\t")]) + message[at + 1:] if message[at:at + 1] not in b"\r\n" else message


def tamper_space(message, rnd):
    spots = [m.start() for m in re.finditer(rb" ", message)]
    at = rnd.choice(spots)
    return message[:at] + rnd.choice((b"  ", b"\t", b"", b"\r\n ")) + message[at + 1:] if spots else message


def tamper_field(message, rnd):
    """One more field, above or below all others."""
    field = rnd.choice((b"Subject: added\r\n", b"X-Field: added\r\n", b"Received: added\r\n", b"To: a@added.example\r\n"))
    at = rnd.choice((0, message.index(b"\r\n\r\n") + 2))
    return message[:at] + field + message[at:]


def tamper_case(message, rnd):
    return re.sub(rb"(?m)^(subject|to|date|x-field):", lambda m: m[1].swapcase() + b":", message, flags=re.I, count=rnd.randint(1, 3))


def tamper_signature(message, rnd):
    """White space, and a letter, within the signature field itself."""
    end = message.index(b"\r\n", message.index(b" b="))
    at = rnd.randrange(15, end)
    if rnd.random() < 0.5:
        return message[:at] + rnd.choice((b" ", b"\r\n\t", b"\t")) + message[at:]
    return message[:at] + bytes([rnd.choice(b"aZ0;=+ ")]) + message[at + 1:]


def tamper_last_lines(message, rnd):
    head, _, body = message.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + re.sub(rb"(\r\n)*\Z", rnd.choice((b"\r\n", b"\r\n\r\n\r\n")), body)


TAMPERS = (tamper_nothing, tamper_nothing, tamper_nothing, tamper_body, tamper_byte, tamper_space, tamper_field, tamper_case,
           tamper_signature, tamper_last_lines)


def random_case(rnd, keys, canonical):
    key = keys["ed25519"] if rnd.random() < 0.3 else keys["rsa1024"]
    message = random_message(rnd)
    names = sorted({m.lower() for m in re.findall(rb"(?m)^([!-9;-~]+):", message.partition(b"\r\n\r\n")[0])} - {b"from"})
    names = rnd.sample(names, rnd.randint(0, len(names))) + rnd.choices((b"subject", b"x-none", b"to", b"from"), k=rnd.randint(0, 3))
    names.insert(rnd.randint(0, len(names)), b"from")
    signer = dkim.DKIM(message, signature_algorithm=key.algorithm.encode())
    signer.should_not_sign = set()
    limited = rnd.random() < 0.25
    field = signer.sign(SELECTOR.encode() + b"." + key.name.encode(), DOMAIN.encode(), key.for_dkimpy, include_headers=names, length=limited,
                        canonicalize=tuple(canonical.encode().split(b"/")))
    tamper = rnd.choice(TAMPERS)
    kind = f"{canonical} {key.algorithm}{' l=' if limited else ''} {tamper.__name__}"
    message = tamper(field + message, rnd)
    if tamper is tamper_nothing and not limited and rnd.random() < 0.3:
        again = dkim.DKIM(message, signature_algorithm=b"rsa-sha256")
        again.should_not_sign = set()
        message = again.sign(b"s1.rsa1024", DOMAIN.encode(), keys["rsa1024"].for_dkimpy, include_headers=[b"from", b"dkim-signature"]) + message
        kind += " twice"
    return kind, message, None, "pass" if tamper is tamper_nothing else None


def check_random(tap, known, keys):
    rnd = random.Random(SEED)
    dns = {f"{SELECTOR}.{name}._domainkey.{DOMAIN}": {"TXT": [key.record]} for name, key in keys.items()}
    for canonical in CANONICALS:
        compare(tap, f"random messages, {canonical}", [random_case(rnd, keys, canonical) for _ in range(RANDOM_MESSAGES // 4)], known, dns)


# ---- odd signature fields ----

PLAIN = b"From: Bob <bob@sender.example>\r\nTo: a@here.example\r\nSubject: odd  things\r\n\r\nSome text \r\n\r\nand more\r\n"

# (kind, template of the field, what it must be, and how it is signed where that differs)
SHORT = {"<head>": "<vac>; d=sender.example", "<vac>": "v=1; a=rsa-sha256; c=relaxed/relaxed",
         "<hbb>": "h=from:to:subject; bh={bh}; b={b}"}


def expand(template):
    for word, text in SHORT.items():
        template = template.replace(word, text)
    return template


FIELDS = (
    ("plain", " <head>; s=s1; <hbb>", "pass", {}),
    ("final semicolon", " <head>; s=s1; <hbb>;", "pass", {}),
    ("final semicolon and space", " <head>; s=s1; <hbb> ; ", "pass", {}),
    ("b first", " b={b}; <head>; s=s1; h=from:to:subject; bh={bh}", "pass", {}),
    ("no spaces", "v=1;a=rsa-sha256;c=relaxed/relaxed;d=sender.example;s=s1;h=from:to:subject;bh={bh};b={b}", "pass", {}),
    ("folded everywhere", "\r\n\tv = 1 ;\r\n a =\r\n rsa-sha256; c=relaxed/relaxed;\r\n\td= sender.example ;s=s1;h=from :\r\n to:\tsubject; bh={bh};\r\n b={b}", "pass", {}),
    ("space before b's equal sign", " <head>; s=s1; h=from:to:subject; bh={bh}; b ={b}", "pass", {}),
    ("unknown tag", " <vac>; x9=y; d=sender.example; s=s1; h=from:to:subject; bh={bh}; z_=; b={b}", "pass", {}),
    ("unknown tag that ends in b", " <head>; s=s1; <hbb>; rb=abcd", None, {}),
    ("z= with copies", " <head>; s=s1; h=from:to:subject; z=From:=20Bob|To:=20a; bh={bh}; b={b}", "pass", {}),
    ("repeated d=", " <vac>; d=evil.example; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("repeated unknown tag", " <head>; x=; y=1; y=2; s=s1; <hbb>", "permerror", {}),
    ("no v=", " a=rsa-sha256; c=relaxed/relaxed; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("v=2", " v=2; a=rsa-sha256; c=relaxed/relaxed; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("no h=", " <head>; s=s1; bh={bh}; b={b}", "permerror", {}),
    ("h= empty", " <head>; s=s1; h=; bh={bh}; b={b}", "permerror", {"names": ()}),
    ("h= ends in a colon", " <head>; s=s1; h=from:to:subject:; bh={bh}; b={b}", "permerror", {}),
    ("From not signed", " <head>; s=s1; h=to:subject; bh={bh}; b={b}", "permerror", {"names": ("to", "subject")}),
    ("upper case h=", " <head>; s=s1; h=FROM:To:SUBJECT; bh={bh}; b={b}", "pass", {}),
    ("From oversigned", " <head>; s=s1; h=from:to:from:subject:subject; bh={bh}; b={b}", "pass", {}),
    ("own field in h=", " <head>; s=s1; h=from:dkim-signature; bh={bh}; b={b}", "neutral", {"names": ("from",)}),
    ("upper case d=", " <vac>; d=Sender.EXAMPLE; s=S1; <hbb>", "pass", {}),
    ("d= with a final dot", " <head>.; s=s1; <hbb>", "permerror", {}),
    ("d= empty", " <vac>; d=; s=s1; <hbb>", "permerror", {}),
    ("i= below d=", " <head>; i=bob@mail.sender.example; s=s1; <hbb>", "pass", {}),
    ("i= in quoted-printable", " <head>; i=b=3Bob@sender.example; s=s1; <hbb>", "pass", {}),
    ("i= outside d=", " <head>; i=bob@evil.example; s=s1; <hbb>", "permerror", {}),
    ("i= ends like d=", " <head>; i=bob@evilsender.example; s=s1; <hbb>", "permerror", {}),
    ("i= without @", " <head>; i=sender.example; s=s1; <hbb>", "permerror", {}),
    ("expired", f" <head>; t={NOW - 900}; x={NOW - 600}; s=s1; <hbb>", "permerror", {}),
    ("not yet expired", f" <head>; t={NOW - 600}; x={NOW + 600}; s=s1; <hbb>", "pass", {}),
    ("from the future", f" <head>; t={NOW + 90000}; s=s1; <hbb>", "permerror", {}),
    ("x= before t=", f" <head>; t={NOW - 100}; x={NOW - 200}; s=s1; <hbb>", "permerror", {}),
    ("t= no number", " <head>; t=now; s=s1; <hbb>", "permerror", {}),
    ("q= known among others", " <head>; q=x/y:dns/txt; s=s1; <hbb>", "pass", {}),
    ("q= unknown", " <head>; q=x/y; s=s1; <hbb>", "permerror", {}),
    ("c= default", " v=1; a=rsa-sha256; d=sender.example; s=s1; <hbb>", "pass", {"canonical": "simple/simple"}),
    ("c= of the header alone", " v=1; a=rsa-sha256; c=relaxed; d=sender.example; s=s1; <hbb>", "pass", {"canonical": "relaxed/simple"}),
    ("c= in upper case", " v=1; a=rsa-sha256; c=Relaxed/Relaxed; d=sender.example; s=s1; <hbb>", "pass", {}),
    ("c= unknown", " v=1; a=rsa-sha256; c=nowsp; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("a= unknown", " v=1; a=rsa-sha512; c=relaxed/relaxed; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("a= in upper case", " v=1; a=RSA-SHA256; c=relaxed/relaxed; d=sender.example; s=s1; <hbb>", "pass", {}),
    ("rsa-sha1", " v=1; a=rsa-sha1; c=relaxed/relaxed; d=sender.example; s=s1; <hbb>", "policy", {"algorithm": "rsa-sha1"}),
    ("l=0", " <vac>; l=0; d=sender.example; s=s1; <hbb>", "pass", {"limit": 0}),
    ("l= shorter than the body", " <vac>; l=4; d=sender.example; s=s1; <hbb>", "pass", {"limit": 4}),
    ("l= longer than the body", " <vac>; l=999; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("l= no number", " <vac>; l=-1; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("b= broken by white space", " <head>; s=s1; h=from:to:subject; bh={bh}; b=\r\n\t {b} ", "pass", {}),
    ("no equal sign", " <head>; s=s1; oops; <hbb>", "permerror", {}),
    ("empty tag", " <vac>;; d=sender.example; s=s1; <hbb>", "permerror", {}),
    ("8-bit in an unknown tag", " <vac>; note=\xc3\xa9; d=sender.example; s=s1; <hbb>", "pass", {}),
    ("U-label in i=", " <vac>; i=@b\xc3\xbccher.sender.example; d=sender.example; s=s1; <hbb>", "pass", {}),
)

TEMPLATE = expand(FIELDS[0][1])

TAMPERED = (  # (kind, what is done to a signed message, what must come of it)
    ("second From above", lambda m: b"From: evil@evil.example\r\n" + m, "permerror"),
    ("second From below", lambda m: m.replace(b"\r\n\r\n", b"\r\nFrom: evil@evil.example\r\n\r\n", 1), "permerror"),
    ("From changed", lambda m: m.replace(b"From: Bob", b"From: Eve"), "fail"),
    ("From's case changed", lambda m: m.replace(b"From:", b"FROM:"), "pass"),
    ("refolded", lambda m: m.replace(b"Subject: odd", b"Subject:\r\n\todd"), "pass"),
    ("Subject added above", lambda m: b"Subject: evil\r\n" + m, "pass"),
    ("Subject removed", lambda m: m.replace(b"Subject: odd  things\r\n", b""), "fail"),
    ("empty lines at the end", lambda m: m + b"\r\n\r\n", "pass"),
    ("text at the end", lambda m: m + b"evil\r\n", "fail"),
    ("body emptied", lambda m: m.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "fail"),
    ("last line end gone", lambda m: m[:-2], "pass"),
    ("signature field doubled", lambda m: m[:m.index(b"From:")] + m, "pass"),
)


def check_fields(tap, known, keys):
    dns = {"s1._domainkey.sender.example": {"TXT": [keys["rsa1024"].record]}}
    cases = [(kind, sign(PLAIN, keys["rsa1024"], expand(template), **how), None, wanted) for kind, template, wanted, how in FIELDS]
    compare(tap, "odd signature fields", cases, known, dns)
    signed = sign(PLAIN, keys["rsa1024"], TEMPLATE)
    compare(tap, "a signed message, changed on its way", [(kind, change(signed), None, wanted) for kind, change, wanted in TAMPERED], known, dns)
    bare = (("bare LF in the body", PLAIN.replace(b"text \r\n", b"text \n")), ("bare CR in the body", PLAIN.replace(b"text ", b"te\rxt ")),
            ("NUL in the body", PLAIN.replace(b"text ", b"te\0xt ")), ("NUL in a signed field", PLAIN.replace(b"odd", b"o\0dd")),
            ("bare CR in a signed field", PLAIN.replace(b"odd", b"o\rdd")), ("form feed in a signed field", PLAIN.replace(b"odd", b"odd\f")),
            ("line of 5,000 octets", PLAIN + b"x" * 5000 + b"\r\n"), ("field of 30,000 octets", b"X-Long: " + b"word " * 6000 + b"\r\n" + PLAIN),
            ("no body", PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"), ("body of empty lines", PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n\r\n\r\n\r\n"),
            ("no To and no Subject", b"From: Bob <bob@sender.example>\r\n\r\ntext\r\n"))
    compare(tap, "octets that mail should not have",
            [(f"{kind}, {c}", sign(m, keys["rsa1024"], TEMPLATE.replace("relaxed/relaxed", c), canonical=c), None, None)
             for kind, m in bare for c in CANONICALS], known, dns)


# ---- keys ----

def key_rows(keys):
    rsa, p = keys["rsa1024"], keys["rsa1024"].p
    return (
        ("plain", [f"v=DKIM1; p={p}"], "pass"), ("only p=", [f"p={p}"], "pass"), ("bare RSAPublicKey", [f"v=DKIM1; p={rsa.bare}"], "pass"),
        ("many strings", [[rsa.record[i:i + 50] for i in range(0, len(rsa.record), 50)]], "pass"), ("spaces in p=", [f"v=DKIM1; p={p[:40]} {p[40:]}"], "pass"),
        ("final semicolon", [rsa.record + ";"], "pass"), ("unknown tags", [f"v=DKIM1; n=note; zz=1; p={p}"], "pass"),
        ("v= not first", [f"p={p}; v=DKIM1"], "permerror"), ("v=DKIM2", [f"v=DKIM2; p={p}"], "permerror"), ("v=dkim1", [f"v=dkim1; p={p}"], "permerror"),
        ("h=sha1 alone", [f"v=DKIM1; h=sha1; p={p}"], "permerror"), ("h=sha1:sha256", [f"v=DKIM1; h=sha1 : sha256; p={p}"], "pass"),
        ("s=email", [f"v=DKIM1; s=email; p={p}"], "pass"), ("s=*", [f"v=DKIM1; s=*; p={p}"], "pass"), ("s=other", [f"v=DKIM1; s=other; p={p}"], "permerror"),
        ("s=tlsrpt:email", [f"v=DKIM1; s=tlsrpt:email; p={p}"], "pass"), ("s=tlsrpt", [f"v=DKIM1; s=tlsrpt; p={p}"], "permerror"), ("t=y", [f"v=DKIM1; t=y; p={p}"], "pass"), ("t=s", [f"v=DKIM1; t=s; p={p}"], "pass"),
        ("revoked", ["v=DKIM1; p="], "permerror"), ("no p=", ["v=DKIM1; k=rsa"], "permerror"), ("p= no base64", ["v=DKIM1; p=!!!!"], "permerror"),
        ("p= no key", ["v=DKIM1; p=aGVsbG8gd29ybGQ="], "permerror"), ("p= cut short", [f"v=DKIM1; p={p[:-8]}"], "permerror"),
        ("repeated p=", [f"v=DKIM1; p=; p={p}"], "permerror"), ("k=ed25519 for RSA", [f"v=DKIM1; k=ed25519; p={keys['ed25519'].p}"], "permerror"),
        ("k= unknown", [f"v=DKIM1; k=dsa; p={p}"], "permerror"), ("k=RSA", [f"v=DKIM1; k=RSA; p={p}"], "pass"),
        ("another key", [keys["rsa2048"].record], "fail"), ("a record of something else", ["v=spf1 -all"], "permerror"),
        ("two records", [rsa.record, keys["rsa2048"].record], "permerror"), ("the same record twice", [rsa.record, rsa.record], None),
        ("8-bit in n=", [f"v=DKIM1; n=\xc3\xa9; p={p}"], "pass"), ("empty record", [""], "permerror"),
    )


def check_keys(tap, known, keys):
    name = "s1._domainkey.sender.example"
    signed = sign(PLAIN, keys["rsa1024"], TEMPLATE)
    cases = [(f"key: {kind}", signed, {name: {"TXT": records}}, wanted) for kind, records, wanted in key_rows(keys)]
    below = sign(PLAIN, keys["rsa1024"], TEMPLATE.replace("s=s1;", "s=s1; i=@mail.sender.example;"))
    cases.append(("key: t=s and i= below d=", below, {name: {"TXT": [keys["rsa1024"].record + "; t=y:s"]}}, "permerror"))
    for failure, wanted in (("NXDOMAIN", "permerror"), ("SERVFAIL", "temperror"), ("TIMEOUT", "temperror")):
        cases.append((f"key: {failure}", signed, {name: {"TXT_RCODE": failure}}, wanted))
    for key, algorithm, wanted in (("rsa2048", "rsa-sha256", "pass"), ("rsa512", "rsa-sha256", "policy"), ("ed25519", "ed25519-sha256", "pass")):
        for canonical in CANONICALS:
            template = TEMPLATE.replace("rsa-sha256", algorithm).replace("relaxed/relaxed", canonical)
            cases.append((f"{key}, {canonical}", sign(PLAIN, keys[key], template, canonical=canonical), {name: {"TXT": [keys[key].record]}}, wanted))
    wrong = TEMPLATE.replace("rsa-sha256", "ed25519-sha256")
    cases.append(("ed25519, key without k=", sign(PLAIN, keys["ed25519"], wrong), {name: {"TXT": [f"v=DKIM1; p={keys['ed25519'].p}"]}}, "permerror"))
    compare(tap, "keys", cases, known)


# ---- real mail ----

def check_mail(tap, known, keys):
    paths = sorted(glob.glob(os.path.join(SHARED, "mail", "**", "*.eml"), recursive=True) + glob.glob(os.path.join(SHARED, "mail", "**", "*.msg"), recursive=True))
    if not paths:
        tap.skip("real mail", "the shared vectors are not there")
        return
    dns = {f"s1._domainkey.{DOMAIN}": {"TXT": [keys["rsa1024"].record]}}
    as_they_are, signed, unsigned = [], [], 0
    for path in paths:
        with open(path, "rb") as stream:
            message = stream.read()
        message += b"" if message.endswith(b"\r\n") else b"\r\n"  # so would SMTP
        kind = "mail " + os.path.basename(path)
        as_they_are.append((kind, message, None, None))
        for canonical in ("simple/simple", "relaxed/relaxed"):
            try:
                field = dkim.sign(message, b"s1", DOMAIN.encode(), keys["rsa1024"].for_dkimpy, canonicalize=tuple(canonical.encode().split(b"/")),
                                  include_headers=[b"from", b"to", b"subject", b"date", b"content-type", b"from"])
            except dkim.DKIMException:
                unsigned += 1
                continue
            start = message.index(b"\n") + 1 if message.startswith(b"From ") else 0
            signed.append((f"signed {canonical} {kind}", field + message[start:], None, None))
    compare(tap, "real mail as it is", as_they_are, known, dns)
    compare(tap, f"real mail signed by dkimpy ({unsigned} it cannot sign)", signed, known, dns)


def main():
    tap, known = Tap(), Disagreements("dkim")
    keys = {name: Key(name) for name in ("rsa512", "rsa1024", "rsa2048", "ed25519")}
    check_random(tap, known, keys)
    check_fields(tap, known, keys)
    check_keys(tap, known, keys)
    check_mail(tap, known, keys)
    tap.point("every known disagreement still exists", known.unused() if os.path.isdir(os.path.join(SHARED, "mail")) else [])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

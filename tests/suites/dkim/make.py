#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes this suite: messages/*.eml and vectors.json, always the same octets.

    tests/suites/dkim/make.py

The messages are signed by the signer of tests/crosscheck/dkim_mail.py, which is written from RFC 6376 alone, with the test keys
beside it. Run it after a change of the rows below and commit what it writes.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "crosscheck"))
from dkim_mail import Key, sign

NOW = 1790000000
KEYS = {name: Key(name) for name in ("rsa512", "rsa1024", "rsa2048", "ed25519")}
PLAIN = b"From: Bob <bob@sender.example>\r\nTo: a@here.example\r\nSubject: Hello\r\n\r\nSome text\r\n"
FRONT, BACK = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example", "h=from:to:subject;\r\n\tbh={bh};\r\n\tb={b}"
NAME = "._domainkey.sender.example"
DNS = {
    "_dmarc.sender.example": "v=DMARC1; p=reject",
    "s2048" + NAME: KEYS["rsa2048"].record,
    "s1024" + NAME: KEYS["rsa1024"].record,
    "s512" + NAME: KEYS["rsa512"].record,
    "e" + NAME: KEYS["ed25519"].record,
    "testing" + NAME: KEYS["rsa2048"].record + "; t=y",
    "strict" + NAME: KEYS["rsa2048"].record + "; t=s",
    "sha1" + NAME: KEYS["rsa2048"].record + "; h=sha1",
    "web" + NAME: KEYS["rsa2048"].record + "; s=web",
    "revoked" + NAME: "v=DKIM1; p=",
    "s._domainkey.other.example": KEYS["rsa2048"].record,
    "s._domainkey.xn--bcher-kva.example": KEYS["rsa2048"].record,
    "_dmarc.xn--bcher-kva.example": "v=DMARC1; p=reject",
}


def signed(message=PLAIN, key="rsa2048", selector="s2048", tags="", front=FRONT, back=BACK, **how):
    return sign(message, KEYS[key], f" {front}; s={selector};{tags}\r\n\t{back}", **how)


def added(field, message=None):
    return field + (message or signed())


def many(count):
    message = PLAIN
    for _ in range(count):
        message = sign(message, KEYS["rsa1024"], f" {FRONT}; s=s1024; {BACK}")
    return message


SHA1 = FRONT.replace("rsa-sha256", "rsa-sha1")
ED25519 = FRONT.replace("rsa-sha256", "ed25519-sha256")
UTF8 = PLAIN.replace(b"Subject: Hello", "Subject: Grüße 你好".encode()).replace(b"text", "teßt".encode())
EIGHT_BIT = PLAIN.replace(b"Hello", b"H\xe9llo \xff").replace(b"text", b"t\xe9xt")
U_LABEL = PLAIN.replace(b"sender.example", "bücher.example".encode())

# (id, why, message, results of its signatures, DMARC's result, further expectations)
ROWS = (
    ("rsa-2048", "the ordinary signature", signed(), ["pass"], "pass", {"results": ["dkim=pass (2048-bit rsa)"]}),
    ("rsa-1024", "1,024 bits still pass (RFC 8301 3.2)", signed(key="rsa1024", selector="s1024"), ["pass"], "pass",
     {"results": ["dkim=pass (1024-bit rsa)"]}),
    ("rsa-512", "less than 1,024 bits never pass (RFC 8301 3.2)", signed(key="rsa512", selector="s512"), ["policy"], "fail", {}),
    ("rsa-sha1", "nor does SHA-1 (RFC 8301 3.1)", signed(front=SHA1, algorithm="rsa-sha1"), ["policy"], "fail", {}),
    ("ed25519", "Ed25519 (RFC 8463)", signed(key="ed25519", selector="e", front=ED25519), ["pass"], "pass",
     {"results": ["dkim=pass (256-bit ed25519)"]}),
    ("from-not-signed", "From must be signed (RFC 6376 5.4)",
     signed(back=BACK.replace("from:", ""), names=("to", "subject")), ["permerror"], "fail", {}),
    ("from-added-above", "a second From above the signed one does not get its authority",
     added(b"From: Boss <boss@sender.example>\r\n"), ["permerror"], "permerror", {}),
    ("from-added-obsolete", "nor with a space before its colon", added(b"From : Boss <boss@sender.example>\r\n"), ["permerror"],
     "permerror", {}),
    ("subject-added-above", "other fields may be added: the last one is signed (RFC 6376 5.4.2)", added(b"Subject: other\r\n"),
     ["pass"], "pass", {}),
    ("subject-oversigned", "unless h= names them once more (RFC 6376 5.4)",
     added(b"Subject: other\r\n", signed(back=BACK.replace("subject", "subject:subject"))), ["fail"], "fail", {}),
    ("body-changed", "another body", signed().replace(b"Some text", b"Sane text"), ["fail"], "fail", {}),
    ("l-exact", "l= of the whole body", signed(tags=" l=11;"), ["pass"], "pass", {}),
    ("l-appended", "text behind l= is not signed, and does not align", signed(tags=" l=11;") + b"Click here\r\n", ["pass"], "fail",
     {"dkim_aligned": False, "audit": {"dkim.0.why": "the end of the body is not signed (l=)"}}),
    ("l-zero", "l=0 signs no text at all", signed(tags=" l=0;", limit=0), ["pass"], "fail", {"dkim_aligned": False}),
    ("l-too-large", "l= is larger than the body", signed(tags=" l=99;"), ["permerror"], "fail", {}),
    ("expired", "x= has passed", signed(tags=f" t={NOW - 900}; x={NOW - 800};"), ["permerror"], "fail", {}),
    ("future", "t= is to come", signed(tags=f" t={NOW + 90000};"), ["permerror"], "fail", {}),
    ("t-y", "a testing key passes like others (RFC 6376 3.6.1)", signed(selector="testing"), ["pass"], "pass", {}),
    ("t-s", "t=s: i= below d= is not for this key", signed(selector="strict", tags=" i=@mail.sender.example;"), ["permerror"], "fail",
     {}),
    ("t-s-same", "and i= of d= is", signed(selector="strict", tags=" i=bob@sender.example;"), ["pass"], "pass", {}),
    ("key-h-sha1", "the key is for SHA-1 alone", signed(selector="sha1"), ["permerror"], "fail", {}),
    ("key-s-web", "the key is not for mail", signed(selector="web"), ["permerror"], "fail", {}),
    ("key-revoked", "the key is revoked", signed(selector="revoked"), ["permerror"], "fail", {}),
    ("key-missing", "there is no key", signed(selector="none"), ["permerror"], "fail", {}),
    ("key-twice", "there are two", signed(selector="twice"), ["permerror"], "fail", {}),
    ("key-servfail", "it cannot be looked up: temperror, never fail", signed(selector="broken"), ["temperror"], "temperror",
     {"disposition": "defer"}),
    ("key-timeout", "nor in time", signed(selector="slow"), ["temperror"], "temperror", {"disposition": "defer"}),
    ("i-outside", "i= is outside of d= (RFC 6376 3.5)", signed(tags=" i=bob@other.example;"), ["permerror"], "fail", {}),
    ("tag-twice", "a tag is repeated (RFC 6376 3.2)", signed(tags=" d=other.example;"), ["permerror"], "fail", {}),
    ("utf-8", "header and body in UTF-8", signed(UTF8), ["pass"], "pass", {}),
    ("8-bit", "header and body in no encoding", signed(EIGHT_BIT), ["pass"], "pass", {}),
    ("u-label", "d= as a U-label (RFC 8616) aligns with the same name",
     signed(U_LABEL, selector="s", front=FRONT.replace("sender.example", "b\xc3\xbccher.example")), ["pass"], "pass",
     {"org_domain": None, "dkim_aligned": True}),
    ("other-domain", "a pass of another domain does not align", signed(selector="s", front=FRONT.replace("sender.example", "other.example")),
     ["pass"], "fail", {"dkim_aligned": False}),
    ("two-one-aligned", "one aligned pass is enough, in whatever order",
     sign(signed(), KEYS["rsa2048"], " " + FRONT.replace("sender.example", "other.example") + f"; s=s; {BACK}"), ["pass", "pass"], "pass", {}),
    ("broken-above-good", "a broken signature does not spoil a good one", added(b"DKIM-Signature: v=1; nonsense\r\n"),
     ["permerror", "pass"], "pass", {}),
    ("eleven", "ten are looked at, the rest is reported as not evaluated", many(11), ["pass"] * 10, "pass",
     {"results": ["dkim=policy (1 more signatures not evaluated)"]}),
    ("none", "no signature", PLAIN, [], "fail", {"results": ["dkim=none"]}),
)


def main():
    os.makedirs(os.path.join(HERE, "messages"), exist_ok=True)
    dns = {name: {"TXT": [record]} for name, record in DNS.items()}
    dns["twice" + NAME] = {"TXT": [KEYS["rsa2048"].record, KEYS["rsa1024"].record]}
    dns["broken" + NAME] = {"TXT_RCODE": "SERVFAIL"}
    dns["slow" + NAME] = {"TXT_RCODE": "TIMEOUT"}
    vectors = []
    for name, why, message, found, dmarc, more in ROWS:
        with open(os.path.join(HERE, "messages", name + ".eml"), "wb") as stream:
            stream.write(message)
        vectors.append({"id": name, "why": why, "file": f"messages/{name}.eml", "now": NOW,
                        "envelope": {"ip": "192.0.2.1", "helo": "mail.relay.example", "mailfrom": "bounce@relay.example",
                                     "rcpt": ["a@here.example"]},
                        "expect": {"dkim": [{"result": result} for result in found], "dmarc": dmarc, **more}})
    with open(os.path.join(HERE, "vectors.json"), "w", encoding="utf-8") as stream:
        json.dump({"schema": "sluis-vectors/1", "corpus": "sluis DKIM: signed messages, made by make.py", "dns": dns,
                   "vectors": vectors}, stream, indent=1)
        stream.write("\n")


if __name__ == "__main__":
    main()

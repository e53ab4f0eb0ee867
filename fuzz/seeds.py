#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz/seeds.py: writes those seeds of fuzz/corpus/TARGET that no editor can: with signatures, hashes, lengths, octets.

Other seeds, and what once failed, stand beside them, and what a fuzzer found from all of them in found.inputs (fuzz/keep).
"""

import gzip
import hashlib
import lzma
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "crosscheck"))

from dkim_mail import Key, sign  # noqa: E402


def seed(target, name, content):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


# ---- RDATA ----

def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def rdata_seeds():
    seed("rdata", "a", bytes([192, 0, 2, 1]))
    seed("rdata", "aaaa", bytes.fromhex("20010db8000000000000000000000001"))
    seed("rdata", "mx", b"\0\x0a" + wire("mx1.example.nl"))
    seed("rdata", "null-mx", b"\0\0\0")
    seed("rdata", "name", wire("xn--bcher-kva.example.nl"))
    seed("rdata", "txt", b"\x07v=spf1 \x04-all")
    seed("rdata", "tlsa", bytes([3, 1, 1]) + bytes(range(32)))
    seed("rdata", "tlsa-512", bytes([2, 0, 2]) + bytes(range(64)))
    # An Ed25519 SubjectPublicKeyInfo.
    seed("rdata", "tlsa-key", bytes([3, 1, 0]) + bytes.fromhex("302a300506032b6570032100") + bytes(range(32)))


# ---- what libunbound hands over ----

SECURE, BOGUS, DATA, CANONICAL, OWN_NAME = 2, 4, 8, 16, 32


def result(flags, rcode=0, canonical="", records=(), error=0, ttl=300, asked="mx.example.nl"):
    says = bytes([flags, rcode]) + struct.pack(">i", ttl) + bytes([error, 0])
    return asked.encode() + b"\n" + says + canonical.encode() + b"\n" + b"".join(bytes([len(record)]) + record for record in records)


def answer_seeds():
    hosts = [b"\0\x0a" + wire("mx1.example.nl"), b"\0\x14" + wire("mx2.example.nl")]
    seed("answer", "found", result(SECURE | DATA, records=hosts))
    seed("answer", "alias", result(SECURE | DATA | CANONICAL, canonical="other.example.", records=[wire("a.b")]))
    seed("answer", "own-name", result(DATA | OWN_NAME, records=[bytes(4)], asked="a\\.b.Example"))
    seed("answer", "bogus", result(BOGUS | SECURE | DATA, rcode=3, records=[bytes(16)]))
    seed("answer", "absent", result(SECURE, rcode=3, ttl=-1))
    seed("answer", "servfail", result(0, rcode=2))
    seed("answer", "bad-canonical", result(SECURE | DATA | CANONICAL, canonical="a..b", records=[b""]))
    seed("answer", "error", result(1, error=253))
    seed("answer", "broken", result(0, error=250))


# ---- DKIM ----

RSA, ED = Key("rsa1024"), Key("ed25519")
HEADER = b"From: Jan  <jan@example.nl>\r\nTo: piet@example.org\r\nSubject: Hallo \r\n\t daar\r\n\r\n"
MESSAGE = HEADER + b"Beste  Piet,\r\n\r\ntot ziens \r\n"


def dkim(key, tags="", canonical="relaxed/relaxed", record=None, names=("from", "to", "subject"), limit=None, message=MESSAGE):
    template = f" v=1; a={key.algorithm}; c={canonical}; d=example.nl; s=s;{tags} h={':'.join(names)}; bh={{bh}}; b={{b}}"
    signed = sign(message, key, template, canonical=canonical, names=names, limit=limit)
    return f"TXT+{record or key.record}\n\n".encode() + signed.replace(b"\r\n", b"\n")


def dkim_seeds():
    seed("dkim", "relaxed", dkim(RSA))
    seed("dkim", "simple", dkim(RSA, " i=@sub.example.nl; t=1690000000;", "simple/simple", f"v=DKIM1; p={RSA.p}"))
    seed("dkim", "ed25519", dkim(ED, " q=dns/txt; x=1790000000;", "relaxed/simple"))
    seed("dkim", "mixed", dkim(RSA, "", "simple/relaxed", f"v=DKIM1; t=y:s; h=sha256; s=email; n=note=20x; p={RSA.p}"))
    seed("dkim", "length", dkim(RSA, " l=5;", limit=5))
    seed("dkim", "oversigned", dkim(RSA, " z=From:jan=40example.nl|To:x;", names=("from", "to", "from", "cc", "dkim-signature")))
    seed("dkim", "empty-body", dkim(ED, message=HEADER))
    seed("dkim", "bare-key", dkim(RSA, record=f"k=rsa; p={RSA.bare}"))
    seed("dkim", "revoked", dkim(RSA, record="v=DKIM1; p="))
    seed("dkim", "expired", dkim(RSA, " t=1600000000; x=1600000001;"))
    seed("dkim", "no-key", dkim(RSA).replace(b"TXT+", b"TXT?", 1))
    seed("dkim", "weak-key", dkim(Key("rsa512")))
    seed("dkim", "sha1", dkim(RSA).replace(b"rsa-sha256", b"rsa-sha1", 1))
    seed("dkim", "subdomain-refused", dkim(RSA, " i=jan@sub.example.nl;", record=f"v=DKIM1; t=s; p={RSA.p}"))
    seed("dkim", "not-mail", dkim(RSA, record=f"v=DKIM1; s=tlsrpt; p={RSA.p}"))
    odd = f"v=DKIM1;\tk = rsa ;\tp= {RSA.p[:60]} \t{RSA.p[60:]};"
    seed("dkim", "odd-tags", dkim(RSA, record=odd).replace(b" b=", b" b =", 1))
    seed("dkim", "long-field", dkim(RSA, " z=" + "x" * 8200 + ";"))
    seed("dkim", "many-tags", dkim(RSA, "".join(f" x{i}=y;" for i in range(120))))
    seed("dkim", "many-names", dkim(RSA, names=("from",) + ("x-b",) * 120))
    seed("dkim", "long-key", dkim(RSA, record=f"v=DKIM1; p={RSA.p}; n=" + "x" * 1000))
    many = b"".join(b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example; s=s; h=from; bh=YQ==; b=YWJj\n" % i for i in range(14))
    seed("dkim", "many", b"repeat\nTXT-" + RSA.record.encode() + b"\n\n" + many + MESSAGE.replace(b"\r\n", b"\n"))


# ---- audit logs ----

def chain(*members, events=()):
    """Lines as the daemon writes them: the first ones with these events, the others of messages."""
    lines, before = [], "null"
    for number, rest in enumerate(members, 1):
        event = "message" if number > len(events) else events[number - 1]
        line = (f'{{"v":1,"seq":{number},"time":"2026-11-23T10:11:{number:02}.123Z","event":"{event}","host":"mx1.example.nl",'
                f'"pid":7{rest},"prev":{before}}}')
        before = '"' + hashlib.sha256(line.encode()).hexdigest() + '"'
        lines.append(line + "\n")
    return "".join(lines)


INBOUND = (
    ',"direction":"inbound","queue_id":"4X","client":{"ip":"192.0.2.1","name":null},"helo":"h",'
    '"tls":{"version":"TLSv1.3","cipher":"X","bits":256,"grade":"good"},"mail_from":"example.nl","author_domain":"example.nl",'
    '"recipients":[{"address":"a@b.nl","domain":"b.nl","action":"accept"}],'
    '"spf":[{"identity":"mailfrom","domain":"example.nl","result":"pass","dnssec":"secure"}],'
    '"dkim":[{"domain":"example.nl","selector":"s","bits":2048,"result":"pass"}],'
    '"dmarc":{"result":"pass","policy":"reject","aligned_spf":true,"aligned_dkim":false},"action":"accept","would":"reject"')
OUTBOUND = (
    ',"direction":"outbound","recipients":[{"address":"a@b.nl","domain":"b.nl","next_hop":"b.nl","dane":{"verdict":"partial",'
    '"link":"no-tlsa","mx":"secure","hosts":[{"name":"mx.b.nl","preference":10,"address":"secure","tlsa":"usable",'
    '"base":"mx.b.nl"}],"ttl":60},"action":"reject"}],"dns_queries":5')


def in_one_piece(compress):
    """A compressed log without the octet that would end it (fuzz/trail.c)."""
    logs = (chain(f',"version":"0.{n}"', "", events=("start", "stop")) for n in range(1000))
    return next(packed for packed in (compress(log.encode()) for log in logs) if b"\x1e" not in packed)


def log_seeds():
    log = chain(',"version":"0.1.0"', INBOUND, OUTBOUND, ',"direction":"inbound"', "", events=("start",))
    lines = log.splitlines(keepends=True)
    seed("audit", "log", log)
    seed("audit", "types", log.replace('"pass"', "1").replace("true", '"x"').replace("10,", "1e9,").replace('{"ip"', '["ip"]},{"ip"'))
    seed("trail", "whole", log)
    seed("trail", "rotated", "".join(lines[3:]) + "\x1e" + "".join(lines[:3]))
    seed("trail", "torn", "".join(lines[:2]) + lines[2][:70] + "\n" + "".join(lines[2:]) + '{"v":1,"seq":9')
    seed("trail", "missing", "".join(lines[:2] + lines[3:]))
    seed("trail", "reordered", "".join([lines[1], lines[0]] + lines[2:] + lines[:1]))
    seed("trail", "anew", log + chain("", "", events=("start", "stop")) + log.replace(":11:", ":09:"))
    seed("trail", "gzip", gzip.compress(log.encode(), mtime=0))
    seed("trail", "cut-gzip", gzip.compress(log.encode(), mtime=0)[:-20] + b"\x1enonsense\nmore")
    seed("trail", "xz", in_one_piece(lzma.compress))
    seed("trail", "zstd", in_one_piece(lambda log: subprocess.run(["zstd", "-c"], input=log, stdout=subprocess.PIPE, check=True).stdout))


# ---- milter sessions ----

OFFER = b"O" + struct.pack(">III", 6, 0x1FF, 0x1FFFFF)
OLD_OFFER = b"O" + struct.pack(">III", 2, 0x3F, 0x7F)


def session(config, dns, *commands):
    packets = b"\x1e".join(c if isinstance(c, bytes) else c.encode() for c in commands)
    return str(config).encode() + b"\n" + dns.encode() + b"\n" + packets


def connect(address="192.0.2.1"):
    return b"Cmail.example.nl\0" + (b"6" if ":" in address else b"4") + b"\x12\x67" + address.encode() + b"\0"


def message(*fields, body=b"Hello.\r\n"):
    return [*("L" + field.replace(": ", "\0 ", 1) + "\0" for field in fields), "N", b"B" + body, "DEi\0" "4XyZ\0", "E"]


def rcpt(host, path, mailer="smtp"):
    return f"DR{{rcpt_mailer}}\0{mailer}\0{{rcpt_host}}\0{host}\0", f"R{path}\0"


TLS = "DH{tls_version}\0TLSv1.2\0{cipher}\0ECDHE-RSA-AES256-GCM-SHA384\0{cipher_bits}\0" "256\0"
IN = (OFFER, "DCj\0mx1.example.nl\0{daemon_name}\0smtpd\0", connect(), TLS, "Hmail.example.nl\0")
PATHS = ("M<jan@example.nl>\0SIZE=100\0SMTPUTF8\0", "R<piet@example.nl>\0")
AUTHENTICATED = "DMi\0" "4X\0{auth_authen}\0jan\0"
FROM = "From: Jan <jan@example.nl>"
SPF = "TXT+v=spf1 ip4:192.0.2.0/24 -all\nTXT+v=spf1 -all exp=x.y\nTXT+v=DMARC1; p=reject\nTXT+because %{i}\n"
DIGEST = bytes(range(32)).hex()


def inbound_sessions():
    seed("session", "inbound", session(0, SPF, *IN, *PATHS, *message(FROM, "Subject: x")))
    header = dkim(RSA).partition(b"\n\n")[2].partition(b"\n\n")[0].decode()
    signed = [field.replace("\r", "\n\t") for field in header.replace("\n\t", "\r").split("\n")]
    body = MESSAGE[len(HEADER):]
    seed("session", "signed", session(1, f"repeat\nTXT-{RSA.record}\n", *IN, *PATHS, *message(*signed, body=body)))
    seed("session", "forged", session(1, SPF, *IN, *PATHS, *message(
        "Authentication-Results: mx1.example.nl; spf=pass", "From: a@b.nl, c@d.nl", "authentication-results: (mx1",
        "Message-ID: <x@y>", "Sluis-DANE: a=dane")))
    many = (f"DKIM-Signature: v=1; a=rsa-sha256; d=d{i}.nl; s=s; h=from; bh=YQ==; b=YWJj" for i in range(12))
    seed("session", "many-signatures", session(0, f"repeat\nTXT~\nTXT+{RSA.record}\n", *IN, *PATHS, *message(*many, FROM)))
    seed("session", "quarantine", session(0, "TXT0\nTXT+v=DMARC1; p=quarantine\nrepeat\n", *IN, *PATHS, *message(FROM)))
    seed("session", "refused", session(0, SPF, *IN, "M<>\0", "R<a@b.nl>\0", "A", "M<x@[192.0.2.1]>\0", "R<@a,@b:c@d.nl>\0",
                                       *message("Subject: no from"), "A", "Q"))
    seed("session", "old", session(1, SPF, OLD_OFFER, connect("2001:db8::1"), "Hh\0", *PATHS, *message("From: \xfc@b\xfccher.nl"),
                                   "K", OFFER, connect(), "Hx\0", *PATHS))


def outbound_sessions():
    good = f"MX+10 mx1.x.nl\nA+192.0.2.9\nTLSA+3 1 1 {DIGEST}\nMXx\n"
    seed("session", "outbound", session(2, good, *IN, AUTHENTICATED, "M<jan@example.nl>\0REQUIRETLS\0", *rcpt("x.nl:25", "<a@x.nl>"),
                                        *rcpt("", "<b@example.nl>", "local"), *rcpt("[mx.strict.example]", "<c@strict.example>"),
                                        *message(FROM, "To: a@x.nl, \"C\" <c@strict.example>")))
    zones = {"partial": f"MX+10 a.b\nMX,20 c.d\nA+192.0.2.1\nA+192.0.2.2\nTLSA+3 1 1 {DIGEST}\nTLSA0\n",
             "insecure-mx": "MX-10 a.b\nA+192.0.2.1\n", "bogus": "MX!\n", "temporary": "MX?\n",
             "unusable": "MX+10 a.b\nA+192.0.2.1\nTLSA+0 0 0 00\n", "null-mx": "MX+0 .\n"}
    for words, dns in zones.items():
        seed("session", "strict-" + words, session(2, dns, *IN, PATHS[0], *rcpt("strict.example", "<c@strict.example>"),
                                                   *message(FROM, "To: c@strict.example")))
    dns = f"MX+10 a.b\nMX,20 c.d\nA+192.0.2.1\nA!\nTLSA+3 1 1 {DIGEST}\n"
    seed("session", "pseudonym", session(3, dns, *IN, AUTHENTICATED, "M<Jan@Example.NL>\0", *rcpt("x.nl", "<postmaster>"), "R<>\0",
                                         "R<a@x.nl>\0", *message(FROM)))


def odd_sessions():
    seed("session", "local", session(2, "", OFFER, b"Clocalhost\0L\0\0/run/x\0", "M\0", "R\0", "R<" + "a." * 200 + "@x>\0", "U\0", "T",
                                     *message("From: a%b@c.nl"), *message("x: y")))
    seed("session", "raw", session(0, "", OFFER, "!\x7f\xff\xff\xffB", "E"))
    seed("session", "lengths", session(0, "", OFFER, connect(), "!\0\0\0\0", "L", "Lx", "Lx\0", "L\0\0", "D", "DM", "DMi", "DMi\0",
                                       "H", "M", "R", "E"))


def main():
    for write in (rdata_seeds, answer_seeds, dkim_seeds, log_seeds, inbound_sessions, outbound_sessions, odd_sessions):
        write()


if __name__ == "__main__":
    main()

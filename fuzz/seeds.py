#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz/seeds.py [TARGET...]: writes the seeds of fuzz/corpus/TARGET, inputs that reach deep into each target.

What once failed stands beside them under a name of its own, and what a fuzzer found from them in found.inputs (fuzz/keep).
"""

import base64
import gzip
import hashlib
import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "crosscheck"))

from dkim_mail import Key, sign  # noqa: E402

SEEDS = {}


def seed(target, name, content):
    if isinstance(content, str):
        content = content.encode()
    SEEDS.setdefault(target, {})[name] = content


# ---- header fields and addresses ----

seed("author", "plain", "From: Jan de Vries <jan@example.nl>\nTo: piet@example.org, \"Piet, P\" <p@x.example>\nCc: list@example.nl\n")
seed("author", "group", "From: team: a@example.nl, <b@example.nl>;\nTo: undisclosed-recipients:;\n")
seed("author", "obsolete", "from: Jan <@relay.example,@hop.example:jan@example.nl>, , (c (nested \\) c)) x . y @ example . nl\n")
seed("author", "encoded", "From: =?utf-8?q?Jan_=40_x?= <\"j\\\"n\"@example.nl>\r\n\t(c), \xfcx@b\xfccher.example\nTo: a@[192.0.2.1], root\n")
seed("author", "two", "From: a@x.example\nFROM: b@y.example\nFrom:\n")
seed("author", "folded", "From: Jan\n\t<jan@example.nl>\nTo: a@example.nl,\n  \"b\n c\"@example.nl,\n\n")

seed("names", "domains", "example.nl\nB\xfcCHER.example.\nxn--bcher-kva.example\n_25._tcp.mx1.example.nl\na\u3002b\n.\na..b\n" + "a" * 63 + ".nl\n")
seed("names", "paths", "<jan@example.nl>\n<>\n<@a.example,@b.example:jan@c.example>\n<\"j n\\\"\"@x.example>\npostmaster\n<a@[IPv6:2001:db8::1]>\n")
seed("names", "next-hops", "example.nl:25\n[mx1.example.nl]:submission\n[192.0.2.1]\n[IPv6:2001:db8::1]:587\na.example, b.example\na.example:b.example\n")
seed("names", "addresses", "192.0.2.1\n2001:db8::1\n::ffff:192.0.2.1\nIPv6:2001:db8::25\n192.0.2.0/24\n2001:db8::/32\n0.0.0.0/0\n")

seed("results", "ours", "mx1.example.nl\n(2048-bit rsa)|example.nl|!next|\"q\"|a b\n mx1.example.nl; dkim=pass header.d=x.example\n")
seed("results", "quoted", "mx1.example.nl\nx;y|\\|\"|b\u00fccher@example.nl|a=b@c\n (c) \"mx1\\.example.nl\" 1; spf=pass\n")
seed("results", "foreign", "gw.example\n|" + "long" * 30 + "|!|!\n\r\n\tgateway.example\r\n ; none\n")

# ---- DNS ----

def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


seed("rdata", "a", bytes([192, 0, 2, 1]))
seed("rdata", "aaaa", bytes.fromhex("20010db8000000000000000000000001"))
seed("rdata", "mx", b"\0\x0a" + name("mx1.example.nl"))
seed("rdata", "null-mx", b"\0\0\0")
seed("rdata", "name", name("xn--bcher-kva.example.nl"))
seed("rdata", "txt", b"\x07v=spf1 \x04-all")
seed("rdata", "tlsa", bytes([3, 1, 1]) + bytes(range(32)))
seed("rdata", "tlsa-512", bytes([2, 0, 2]) + bytes(range(64)))
# An Ed25519 SubjectPublicKeyInfo.
seed("rdata", "tlsa-key", bytes([3, 1, 0]) + bytes.fromhex("302a300506032b6570032100") + bytes(range(32)))

# ---- SPF ----

seed("spf", "long-macros", "192.0.2.1\n" + "h" * 60 + ".example\n" + "l" * 60 + "." + "m" * 120 + "@b.example\n"
     "TXT+v=spf1 exists:%{h}.%{l}.%{s}.%{o}.example -all exp=x.y\nA0\nTXT+" + "%{s} %{l} " * 30 + "\n")
seed("spf", "local", "unix\nh.example\na@b.example\nTXT+v=spf1 -all\n")
seed("spf", "many-terms", "2001:db8::1\nh.example\na@b.example\nrepeat\nTXT+v=spf1 " + "ip6:2001:db8:1::/48 ip4:10.0.0.0/8 " * 60 + "redirect=c.example\n")
seed("spf", "include", """192.0.2.1
mail.example.nl
jan@example.nl
TXT+v=spf1 a -all
TXT+v=spf1 include:a.example mx ~all
TXT-v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all
A+192.0.2.7
A,192.0.2.8
MX+10 mx1.example.nl
MX,20 mx2.example.nl
A+192.0.2.9
""")
seed("spf", "macros", """2001:db8::1
mail.example.nl
strange+tag.part@example.nl
TXT+v=spf1 exists:%{ir}.%{v}._spf.%{d2} exists:%{l1r+}.%{o}.%{h} ptr:example.nl ?exists:%{p}.x include:%{s}.y -all exp=why.%{d}
PTR+mail.example.nl
PTR,other.example
AAAA+2001:db8::1
AAAA+2001:db8::2
TXT+not from %{i} by %{c} at %{t} to %{r}, %{S} 100%% %_ %-
""")
seed("spf", "redirect", "192.0.2.1\n[192.0.2.1]\n\nrepeat\nTXT+v=spf1 redirect=_spf.%{d}\nTXT+v=spf1 -ip4:192.0.2.1 exp=x.y\nTXT+because\n")
seed("spf", "bomb", "192.0.2.1\nh.example\na@b.example\nrepeat\nTXT+v=spf1 include:a.b include:b.c mx:c.d mx:d.e ptr a:%{d1}.x/24//64 -all\n"
     "MX+1 a.b\n" + "".join(f"MX,{i} m{i}.b\n" for i in range(12)) + "A+192.0.2.2\nA?\nPTR+a.b\nPTR,c.d\n")
seed("spf", "failures", "192.0.2.1\nh.example\n@b.example\nTXT!\nTXT?\nTXT~\nTXT0\nTXTx\nTXT+v=spf1\nTXT,v=spf1 +all\n")
seed("spf", "errors", "192.0.2.1\nh.example\na@b.example\nTXT+v=spf1 a:b/33 -all\nTXT+v=spf1 foo=%{d} bar:x all.\nTXT+v=spf1 ip4:1.2.3 mx//129\n")


# What libunbound hands over: the name, what it says (flags, RCODE, TTL, error), the canonical name, records.
def result(flags, rcode=0, canonical="", records=(), error=0, ttl=300, asked="mx.example.nl"):
    return asked.encode() + b"\n" + bytes([flags, rcode]) + struct.pack(">i", ttl) + bytes([error, 0]) + canonical.encode() + b"\n" + \
        b"".join(bytes([len(record)]) + record for record in records)


SECURE, BOGUS, DATA, CANONICAL, OWN_NAME = 2, 4, 8, 16, 32
seed("answer", "found", result(SECURE | DATA, records=[b"\0\x0a" + name("mx1.example.nl"), b"\0\x14" + name("mx2.example.nl")]))
seed("answer", "alias", result(SECURE | DATA | CANONICAL, canonical="other.example.", records=[name("a.b")]))
seed("answer", "own-name", result(DATA | OWN_NAME, records=[bytes(4)], asked="a\\.b.Example"))
seed("answer", "bogus", result(BOGUS | SECURE | DATA, rcode=3, records=[bytes(16)]))
seed("answer", "absent", result(SECURE, rcode=3, ttl=-1))
seed("answer", "servfail", result(0, rcode=2))
seed("answer", "bad-canonical", result(SECURE | DATA | CANONICAL, canonical="a..b", records=[b""]))
seed("answer", "error", result(1, error=253))
seed("answer", "broken", result(0, error=250))

# ---- DKIM ----

RSA, ED = Key("rsa1024"), Key("ed25519")
MESSAGE = b"From: Jan  <jan@example.nl>\r\nTo: piet@example.org\r\nSubject: Hallo \r\n\t daar\r\n\r\nBeste  Piet,\r\n\r\ntot ziens \r\n"


def dkim(key, tags, canonical="relaxed/relaxed", record=None, names=("from", "to", "subject"), limit=None, message=MESSAGE):
    template = f" v=1; a={key.algorithm}; c={canonical}; d=example.nl; s=s;{tags} h={':'.join(names)}; bh={{bh}}; b={{b}}"
    signed = sign(message, key, template, canonical=canonical, names=names, limit=limit)
    return f"TXT+{record or key.record}\n\n".encode() + signed.replace(b"\r\n", b"\n")


seed("dkim", "relaxed", dkim(RSA, ""))
seed("dkim", "simple", dkim(RSA, " i=@sub.example.nl; t=1690000000;", "simple/simple", record=f"v=DKIM1; p={RSA.p}"))
seed("dkim", "ed25519", dkim(ED, " q=dns/txt; x=1790000000;", "relaxed/simple"))
seed("dkim", "mixed", dkim(RSA, "", "simple/relaxed", record=f"v=DKIM1; t=y:s; h=sha256; s=email; n=note=20x; p={RSA.p}"))
seed("dkim", "length", dkim(RSA, " l=5;", limit=5))
seed("dkim", "oversigned", dkim(RSA, " z=From:jan=40example.nl|To:x;", names=("from", "to", "from", "cc", "dkim-signature")))
seed("dkim", "empty-body", dkim(ED, "", message=MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"))
seed("dkim", "bare-key", dkim(RSA, "", record=f"k=rsa; p={RSA.bare}"))
seed("dkim", "revoked", dkim(RSA, "", record="v=DKIM1; p="))
seed("dkim", "expired", dkim(RSA, " t=1600000000; x=1600000001;"))
seed("dkim", "no-key", dkim(RSA, "").replace(b"TXT+", b"TXT?", 1))
MANY = b"".join(b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example; s=s; h=from; bh=YQ==; b=YWJj\n" % i for i in range(14))
seed("dkim", "many", b"repeat\nTXT-" + RSA.record.encode() + b"\n\n" + MANY + MESSAGE.replace(b"\r\n", b"\n"))

seed("dkim", "weak-key", dkim(Key("rsa512"), ""))
seed("dkim", "sha1", dkim(RSA, "").replace(b"rsa-sha256", b"rsa-sha1", 1))
seed("dkim", "subdomain-refused", dkim(RSA, " i=jan@sub.example.nl;", record=f"v=DKIM1; t=s; p={RSA.p}"))
seed("dkim", "not-mail", dkim(RSA, "", record=f"v=DKIM1; s=tlsrpt; p={RSA.p}"))
seed("dkim", "odd-tags", dkim(RSA, "", record=f"v=DKIM1;\tk = rsa ;\tp= {RSA.p[:60]} \t{RSA.p[60:]};").replace(b" b=", b" b =", 1))
seed("dkim", "long-field", dkim(RSA, " z=" + "x" * 8200 + ";"))
seed("dkim", "many-tags", dkim(RSA, "".join(f" x{i}=y;" for i in range(120))))
seed("dkim", "many-names", dkim(RSA, "", names=("from",) + ("x-b",) * 120))
seed("dkim", "long-key", dkim(RSA, "", record=f"v=DKIM1; p={RSA.p}; n=" + "x" * 1000))

# ---- DMARC ----

seed("dmarc", "plain", "a.b.example.nl\nmail.example.nl\nx.example.nl\nTXT+v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=r; rua=mailto:d@example.nl!10m\n")
seed("dmarc", "walk", "a.b.c.d.e.f.g.h.i.j.example.nl\nexample.nl\nexample.org\nTXT0\nTXTx\nTXT0\nTXT+v=DMARC1; p=none; psd=y; t=y\nrepeat\n")
seed("dmarc", "reports", "example.nl\na\nb\nrepeat\nTXT-v=DMARC1;p=quarantine;rua=mailto:a@x.example,mailto:b%2Bc@y.example?x=y , https://z.example/;ruf=mailto:f@x\n")
seed("dmarc", "several", "example.nl\nexample.nl\n\nTXT+v=DMARC1; p=reject\nTXT,v=spf1 -all\nTXT,v=DMARC1; p=none\nTXT!\n")
seed("dmarc", "errors", "x.nl\nx.nl\nx.nl\nTXT+v=DMARC1; p=maybe; rua=; sp=Reject; adkim=q; t=Y; p=none;; =; fo=1:d:s; ri=86400; pct=50\n")
seed("dmarc", "failure", "x.y.nl\nz\n\nTXT?\nTXT~\nTXT!\n")

# ---- DANE ----

DIGEST = bytes(range(32)).hex()
seed("dane", "full", f"example.nl\nMX+10 mx1.example.nl\nMX,20 mx2.example.nl\nA+192.0.2.1\nA+192.0.2.2\nTLSA+3 1 1 {DIGEST}\nTLSA+2 0 1 {DIGEST}\n")
seed("dane", "partial", f"example.nl:25\nMX+10 a.b\nMX,10 c.d\nMX,30 e.f\nA+192.0.2.1\nA-192.0.2.2\nA0\nAAAA+2001:db8::1\nTLSA+3 1 1 {DIGEST}\nTLSA,1 0 0 00\n")
seed("dane", "implicit", f"example.nl\nMX0\nA+192.0.2.1\nA@alias.example\nTLSA+3 1 2 {DIGEST}{DIGEST}\n")
seed("dane", "alias", f"[mx.example.nl]:587\nA-192.0.2.1\nA@alias.example\nAAAAx\nTLSA0\nTLSA+3 0 1 {DIGEST}\n")
seed("dane", "null-mx", "example.nl\nMX+0 .\n")
seed("dane", "many", "example.nl, b.nl\nrepeat\nMX+0 h.x\n" + "".join(f"MX,{i % 9} h{i}.x\n" for i in range(60)) + f"A+192.0.2.1\nTLSA+3 1 1 {DIGEST}\n" + "TLSA,2 1 1 00\n" * 12)
seed("dane", "failures", "example.nl\nMX+1 a.b\nMX,2 c.d\nMX,3 e.f\nA!\nA?\nA~\nAAAA+2001:db8::1\nTLSA!\nTLSA?\n")
seed("dane", "insecure", "example.nl\nMX-1 a.b\nMX@other.example\nA+192.0.2.1\nTLSA-3 1 1 00\n")

seed("dane", "insecure-way", "example.nl\nMX-10 mx.a\nMX@b.example\nCNAME+b.example\nSOA+x\nDS0\nNS+ns.a\nA+192.0.2.1\n")
seed("dane", "alias-failure", "example.nl\nMX+10 mx.a\nA-192.0.2.1\nA@b.c\nCNAME?\nTLSA0\n")
seed("dane", "alias-secure", f"example.nl\nMX+10 mx.a\nA-192.0.2.1\nA@b.c\nCNAME+b.c\nTLSA+3 1 1 {DIGEST}\n")

# ---- configuration ----

with open(os.path.join(HERE, "..", "init", "sluis.conf"), encoding="utf-8") as stream:
    EXAMPLE = stream.read()
BARE = "".join(line + "\n" for line in EXAMPLE.splitlines() if line.strip() and not line.lstrip().startswith("#"))
ASKED = "".join(line[1:] + "\n" for line in EXAMPLE.splitlines() if line.startswith("#") and not line.startswith("# "))
seed("config", "example", BARE)
seed("config", "sections", ASKED)
seed("config", "lists", "local-domains = {\"a.nl\", 'b.nl'}\nlocal-domains += \"c.nl\"\ninternal-networks = {10.0.0.0/8, \"2001:db8::/32\"}\nmode=enforce # x\n/* c */ // d\n")
seed("config", "errors", "mode = enforced\nuser = \"a\\x00\\n${HOME}\"\ninbound { spf = off spf = reject }\nresolver { timeout = 99999999999 }\n")
seed("config", "open", "audit {\n log = \"/x\n")

# ---- audit log ----

def chain(*members, events=()):
    """Lines as the daemon writes them."""
    lines, before = [], "null"
    for number, rest in enumerate(members, 1):
        event = "message" if number > len(events) else events[number - 1]
        line = f'{{"v":1,"seq":{number},"time":"2026-11-23T10:11:{number:02}.123Z","event":"{event}","host":"mx1.example.nl","pid":7{rest},"prev":{before}}}'
        before = '"' + hashlib.sha256(line.encode()).hexdigest() + '"'
        lines.append(line + "\n")
    return "".join(lines)


INBOUND = ',"direction":"inbound","queue_id":"4X","client":{"ip":"192.0.2.1","name":null},"helo":"h","tls":{"version":"TLSv1.3","cipher":"X","bits":256,' \
    '"grade":"good"},"mail_from":"example.nl","author_domain":"example.nl","recipients":[{"address":"a@b.nl","domain":"b.nl","action":"accept"}],' \
    '"spf":[{"identity":"mailfrom","domain":"example.nl","result":"pass","dnssec":"secure"}],"dkim":[{"domain":"example.nl","selector":"s",' \
    '"bits":2048,"result":"pass"}],"dmarc":{"result":"pass","policy":"reject","aligned_spf":true,"aligned_dkim":false},"action":"accept","would":"reject"'
OUTBOUND = ',"direction":"outbound","recipients":[{"address":"a@b.nl","domain":"b.nl","next_hop":"b.nl","dane":{"verdict":"partial","link":"no-tlsa",' \
    '"mx":"secure","hosts":[{"name":"mx.b.nl","preference":10,"address":"secure","tlsa":"usable","base":"mx.b.nl"}],"ttl":60},"action":"reject"}],"dns_queries":5'
LOG = chain(',"version":"0.1.0"', INBOUND, OUTBOUND, ',"direction":"inbound"', "", events=("start",))
seed("audit", "log", LOG)
seed("audit", "odd", '{"v":1,"seq":1,"time":"2026-11-23 10:11:12.123456+01:00","event":"x","host":7}\n{"v":1.0}\n[]\n{"v":1,"seq":-1}\nNov 24 00:47:39 x\n\n"\\u0000"\n')
seed("audit", "types", LOG.replace('"pass"', "1").replace("true", '"x"').replace("10,", "1e9,").replace('{"ip"', '["ip"]},{"ip"'))

# ---- logs of MTAs ----

RELAY = "relay=mx.d.example[192.0.2.1]:25, delay=0.5, delays=0.1/0/0.2/0.2, "
seed("mta", "postfix", """Nov 24 00:47:38 mx1 postfix/smtpd[9]: 7E2B1: client=mail.example.nl[192.0.2.9], sasl_method=PLAIN, sasl_username=jan
Nov 24 00:47:38 mx1 postfix/cleanup[8]: 7E2B1: message-id=<x@example.nl>
Nov 24 00:47:38 mx1 postfix/qmgr[7]: 7E2B1: from=<jan@example.nl>, size=700, nrcpt=2 (queue active)
Nov 24 00:47:39 mx1 postfix/smtp[103]: Verified TLS connection established to mx.d.example[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256
Nov 24 00:47:39 mx1 postfix/smtp[103]: 7E2B1: to=<a@d.example>, orig_to=<b>, """ + RELAY + """tls=dane, dsn=2.0.0, status=sent (250 2.0.0 ok)
Nov 24 00:47:39 mx1 postfix/smtp[104]: 7E2B1: to=<"a b\\""@d.example>, relay=none, delay=1, delays=0/0/1/0, dsn=4.7.5, status=deferred (TLSA lookup error for mx.d.example:25)
Nov 24 00:47:40 mx1 postfix/qmgr[7]: 7E2B1: removed
""")
seed("mta", "sendmail", """2026-11-24T01:47:39.123456+01:00 mx1 sm-mta[7]: 6APN2L: from=<jan@example.nl>, size=7, class=0, nrcpts=1, msgid=<x@y>, proto=ESMTPS, daemon=MTA, relay=h [192.0.2.9]
2026-11-24T01:47:39.2+01:00 mx1 sm-mta[7]: STARTTLS=client, relay=mx.D.example., version=TLSv1.3, verify=TRUSTED, cipher=TLS_AES_256_GCM_SHA384, bits=256/256
2026-11-24T01:47:40Z mx1 sm-mta[7]: 6APN2L: to=<a@d.example>,<b@d.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.D.example. [192.0.2.1], dsn=2.0.0, stat=Sent (kept, really)
2026-11-24T01:47:41Z mx1 sm-mta[7]: 6APN2L: to=root, delay=00:00:01, mailer=local, pri=1, dsn=5.1.1, stat=User unknown
""")
seed("mta", "frames", """<22>1 2026-11-24T00:47:39.123Z mx1 postfix/smtp 103 - [a@1 b="c\\]"] \xef\xbb\xbf7E2B1: to=<a@d>, """ + RELAY + """dsn=2.0.0, status=sent (ok)
{"__REALTIME_TIMESTAMP":"1764000000000000","_HOSTNAME":"mx1","SYSLOG_IDENTIFIER":"postfix/smtp","SYSLOG_PID":"9","MESSAGE":"7E2B1: to=<a@d>, relay=x, dsn=5.0.0, status=bounced (no)"}
{"__REALTIME_TIMESTAMP":"1","MESSAGE":[65,66],"_PID":"7","_COMM":"sendmail"}
-- Journal begins
Nov 24 00:47:39 mx1 last message repeated 2 times
Feb 29 12:00:00 MX1 postfix-out/smtp[1]: Untrusted TLS connection reused to [2001:db8::1]:25: TLSv1.2 with cipher X (128/128 bits)
""")

LINES = LOG.splitlines(keepends=True)
seed("trail", "whole", LOG)
seed("trail", "rotated", "".join(LINES[3:]) + "\x1e" + "".join(LINES[:3]))
seed("trail", "torn", "".join(LINES[:2]) + LINES[2][:70] + "\n" + "".join(LINES[2:]) + '{"v":1,"seq":9')
seed("trail", "missing", "".join(LINES[:2] + LINES[3:]))
seed("trail", "reordered", "".join([LINES[1], LINES[0]] + LINES[2:] + LINES[:1]))
seed("trail", "anew", LOG + chain("", "", events=("start", "stop")) + LOG.replace(":11:", ":09:"))
seed("trail", "gzip", gzip.compress(LOG.encode(), mtime=0))
seed("trail", "cut-gzip", gzip.compress(LOG.encode(), mtime=0)[:-20] + b"\x1enonsense\nmore")

# ---- sessions ----

OFFER = b"O" + struct.pack(">III", 6, 0x1FF, 0x1FFFFF)
OLD_OFFER = b"O" + struct.pack(">III", 2, 0x3F, 0x7F)


def session(config, dns, *commands):
    return str(config).encode() + b"\n" + dns.encode() + b"\n" + b"\x1e".join(c if isinstance(c, bytes) else c.encode() for c in commands)


def connect(address="192.0.2.1"):
    return b"Cmail.example.nl\0" + (b"6" if ":" in address else b"4") + b"\x12\x67" + address.encode() + b"\0"


def message(*fields, body=b"Hello.\r\n"):
    return [*("L" + field.replace(": ", "\0 ", 1) + "\0" for field in fields), "N", b"B" + body, "DEi\0" "4XyZ\0", "E"]


TLS = "DH{tls_version}\0TLSv1.2\0{cipher}\0ECDHE-RSA-AES256-GCM-SHA384\0{cipher_bits}\x00256\0"
SPF = "TXT+v=spf1 ip4:192.0.2.0/24 -all\nTXT+v=spf1 -all exp=x.y\nTXT+v=DMARC1; p=reject\nTXT+because %{i}\n"
IN = (OFFER, "DCj\0mx1.example.nl\0{daemon_name}\0smtpd\0", connect(), TLS, "Hmail.example.nl\0")
RCPT = ("M<jan@example.nl>\0SIZE=100\0SMTPUTF8\0", "R<piet@example.nl>\0")
SIGNED = dkim(RSA, "", message=MESSAGE).partition(b"\n\n")[2].partition(b"\n\n")[0].decode().replace("\n\t", "\r\t").replace("\n", "\0").split("\0")
SIGNED = [field.replace("\r\t", "\n\t") for field in SIGNED]
seed("session", "inbound", session(0, SPF, *IN, *RCPT, *message("From: Jan <jan@example.nl>", "Subject: x")))
seed("session", "signed", session(1, f"repeat\nTXT-{RSA.record}\n", *IN, *RCPT, *message(*SIGNED, body=b"Beste  Piet,\r\n\r\ntot ziens \r\n")))
seed("session", "forged", session(1, SPF, *IN, *RCPT, *message("Authentication-Results: mx1.example.nl; spf=pass", "From: a@b.nl, c@d.nl",
                                                               "authentication-results: (mx1", "Message-ID: <x@y>", "Sluis-DANE: a=dane")))
seed("session", "outbound", session(2, f"MX+10 mx1.x.nl\nA+192.0.2.9\nTLSA+3 1 1 {DIGEST}\nMXx\n", *IN, "DMi\x004X\0{auth_authen}\0jan\0",
                                    "M<jan@example.nl>\0REQUIRETLS\0", "DR{rcpt_mailer}\0smtp\0{rcpt_host}\0x.nl:25\0", "R<a@x.nl>\0",
                                    "DR{rcpt_mailer}\0local\0{rcpt_host}\0\0", "R<b@example.nl>\0", "DR{rcpt_mailer}\0smtp\0{rcpt_host}\0[mx.strict.example]\0",
                                    "R<c@strict.example>\0", *message("From: jan@example.nl", "To: a@x.nl, \"C\" <c@strict.example>")))
STRICT = ("M<jan@example.nl>\0", "DR{rcpt_mailer}\0smtp\0{rcpt_host}\0strict.example\0", "R<c@strict.example>\0")
for words, dns in {"partial": f"MX+10 a.b\nMX,20 c.d\nA+192.0.2.1\nA+192.0.2.2\nTLSA+3 1 1 {DIGEST}\nTLSA0\n", "insecure-mx": "MX-10 a.b\nA+192.0.2.1\n",
                   "bogus": "MX!\n", "temporary": "MX?\n", "unusable": "MX+10 a.b\nA+192.0.2.1\nTLSA+0 0 0 00\n", "null-mx": "MX+0 .\n"}.items():
    seed("session", "strict-" + words, session(2, dns, *IN, *STRICT, *message("From: jan@example.nl", "To: c@strict.example")))
seed("session", "pseudonym", session(3, f"MX+10 a.b\nMX,20 c.d\nA+192.0.2.1\nA!\nTLSA+3 1 1 {DIGEST}\n", *IN, "DMi\x004X\0{auth_authen}\0jan\0", "M<Jan@Example.NL>\0",
                                     "DR{rcpt_mailer}\0smtp\0{rcpt_host}\0x.nl\0", "R<postmaster>\0", "R<>\0", "R<a@x.nl>\0", *message("From: jan@example.nl")))
seed("session", "many-signatures", session(0, f"repeat\nTXT~\nTXT+{RSA.record}\n", *IN, *RCPT, *message(
    *(f"DKIM-Signature: v=1; a=rsa-sha256; d=d{i}.nl; s=s; h=from; bh=YQ==; b=YWJj" for i in range(12)), "From: jan@example.nl")))
seed("session", "quarantine", session(0, "TXT0\nTXT+v=DMARC1; p=quarantine\nrepeat\n", *IN, *RCPT, *message("From: jan@example.nl")))
seed("session", "refused", session(0, SPF, *IN, "M<>\0", "R<a@b.nl>\0", "A", "M<x@[192.0.2.1]>\0", "R<@a,@b:c@d.nl>\0", *message("Subject: no from"), "A", "Q"))
seed("session", "old", session(1, SPF, OLD_OFFER, connect("2001:db8::1"), "Hh\0", *RCPT, *message("From: \xfc@b\xfccher.nl"), "K", OFFER, connect(), "Hx\0", *RCPT))
seed("session", "local", session(2, "", OFFER, b"Clocalhost\0L\0\0/run/x\0", "M\0", "R\0", "R<" + "a." * 200 + "@x>\0", "U\0", "T", *message("From: a%b@c.nl"), *message("x: y")))
seed("session", "raw", session(0, "", OFFER, "!\x7f\xff\xff\xffB", "E"))
seed("session", "lengths", session(0, "", OFFER, connect(), "!\0\0\0\0", "L", "Lx", "Lx\0", "L\0\0", "D", "DM", "DMi", "DMi\0", "H", "M", "R", "E"))


def main():
    wanted = sys.argv[1:] or sorted(SEEDS)
    for target in wanted:
        folder = os.path.join(HERE, "corpus", target)
        os.makedirs(folder, exist_ok=True)
        for file, content in SEEDS[target].items():
            with open(os.path.join(folder, file), "wb") as stream:
                stream.write(content)


if __name__ == "__main__":
    main()

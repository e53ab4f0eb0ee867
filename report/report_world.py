# SPDX-License-Identifier: BSD-2-Clause
"""A small world of mail over two quarters, from which reports are made: real audit lines and real lines of Postfix, taken
in by `sluisctl audit import`. Its second quarter is better than the first one, in ways that are known.
"""
import collections
import datetime
import os
import random
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(TOP, "ctl"))
import audit_lines  # noqa: E402

SLUISCTL = os.path.abspath(os.path.join(os.environ.get("top_builddir", "."), "ctl", "sluisctl"))
START = datetime.datetime(2026, 4, 1, tzinfo=datetime.timezone.utc)
HALF = 91  # the second quarter begins on 1 July
DAYS = HALF + 92

# What strangers write where they may write anything.
HOSTILE = ["<script>window.pwned=1</script>.example", "\"><img src=x onerror=window.pwned=1>.example", "=cmd|'/C calc'!A0",
           "@SUM(1+1)", "+31", "-1", " =1", "\uff1d1", "\x1b[31mred.example", "\u202eright.example", "</style></title>.example",
           "a\tb\r\nc,d;e\"f", "&lt;b&gt;", "javascript:alert(1)", "\x07\x9b2J", "{{7*7}}", "%s%n", "' OR 1=1 --",
           "x" * 300 + ".example"]

CONFIG = """
mode = enforce
local-domains = {"example.nl", "besluit.example.nl"}
inbound { spf = annotate  dkim = annotate  dmarc = quarantine  tls = annotate  author = annotate }
domain "gemeente.example" { standard = {"dane"}  level = reject }
exception "2026-014" { domain = {"partner.example"} standard = {"dane"} level = annotate
  reason = "leverancier stapt over in het vierde kwartaal" owner = "CISO" until = "2030-06-30" }
exception "2025-002" { domain = {"oud.example"} standard = {"dmarc"} level = annotate
  reason = "mailinglijst" owner = "Beheer" until = "2026-01-31" }
exception "2026-020" { domain = {"nooit.example"} standard = {"dane"} level = annotate
  reason = "<b>niet</b> gebruikt" owner = "=1+1" until = "2030-12-31" }
"""

# Senders: SPF, DKIM, DMARC result and policy in the first and in the second quarter, TLS grade.
SENDERS = [("ministerie.example", ("pass", "pass", "pass", "reject"), ("pass", "pass", "pass", "reject"), "good"),
           ("gemeente.example", ("softfail", "pass", "pass", "none"), ("pass", "pass", "pass", "reject"), "good"),
           ("provincie.example", ("pass", "none", "pass", "quarantine"), ("pass", "pass", "pass", "quarantine"), "sufficient"),
           ("waterschap.example", ("pass", "pass", "pass", "reject"), ("neutral", "fail", "fail", "none"), "phase-out"),
           ("nieuwsbrief.example", ("fail", "pass", "fail", "reject"), ("fail", "fail", "fail", "reject"), "good"),
           ("zonder.example", ("none", "none", "none", None), ("none", "none", "none", None), None),
           ("traag.example", ("temperror", "temperror", "temperror", None), ("pass", "pass", "pass", "none"), "insufficient")]
SENDERS.append(("example.nl", ("fail", "none", "fail", "reject"), ("fail", "none", "fail", "reject"), "good"))
# Destinations: verdict and link in the first and in the second quarter, how Postfix delivers, the mail host.
DESTINATIONS = [("ministerie.example", ("dane", None), ("dane", None), "dane", "mx1.ministerie.example"),
                ("gemeente.example", ("none", "no-tlsa"), ("dane", None), "dane", "mx1.gemeente.example"),
                ("provincie.example", ("none", "host-unsigned"), ("none", "host-unsigned"), "tls",
                 "provincie-example.mail.protection.outlook.com"),
                ("waterschap.example", ("none", "domain-unsigned"), ("none", "domain-unsigned"), "tls", "mx.waterschap.example"),
                ("partner.example", ("none", "no-tlsa"), ("none", "no-tlsa"), "plain", "mx.partner.example"),
                ("klaar.example", ("dane", None), ("dane", None), "tls", "mx.klaar.example"),
                ("kapot.example", ("bogus", "bogus"), ("bogus", "bogus"), "wait", "mx.kapot.example")]


class World:
    def __init__(self, folder=None, hostile=True, scale=1, seed=6):
        self.folder = folder or tempfile.mkdtemp()
        self.database = os.path.join(self.folder, "audit.db")
        self.config = os.path.join(self.folder, "sluis.conf")
        self.random = random.Random(seed)
        self.log = audit_lines.Log()
        self.mta = []
        self.queued = 0
        self.truth = collections.Counter()  # of the second quarter
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG)
        for day in range(DAYS):
            self.one_day(day, scale)
        if hostile:
            self.add_hostile()
        self.files = [os.path.join(self.folder, "audit.jsonl"), os.path.join(self.folder, "mail.log")]
        if hostile:
            self.files[0] = os.path.join(self.folder, "<b>=audit&.jsonl")
        self.log.save(self.files[0])
        with open(self.files[1], "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in self.mta))
        done = subprocess.run([SLUISCTL, "-c", self.config, "audit", "import", "--database", self.database, "--host",
                               "mx1.example.nl", *self.files], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)

    def one_day(self, day, scale):
        second = day >= HALF
        if day % 30 == 0:
            self.log.write(self.time(day, 0), "start" if day == 0 else "reload", version="0.1.0", servers="127.0.0.1",
                           config=("ab" if second else "cd") * 32)
        for _ in range(scale * (2 + day % 3)):
            self.inbound(day, *self.random.choices(SENDERS, weights=(9, 8, 6, 4, 3, 2, 2, 1))[0], second)
            self.outbound(day, *self.random.choices(DESTINATIONS, weights=(8, 9, 6, 4, 3, 2, 1))[0], second)

    def time(self, day, second):
        moment = START + datetime.timedelta(days=day, hours=9, seconds=second)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def next(self):
        self.queued += 1
        return f"4X{self.queued:08d}", self.queued % 30000

    def inbound(self, day, domain, first, later, grade, second):
        queue_id, at = self.next()
        spf, dkim, dmarc, policy = later if second else first
        if second:
            self.truth.update([f"spf {spf}", f"dkim {dkim}", f"dmarc {dmarc}", f"grade {grade or 'no-tls'}", "inbound"] +
                              [f"refused dmarc {domain}"] * (dmarc == "fail" and policy == "reject"))
        aligned = dmarc == "pass"
        self.log.inbound(self.time(day, at), queue_id=queue_id, mail_from=domain, author_domain=domain,
                         tls=grade and {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": 256, "grade": grade},
                         spf=[{"identity": "mailfrom", "domain": domain, "result": spf, "dnssec": "secure", "why": None}],
                         dkim=[] if dkim == "none" else [{"domain": domain, "selector": "s1", "algorithm": "rsa-sha256",
                                                          "bits": 2048, "result": dkim, "dnssec": "secure", "why": None}],
                         dmarc={"result": dmarc, "policy": policy, "policy_domain": policy and domain,
                                "organizational_domain": domain, "aligned_spf": aligned and spf == "pass",
                                "aligned_dkim": aligned and dkim == "pass", "dnssec": "secure",
                                "override": "local_policy" if dmarc == "fail" else None, "why": None},
                         action="quarantine" if dmarc == "fail" and policy == "quarantine" else "accept")
        self.postfix(day, at, "smtpd", f"{queue_id}: client=mail.{domain}[192.0.2.25]")
        self.postfix(day, at, "qmgr", f"{queue_id}: from=<a@{domain}>, size=1000, nrcpt=1 (queue active)")
        self.postfix(day, at, "local", f"{queue_id}: to=<clerk@example.nl>, relay=local, delay=1, delays=0/0/1/0, dsn=2.0.0,"
                     " status=sent (delivered to mailbox)")

    def outbound(self, day, domain, first, later, way, host, second):
        queue_id, at = self.next()
        verdict, link = later if second else first
        if second:
            proven = {"tls": "dane-available-not-used" if verdict == "dane" else "tls-only", "plain": "plaintext",
                      "wait": "dane-failed-deferred", "dane": "dane-verified"}[way]
            self.truth.update([f"verdict {verdict}", f"class {proven}", "outbound"] +
                              [f"lacking {domain}"] * (verdict != "dane"))
        recipient = audit_lines.recipient(domain, verdict, link)
        recipient["dane"]["hosts"][0]["name"] = host
        if domain == "partner.example":
            recipient["exception"] = "2026-014"
        self.log.outbound(self.time(day, at), recipient, queue_id=queue_id)
        self.postfix(day, at, "smtpd", f"{queue_id}: client=desk[10.0.0.5], sasl_method=PLAIN, sasl_username=x")
        self.postfix(day, at, "qmgr", f"{queue_id}: from=<a@example.nl>, size=1000, nrcpt=1 (queue active)")
        relay = f"{host}[192.0.2.80]:25"
        if way == "dane" and verdict != "dane":
            way = "tls"
        if way == "tls":
            self.postfix(day, at, "smtp", f"Untrusted TLS connection established to {relay}: TLSv1.3 with cipher"
                         " TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits)"
                         " server-digest SHA256")
        attribute = {"dane": "tls=dane, ", "plain": "tls=may:none, ", "tls": "tls=may, ", "wait": "tls=dane?, "}[way]
        status = "dsn=4.7.5, status=deferred (TLSA lookup error for mx:25)" if way == "wait" else \
            "dsn=2.0.0, status=sent (250 2.0.0 ok)"
        self.postfix(day, at, "smtp", f"{queue_id}: to=<somebody@{domain}>, relay={'none' if way == 'wait' else relay}, delay=1,"
                     f" delays=0/0/0/1, {attribute}{status}")

    def postfix(self, day, second, agent, text):
        self.mta.append(f"{self.time(day, second)} mx1 postfix/{agent}[{1000 + second}]: {text}")

    def add_hostile(self):
        """Every value of the audit log that a report can show, as a stranger would like it."""
        for number, value in enumerate(HOSTILE):
            day = DAYS - 1
            queue_id, at = self.next()
            entry = audit_lines.recipient(value, value, value)
            entry["dane"]["hosts"][0]["name"] = value
            lacking = audit_lines.recipient(value, "none", "no-tlsa")
            lacking["dane"]["hosts"][0]["name"] = value
            self.log.inbound(self.time(day, at), queue_id=queue_id, mail_from=value, author_domain=value,
                             tls={"version": value, "cipher": value, "bits": 1, "grade": value},
                             spf=[{"identity": "mailfrom", "domain": value, "result": value, "dnssec": value, "why": value}],
                             dkim=[{"domain": value, "selector": value, "algorithm": value, "bits": 1, "result": value,
                                    "dnssec": value, "why": value}],
                             dmarc={"result": value, "policy": value, "policy_domain": value, "organizational_domain": value,
                                    "aligned_spf": True, "aligned_dkim": False, "dnssec": value, "override": value,
                                    "why": value}, action=value, exception=value)
            self.log.outbound(self.time(day, at + 1), entry, queue_id=f"Z{number}", action=value)
            self.log.outbound(self.time(day, at + 2), lacking, queue_id=f"Y{number}", action=value)
            self.log.write(self.time(day, at + 3), value, version=value, servers=value, config=value)

    def report(self, *words, language="nl"):
        done = subprocess.run([SLUISCTL, "-c", self.config, "audit", "report", "--database", self.database, "--language",
                               language, *words], capture_output=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.decode("utf-8")

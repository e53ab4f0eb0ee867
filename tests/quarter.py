#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A quarter of mail that never was: audit logs and MTA logs of several hosts, rotated and compressed, with the figures that must come
out of them.

    tests/quarter.py [--messages N] [--seed S] [--plain] DIRECTORY

Three hosts share the messages: mx1 runs Postfix 3.7 (traditional syslog, certmatch lines), mx2 Postfix 3.11 (RFC 3339 times, tls=), mx3
Sendmail (journalctl -o json). Each host has a folder with audit.jsonl* and mail.log*, a file for each week, the older ones compressed.
truth.json has the tables of `sluisctl audit report --format json` that follow, counted while the lines were made and by nothing else.

--plain: one audit log without rotation, compression and MTA logs, and no truth: what bench/import.py reads.
"""

import argparse
import collections
import datetime
import gzip
import hashlib
import heapq
import json
import os
import random

START = 1782864000000                                   # 2026-07-01, in milliseconds
DAY = 86400000
DAYS = 92
HOSTS = ("mx1", "mx2", "mx3")
OUR_DOMAIN = "agency.example"

# What a destination is to the milter: verdict, first missing link, state of its host's TLSA records, MX secure; and what its server does.
KINDS = {
    "dane": ("dane", None, "usable", "secure"),
    "half": ("insecure-mx", "mx-insecure", "usable", "insecure"),
    "none": ("none", "no-tlsa", "none", "secure"),
    "trusted": ("none", "domain-unsigned", "not-asked", "insecure"),
    "cleartext": ("none", "domain-unsigned", "not-asked", "insecure"),
    "mismatch": ("dane", None, "usable", "secure"),
    "flaky": ("dane", None, "usable", "secure"),        # not there at first: put off, then sent
    "refusing": ("none", "host-unsigned", "not-asked", "secure"),
}
SHARES = (("dane", 40), ("none", 24), ("trusted", 14), ("cleartext", 8), ("half", 5), ("refusing", 4), ("flaky", 3), ("mismatch", 2))

# The class that each kind must have, by what the host's log can prove. Debian's Sendmail knows no DANE.
CLASSES = {
    "mx1": {"dane": "dane-verified", "half": "half-dane", "none": "tls-only", "trusted": "tls-trusted", "cleartext": "plaintext",
            "mismatch": "not-sent", "flaky": "dane-verified", "refusing": "not-sent"},
    "mx2": {"dane": "dane-verified", "half": "half-dane", "none": "tls-only", "trusted": "tls-trusted", "cleartext": "plaintext",
            "mismatch": "dane-failed-deferred", "flaky": "dane-verified", "refusing": "not-sent"},
    "mx3": {"dane": "dane-available-not-used", "half": "tls-only", "none": "tls-only", "trusted": "tls-trusted",
            "cleartext": "plaintext", "mismatch": "dane-available-not-used", "flaky": "dane-available-not-used", "refusing": "not-sent"},
}
SUMMARY = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"


def moment(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)


def stamp(ms, known={}):                                # noqa: B006 -- a cache: a day is formatted once
    day, rest = divmod(ms, DAY)
    if day not in known:
        known.clear()
        known[day] = f"{moment(day * DAY):%Y-%m-%dT}"
    seconds, ms = divmod(rest, 1000)
    return f"{known[day]}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}Z"


class Rotated:
    """A log in a file for each week; those that are over are compressed, and numbered from the newest."""

    def __init__(self, folder, name, plain=False):
        self.path, self.plain = os.path.join(folder, name), plain
        self.week, self.file, self.done, self.last = None, None, [], START

    def write(self, when, line):
        week = 0 if self.plain else (when - START) // (7 * DAY)
        if week != self.week:
            self.close()
            self.week, self.file = week, open(f"{self.path}.week{week}", "w", encoding="utf-8", buffering=1 << 20)
        self.file.write(line + "\n")
        self.last = when

    def close(self):
        if self.file:
            self.file.close()
            self.done.append((f"{self.path}.week{self.week}", self.last))
            self.file = None

    def finish(self):
        self.close()
        for age, (name, last) in enumerate(reversed(self.done)):
            path = self.path + (f".{age}.gz" if age > 1 else f".{age}" if age else "")
            if age > 1:
                with open(name, "rb") as source, gzip.open(path, "wb", 6) as target:
                    target.writelines(source)
                os.unlink(name)
            else:
                os.rename(name, path)
            os.utime(path, (last / 1000 + 60,) * 2)      # as logs without a year need it


class Host:
    """The two logs of a host. MTA lines wait until their time has come, as deliveries go on while messages come in."""

    def __init__(self, name, folder, plain):
        self.name, self.full, self.seq, self.before = name, name + ".agency.example", 0, None
        self.audit = Rotated(folder, "audit.jsonl", plain)
        self.mail = None if plain else Rotated(folder, "mail.log")
        self.waiting, self.number, self.pid = [], 0, 1000
        self.first = self.last = None

    def audit_line(self, when, event="message", **members):
        self.seq += 1
        line = json.dumps({"v": 1, "seq": self.seq, "time": stamp(when), "event": event, "host": self.full, "pid": 812, **members,
                           "prev": self.before}, separators=(",", ":"))
        self.before = hashlib.sha256(line.encode()).hexdigest()
        self.audit.write(when, line)
        self.first, self.last = self.first or when, when

    def say(self, when, program, pid, text):
        if self.mail:
            self.number += 1
            heapq.heappush(self.waiting, (when, self.number, program, pid, text))

    def flush(self, until):
        while self.waiting and self.waiting[0][0] <= until:
            when, _, program, pid, text = heapq.heappop(self.waiting)
            self.mail.write(when, self.frame(when, program, pid, text))

    def frame(self, when, program, pid, text):
        at = moment(when)
        if self.name == "mx1":
            return f"{at:%b} {at.day:2d} {at:%H:%M:%S} {self.name} {program}[{pid}]: {text}"
        if self.name == "mx2":
            return f"{at:%Y-%m-%dT%H:%M:%S}.{when % 1000:03d}000+00:00 {self.name} {program}[{pid}]: {text}"
        return json.dumps({"__REALTIME_TIMESTAMP": str(when * 1000), "_HOSTNAME": self.full, "SYSLOG_IDENTIFIER": program,
                           "_PID": str(pid), "MESSAGE": text})

    def finish(self):
        if self.mail:
            self.flush(1 << 62)
            self.mail.finish()
        self.audit.finish()


class Truth:
    """The figures, as the report tells them."""

    def __init__(self):
        self.messages, self.recipients, self.domains = (collections.defaultdict(collections.Counter) for _ in range(3))
        self.sets = collections.defaultdict(lambda: collections.defaultdict(set))
        self.facts = collections.Counter()
        self.disagreements = collections.Counter()

    def result(self, table, word, domain):
        """A message by result and sender's domain."""
        self.messages[table][word] += 1
        self.sets[table][word].add(domain)

    def sent(self, table, words, domains):
        """A message with one word and one domain for each recipient."""
        for word in set(words):
            self.messages[table][word] += 1
        self.messages[table][None] += bool(words)
        for word, domain in zip(words, domains):
            self.recipients[table][word] += 1
            self.sets[table][word].add(domain)

    def by_result(self, table):
        total, domains = sum(self.messages[table].values()), len(set().union(*self.sets[table].values()))
        return {word: {"messages": [count, total], "domains": [len(self.sets[table][word]), domains]}
                for word, count in self.messages[table].items()}

    def by_word(self, table):
        recipients, domains = sum(self.recipients[table].values()), len(set().union(*self.sets[table].values()))
        return {word: {"messages": [self.messages[table][word], self.messages[table][None]], "recipients": [count, recipients],
                       "destinations": [len(self.sets[table][word]), domains]} for word, count in self.recipients[table].items()}

    def tables(self):
        found = {"completeness": dict(self.facts), "assessed": self.by_word("assessed"), "proven": self.by_word("proven"),
                 "disagreements": {" ".join(key): count for key, count in self.disagreements.items()}}
        for table in ("spf", "dkim", "dmarc", "tls"):
            found[table] = self.by_result(table)
        return found


class Quarter:
    def __init__(self, folder, messages, seed, plain, hosts):
        self.random = random.Random(seed)
        self.messages, self.plain = messages, plain
        self.truth = Truth()
        self.hosts = []
        for name in hosts:
            os.makedirs(os.path.join(folder, name), exist_ok=True)
            self.hosts.append(Host(name, os.path.join(folder, name), plain))
        kinds = [kind for kind, share in SHARES for _ in range(share)]
        count = max(100, min(20000, messages // 50))
        self.destinations = [(f"town{i}.example", kinds[i % len(kinds)]) for i in range(count)]
        self.random.shuffle(self.destinations)
        self.senders = [f"sender{i}.example" for i in range(count)]

    def pick(self, items):
        """Few are frequent, many are rare."""
        return items[min(int(self.random.paretovariate(0.7)) - 1, len(items) - 1)]

    def run(self):
        for host in self.hosts:
            host.audit_line(START, "start", version="0.1.0", servers="recursive", config="ab" * 32)
        for i in range(self.messages):
            when = START + 1000 + i * (DAYS * DAY - 3600000) // self.messages
            host = self.hosts[i // 3 % len(self.hosts)]      # each has mail in both directions
            if host.mail:
                host.flush(when)
            (self.outbound if i % 3 == 2 else self.inbound)(host, when, i)
            if i % 97 == 0 and host.mail:
                self.cron(host, when + 5, i)
        for host in self.hosts:
            host.finish()
        return self.truth

    def queue_id(self, host, when, number):
        """Of a kind that the MTA makes; mx1 has short ones, which come again."""
        if host.name == "mx1":
            return f"{number % 9973 * 1048573 % 0xFFFFFFF:X}A"
        return f"4{number:X}z{when % 1000:03d}" if host.name == "mx2" else f"6{number:07X}{when % 1000:03d}"

    def inbound(self, host, when, number):
        domain, chance = self.pick(self.senders), self.random.random()
        spf = "pass" if chance < 0.8 else "fail" if chance < 0.9 else "none" if chance < 0.97 else "temperror"
        dkim = "pass" if chance < 0.7 or 0.85 < chance < 0.9 else "none" if chance < 0.95 else "fail"
        dmarc = "none" if chance > 0.93 else "pass" if spf == "pass" or dkim == "pass" else "fail"
        policy = ("reject", "quarantine", "none")[number % 7 % 3]
        tls = None if chance > 0.98 else {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": 256, "grade": "good"} \
            if number % 4 else {"version": "TLSv1.2", "cipher": "ECDHE-RSA-AES256-GCM-SHA384", "bits": 256, "grade": "sufficient"}
        queue_id = self.queue_id(host, when, number)
        signatures = [{"domain": domain, "selector": "s1", "algorithm": "rsa-sha256", "bits": 2048, "result": dkim, "dnssec": "secure",
                       "why": None if dkim == "pass" else "body hash did not verify"}] if dkim != "none" else []
        host.audit_line(
            when, direction="inbound", queue_id=queue_id, client={"ip": f"192.0.2.{number % 250}", "name": f"mail.{domain}"},
            helo=f"mail.{domain}", authenticated=None, tls=tls, mail_from=domain, author_domain=domain,
            message_id=f"<{number}.{when}@mail.{domain}>",
            recipients=[{"address": OUR_DOMAIN, "domain": OUR_DOMAIN, "next_hop": OUR_DOMAIN, "dane": None, "action": "accept",
                         "would": "accept", "reply": None, "rule": None, "exception": None}],
            spf=[{"identity": "mailfrom", "domain": domain, "result": spf, "dnssec": "secure", "why": "ip4:192.0.2.0/24"},
                 {"identity": "helo", "domain": f"mail.{domain}", "result": "none", "dnssec": "insecure", "why": "no record"}],
            dkim=signatures,
            dmarc={"result": dmarc, "policy": policy if dmarc != "none" else None, "policy_domain": domain, "organizational_domain": domain,
                   "aligned_spf": spf == "pass", "aligned_dkim": dkim == "pass", "dnssec": "secure", "override": None, "why": None},
            action="accept", would="reject" if dmarc == "fail" and policy == "reject" else "accept", reply=None,
            rule="inbound dmarc=annotate", exception=None, elapsed_ms=21, dns_ms=12, dns_queries=7, removed_headers=0)
        self.truth.result("spf", spf, domain)
        self.truth.result("dkim", dkim, domain)
        self.truth.result("dmarc", dmarc, domain)
        self.truth.result("tls", tls["grade"] if tls else "no-tls", domain)
        self.truth.facts["messages-inbound"] += 1
        self.accept(host, when, queue_id, f"mail.{domain}", 1)
        if host.name == "mx3":
            host.say(when + 300, "sm-mta", 4000, f"{queue_id}: to=<clerk@{OUR_DOMAIN}>, delay=00:00:00, xdelay=00:00:00, mailer=local,"
                     " pri=31000, dsn=2.0.0, stat=Sent")
        else:
            host.say(when + 300, "postfix/virtual", 4000, f"{queue_id}: to=<clerk@{OUR_DOMAIN}>, relay=virtual, delay=0.3, delays=0.2/0/0/0.1,"
                     " dsn=2.0.0, status=sent (delivered to maildir)")
        self.truth.facts["deliveries"] += 1
        self.truth.facts["deliveries-local"] += 1

    def accept(self, host, when, queue_id, client, count):
        if host.name == "mx3":
            host.say(when + 50, "sm-mta", 3999, f"{queue_id}: from=<x@{client}>, size=1000, class=0, nrcpts={count}, proto=ESMTP, daemon=MTA,"
                     f" relay={client} [192.0.2.9]")
        else:
            host.say(when - 20, "postfix/smtpd", 3999, f"{queue_id}: client={client}[192.0.2.9]")
            host.say(when + 50, "postfix/qmgr", 900, f"{queue_id}: from=<x@{client}>, size=1000, nrcpt={count} (queue active)")
        self.truth.facts["accepted-by-mta"] += 1

    def outbound(self, host, when, number):
        picked = [self.pick(self.destinations) for _ in range(1 + number % 7 // 5 + number % 31 // 29)]
        queue_id = self.queue_id(host, when, number)
        recipients = []
        for domain, kind in picked:
            verdict, link, tlsa, mx = KINDS[kind]
            recipients.append({
                "address": domain, "domain": domain, "next_hop": domain,
                "dane": {"verdict": verdict, "link": link, "mx": mx, "hosts": [
                    {"name": f"mx1.{domain}", "preference": 10, "address": "secure", "tlsa": tlsa,
                     "base": f"mx1.{domain}" if tlsa == "usable" else None}], "ttl": 3600, "why": None},
                "action": "accept", "would": "accept" if verdict == "dane" else "reject", "reply": None, "rule": "outbound dane=annotate",
                "exception": None})
        host.audit_line(when, direction="outbound", queue_id=queue_id, client={"ip": "10.0.0.5", "name": "pc." + OUR_DOMAIN},
                        helo="pc." + OUR_DOMAIN, authenticated=OUR_DOMAIN, tls=None, mail_from=OUR_DOMAIN, author_domain=OUR_DOMAIN,
                        message_id=f"<{number}.{when}@{OUR_DOMAIN}>", recipients=recipients, action="accept", would="accept", reply=None,
                        rule=None, exception=None, elapsed_ms=31, dns_ms=22, dns_queries=9, removed_headers=0)
        self.accept(host, when, queue_id, "pc." + OUR_DOMAIN, len(picked))
        self.truth.facts["messages-outbound"] += 1
        self.truth.facts["deliveries"] += len(picked)
        self.truth.sent("assessed", [KINDS[kind][0] for _, kind in picked], [domain for domain, _ in picked])
        classes = [CLASSES[host.name][kind] for _, kind in picked]
        self.truth.sent("proven", classes, [domain for domain, _ in picked])
        for (domain, kind), word in zip(picked, classes):
            if KINDS[kind][0] == "dane" and word in ("dane-available-not-used", "dane-failed-deferred"):
                self.truth.disagreements[domain, "dane", word] += 1
            if KINDS[kind][0] == "insecure-mx" and word == "dane-verified":
                self.truth.disagreements[domain, "insecure-mx", word] += 1
        for place, (domain, kind) in enumerate(picked):
            host.pid = 1000 + (host.pid - 999) % 30000
            self.deliver(host, when + 400 + place, queue_id, f"user{place}@{domain}", domain, kind)

    def deliver(self, host, when, queue_id, address, domain, kind):
        if host.name == "mx3":
            self.deliver_sendmail(host, when, queue_id, address, domain, kind)
        else:
            self.deliver_postfix(host, when, queue_id, address, domain, kind)

    def deliver_postfix(self, host, when, queue_id, address, domain, kind):
        relay, pid, tells = f"mx1.{domain}[198.51.100.7]:25", host.pid, host.name == "mx2"

        def line(at, where, feature, dsn, status, text):
            told = f"tls={feature}, " if tells and feature else ""
            host.say(at, "postfix/smtp", pid, f"{queue_id}: to=<{address}>, relay={where}, delay=0.5, delays=0.1/0/0.2/0.2, {told}dsn={dsn},"
                     f" status={status} ({text})")

        def summary(at, word, match=False):
            if match and not tells:
                host.say(at, "postfix/smtp", pid, f"{relay}: Matched DANE EE certificate at depth 0: 3 1 1 A0B1C2D3")
            host.say(at, "postfix/smtp", pid, f"{word} TLS connection established to {relay}: {SUMMARY}")
        if kind == "flaky":
            for attempt in range(2):
                line(when + attempt * 1800000, "none", None, "4.4.1", "deferred", f"connect to mx1.{domain}[198.51.100.7]:25: Connection timed out")
            when += 3 * 1800000
        words = {"dane": "Verified", "flaky": "Verified", "half": "Trusted", "none": "Untrusted", "trusted": "Trusted",
                 "refusing": "Untrusted", "mismatch": "Untrusted"}
        if kind in words:
            summary(when, words[kind], kind in ("dane", "flaky", "half"))
        if kind == "mismatch":
            line(when + 1, relay, "!dane", "4.7.5", "deferred", "Server certificate not verified")
        elif kind == "refusing":
            line(when + 1, relay, "may", "5.1.1", "bounced", f"host mx1.{domain}[198.51.100.7] said: 550 5.1.1 no such user (in reply to RCPT TO"
                 " command)")
        else:
            feature = {"half": "dane:halfdane", "none": "may", "trusted": "may", "cleartext": "may:none"}.get(kind, "dane")
            line(when + 1, relay, feature, "2.0.0", "sent", "250 2.0.0 ok")

    def deliver_sendmail(self, host, when, queue_id, address, domain, kind):
        relay = f"mx1.{domain}."

        def line(at, where, dsn, text):
            host.say(at, "sm-mta", host.pid, f"{queue_id}: to=<{address}>, ctladdr=<x@{OUR_DOMAIN}>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp,"
                     f" pri=31000, relay={where}, dsn={dsn}, stat={text}")
        if kind == "flaky":
            line(when, relay, "4.0.0", f"Deferred: Connection timed out with mx1.{domain}.")
            when += 3 * 1800000
        if kind != "cleartext":
            host.say(when, "sm-mta", host.pid, f"STARTTLS=client, relay={relay}, version=TLSv1.3, verify={'OK' if kind == 'trusted' else 'FAIL'},"
                     " cipher=TLS_AES_256_GCM_SHA384, bits=256/256")
        if kind == "refusing":
            line(when + 1, f"{relay} [198.51.100.7]", "5.1.1", "User unknown")
        else:
            line(when + 1, f"{relay} [198.51.100.7]", "2.0.0", "Sent (ok)")

    def cron(self, host, when, number):
        """Mail that no milter sees; some of it leaves the house."""
        queue_id, leaves = self.queue_id(host, when, number) + "F", number % 4 == 0
        if host.name == "mx3":
            host.say(when, "sm-mta", 3998, f"{queue_id}: from=root, size=100, class=0, nrcpts=1, relay=root@localhost")
        else:
            host.say(when, "postfix/pickup", 901, f"{queue_id}: uid=0 from=<root>")
            host.say(when, "postfix/qmgr", 900, f"{queue_id}: from=<root@{host.full}>, size=100, nrcpt=1 (queue active)")
        if leaves:
            host.pid = 1000 + (host.pid - 999) % 30000
            self.deliver(host, when + 1, queue_id, "root@ops.example", "ops.example", "none")
            self.truth.sent("proven", ["tls-only"], ["ops.example"])
        elif host.name == "mx3":
            host.say(when + 1, "sm-mta", 3998, f"{queue_id}: to=root, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=30100, dsn=2.0.0, stat=Sent")
        else:
            host.say(when + 1, "postfix/local", 902, f"{queue_id}: to=<root@{host.full}>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0,"
                     " status=sent (delivered to mailbox)")
        for fact in ("accepted-by-mta", "accepted-without-audit-line", "deliveries",
                     "deliveries-without-audit-line" if leaves else "deliveries-local"):
            self.truth.facts[fact] += 1


def generate(folder, messages, seed=1, plain=False, hosts=HOSTS):
    """The truth, as tables by name; None where it is plain."""
    truth = Quarter(folder, messages, seed, plain, hosts).run()
    if plain:
        return None
    with open(os.path.join(folder, "truth.json"), "w", encoding="utf-8") as f:
        json.dump(truth.tables(), f, indent=1)
    return truth.tables()


def main():
    parser = argparse.ArgumentParser(description="Audit and MTA logs of a quarter, with the figures that must come out.")
    parser.add_argument("--messages", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("directory")
    options = parser.parse_args()
    generate(options.directory, options.messages, options.seed, options.plain, HOSTS[:1] if options.plain else HOSTS)


if __name__ == "__main__":
    main()

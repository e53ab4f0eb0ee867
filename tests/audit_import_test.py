#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""sluisctl audit import, into SQLite and into a PostgreSQL that the test starts: what goes in, once and whole, in whatever order and
pieces; which delivery belongs to which transaction; and what is no log line. Speaks TAP."""

import datetime
import gzip
import lzma
import json
import os
import pty
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TOP, folder) for folder in ("ctl", "lab", "tests")]
import audit_lines  # noqa: E402
import postgres_server  # noqa: E402
import sanitizer  # noqa: E402

SLUISCTL = os.path.abspath(os.path.join(os.environ.get("top_builddir", "."), "ctl", "sluisctl"))
DAY = 86400
NOON = int(time.time()) // DAY * DAY - 10 * DAY + 43200         # ten days ago
MEMORY_MAX_KIB = 1 << 40 if sanitizer.built_with(SLUISCTL) else 200 * 1024   # a sanitizer's own memory says nothing

FACTS = {
    "accepted": "(SELECT name FROM host h WHERE h.id = host_id), queue_id, source, time, message_id IS NULL",
    "delivery": "(SELECT name FROM host h WHERE h.id = host_id), queue_id, time, mta, agent, address, mark, relay_name, relay_address, relay_port, status, dsn, reply, tls,"
                " tls_feature, tls_match, tls_version, tls_cipher, tls_bits, message_id IS NULL, recipient, class, why, last",
}


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


class Sqlite:
    name = "SQLite"

    def make(self, folder):
        self.where = os.path.join(folder, "audit.db")
        return self.where

    def ask(self, sql):
        connection = sqlite3.connect(self.where)
        rows = [["" if value is None else str(value) for value in row] for row in connection.execute(sql)]
        connection.commit()
        connection.close()
        return rows


class Postgres:
    name = "PostgreSQL"

    def __init__(self, server):
        self.server = server

    def make(self, folder):
        self.database, address = self.server.make()
        return address

    def ask(self, sql):
        return self.server.run(sql, self.database)


class World:
    """A folder with a configuration, and an empty database."""

    def __init__(self, backend, addresses="domain", more=""):
        self.folder, self.backend = tempfile.mkdtemp(), backend
        self.where = backend.make(self.folder)
        self.config = self.write("sluis.conf", f'audit {{ log = "{self.folder}/none.jsonl" addresses = {addresses} {more} }}\n')

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, changed=NOON + DAY):
        data = content if isinstance(content, bytes) else content.encode()
        with open(self.path(name), "wb") as f:
            f.write(gzip.compress(data) if name.endswith(".gz") else lzma.compress(data) if name.endswith(".xz") else data)
        os.utime(self.path(name), (changed, changed))
        return self.path(name)

    def command(self, *words):
        return [SLUISCTL, "-c", self.config, "audit", "import", "--database", self.where, *words]

    def run(self, *words):
        """(exit status, standard output, standard error)"""
        done = subprocess.run(self.command(*words), capture_output=True, timeout=120, env=dict(os.environ, TZ="UTC"))
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def number(self, sql):
        return int(self.ask(sql)[0][0])

    def ask(self, sql):
        return self.backend.ask(sql)

    def classes(self, what="class"):
        """{(queue id, address): class} of what was the last attempt."""
        rows = self.ask(f"SELECT queue_id, address, {what} FROM delivery WHERE last = 1 ORDER BY id")
        return {(row[0], row[1]): row[2] for row in rows}

    def facts(self):
        """All that is proven, in an order of its own, without what tells one way of importing from another."""
        rows = {table: self.ask(f"SELECT {columns} FROM {table}") for table, columns in FACTS.items()}
        return {table: sorted("|".join({"t": "1", "f": "0"}.get(cell, cell) for cell in row) for row in found)
                for table, found in rows.items()}

    def set_key(self):
        """Marks as in every other database of this test."""
        self.run(self.write("empty", ""))
        self.ask("INSERT INTO setting (name, value) VALUES ('mark-key', '000102030405060708090A0B0C0D0E0F')")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


class Mail:
    """The log of a Postfix."""

    def __init__(self, host="mx1"):
        self.host, self.entries = host, []

    def add(self, when, program, text, pid=100):
        self.entries.append((when, program, pid, text))
        return self

    def accept(self, when, queue_id):
        self.add(when, "postfix/submission/smtpd", f"{queue_id}: client=pc.example.nl[10.0.0.5], sasl_method=PLAIN", 50)
        return self.add(when, "postfix/qmgr", f"{queue_id}: from=<jan@example.nl>, size=1, nrcpt=1 (queue active)", 51)

    def tls(self, when, word, host, pid, match=None):
        if match:
            self.add(when, "postfix/smtp", f"{host}[192.0.2.1]:25: Matched {match}", pid)
        return self.add(when, "postfix/smtp", f"{word} TLS connection established to {host}[192.0.2.1]:25: TLSv1.3 with cipher"
                        " TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519", pid)

    def deliver(self, when, queue_id, address, host, pid, status="sent", text="250 2.0.0 ok", dsn="2.0.0", more=""):
        relay = f"{host}[192.0.2.1]:25" if host else "none"
        return self.add(when, "postfix/smtp", f"{queue_id}: to=<{address}>, relay={relay}, delay=1, delays=0.1/0/0.5/0.4, {more}"
                        f"dsn={dsn}, status={status} ({text})", pid)

    def syslog(self, host=True):
        return [f"{utc(when):%b} {utc(when).day:2d} {utc(when):%H:%M:%S} {self.host + ' ' if host else ''}{program}[{pid}]: {text}"
                for when, program, pid, text in self.entries]

    def iso(self):
        return [f"{utc(when):%Y-%m-%dT%H:%M:%S}.123456+00:00 {self.host} {program}[{pid}]: {text}"
                for when, program, pid, text in self.entries]

    def journal(self):
        return [json.dumps({"__REALTIME_TIMESTAMP": str(when * 1000000 + 123456), "_HOSTNAME": self.host, "_PID": str(pid),
                            "SYSLOG_IDENTIFIER": program, "MESSAGE": text}) for when, program, pid, text in self.entries]

    def __str__(self):
        return text_of(self.syslog())


def text_of(lines):
    return "".join(line + "\n" for line in lines)


def audit(*messages, host="mx1.example.nl"):
    """Lines of outbound messages: (time, queue id, recipients)."""
    log = audit_lines.Log(host)
    for when, queue_id, recipients in messages:
        log.outbound(f"{utc(when):%Y-%m-%dT%H:%M:%S}.500Z", *recipients, queue_id=queue_id)
    return b"".join(line + b"\n" for line in log.lines)


def story():
    """A day of a Postfix and its audit log, with all that is hard to put together."""
    to = audit_lines.recipient
    dane = "DANE EE certificate at depth 0: 3 1 1 A0B1C2"
    mail = Mail().accept(NOON, "4Aq1").accept(NOON, "4Aq2")
    mail.tls(NOON + 1, "Verified", "mx1.dane.example", 201, dane).tls(NOON + 1, "Untrusted", "mx1.none.example", 202)
    mail.deliver(NOON + 1, "4Aq1", "b@none.example", "mx1.none.example", 202)
    mail.deliver(NOON + 1, "4Aq1", "a@dane.example", "mx1.dane.example", 201)
    mail.deliver(NOON + 1, "4Aq1", "c@dane.example", "mx1.dane.example", 201)
    mail.deliver(NOON + 2, "4Aq2", "d@dane.example", "mx1.dane.example", 201)      # the same process and relay, no TLS line
    mail.deliver(NOON + 2, "4Aq2", "e@late.example", None, 203, "deferred", "connect to mx: Connection refused", "4.4.1")
    mail.accept(NOON + 1800, "4Aq3")
    mail.tls(NOON + 1801, "Trusted", "mx1.half.example", 201, dane)
    mail.deliver(NOON + 1801, "4Aq3", "f@half.example", "mx1.half.example", 201)
    mail.tls(NOON + 3600, "Verified", "mx1.late.example", 204, dane)
    mail.deliver(NOON + 3600, "4Aq2", "e@late.example", "mx1.late.example", 204)
    mail.accept(NOON + 7200, "4Aq1")                                               # the queue id again
    mail.tls(NOON + 7201, "Verified", "mx1.dane.example", 205, "trust anchor at depth 2")
    mail.deliver(NOON + 7201, "4Aq1", "a@dane.example", "mx1.dane.example", 205)
    mail.add(NOON + 7300, "postfix/pickup", "4Aq9: uid=0 from=<root>").add(
        NOON + 7300, "postfix/qmgr", "4Aq9: from=<root@mx1>, size=1, nrcpt=1 (queue active)", 51)
    mail.add(NOON + 7300, "postfix/local", "4Aq9: to=<root@mx1>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok)")
    lines = audit((NOON, "4Aq1", [to("dane.example"), to("none.example", "none", "no-tlsa"), to("dane.example")]),
                  (NOON, "4Aq2", [to("dane.example"), to("late.example")]),
                  (NOON + 1800, "4Aq3", [to("half.example", "insecure-mx", "mx-insecure")]),
                  (NOON + 7200, "4Aq1", [to("dane.example")]))
    return mail, lines


STORY = [("4Aq1", "none.example", "tls-only"), ("4Aq1", "dane.example", "dane-verified"), ("4Aq1", "dane.example", "dane-verified"),
         ("4Aq2", "dane.example", "dane-available-not-used"), ("4Aq3", "half.example", "half-dane"),
         ("4Aq2", "late.example", "dane-verified"), ("4Aq1", "dane.example", "verified-other"), ("4Aq9", "mx1", "local")]


def told(world):
    return world.ask("SELECT queue_id, domain, class FROM delivery WHERE last = 1 ORDER BY time, id")


def wanted():
    return [list(row) for row in STORY]


def test_story(backend, point):
    mail, lines = story()
    with World(backend) as world:
        status, out, err = world.run(world.write("audit.jsonl", lines), world.write("mail.log", str(mail)))
        point(status == 0 and told(world) == wanted(), "each delivery has its class", status, out, err, told(world))
        rows = world.ask("SELECT d.queue_id, d.address, m.time - d.time, r.verdict FROM delivery d JOIN message m ON m.id ="
                         " d.message_id JOIN recipient r ON r.message_id = m.id AND r.number = d.recipient WHERE r.address = d.address")
        point(len(rows) == 8 and all(abs(int(row[2])) <= 3600500 for row in rows), "and its recipient of the message that was near", rows)
        point(world.number("SELECT count(DISTINCT recipient) FROM delivery WHERE queue_id = '4Aq1' AND domain = 'dane.example'") == 2,
              "two recipients of one domain are two")
        point(world.ask("SELECT queue_id, source, CASE WHEN message_id IS NULL THEN 0 ELSE 1 END FROM accepted ORDER BY id") ==
              [["4Aq1", "smtp", "1"], ["4Aq2", "smtp", "1"], ["4Aq3", "smtp", "1"], ["4Aq1", "smtp", "1"], ["4Aq9", "local", "0"]],
              "what the MTA took in", world.ask("SELECT * FROM accepted"))
        point(world.number("SELECT count(*) FROM delivery WHERE last = 0") == 1, "the attempt that was put off is not the last one")
        reply = subprocess.run([SLUISCTL, "-c", world.config, "audit", "report", "--database", world.where, "--format", "json"],
                               capture_output=True, text=True)
        proven = {row["class"]: row["recipients"] for row in json.loads(reply.stdout)["outbound"]["proven"]} if reply.stdout else {}
        point(proven == {"dane-verified": {"number": 3, "of": 7}, "tls-only": {"number": 1, "of": 7},
                         "dane-available-not-used": {"number": 1, "of": 7}, "half-dane": {"number": 1, "of": 7},
                         "verified-other": {"number": 1, "of": 7}}, "the report counts them", proven, reply.stderr)


def test_orders(backend, point):
    """The same facts come of the same lines, in whatever order and pieces."""
    mail, lines = story()
    entries = mail.syslog()

    def by_line(world):
        for count in [*range(1, len(entries), 2), len(entries)]:
            world.run(world.write("mail.log", text_of(entries[:count])))
        world.run(world.write("audit.jsonl", lines))

    def mail_first(world):
        world.run(world.write("mail.log", str(mail)))
        world.run(world.write("audit.jsonl", lines))

    def rotated(world):
        world.run(world.write("audit.jsonl.gz", lines))
        half = len(entries) // 2
        world.run(world.write("mail.log", text_of(entries[half:])), world.write("mail.log.1.gz", text_of(entries[:half])))

    def twice(world):
        for name in ("mail.log", "mail.log.1", "mail.log.2.gz"):
            world.run(world.write(name, str(mail)), world.write("audit.jsonl", lines))

    def overlapping(world):
        world.run(world.write("audit.jsonl", lines), world.write("a.log", text_of(entries[:15])))
        world.run(world.write("b.log", text_of(entries[3:])))

    def iso(world):
        world.run(world.write("audit.jsonl", lines), world.write("mail.log", str(mail)))
        status, out, err = world.run(world.write("iso.log", text_of(mail.iso())), world.write("journal.json", text_of(mail.journal())))
        point(status == 0 and "known already" in out, "lines that come in other forms too are known", out, err)

    with World(backend).set_key() as world:
        world.run(world.write("audit.jsonl", lines), world.write("mail.log", str(mail)))
        first = world.facts()
    for way in (by_line, mail_first, rotated, twice, overlapping, iso):
        if way is by_line and backend.name != "SQLite":
            continue                                     # slow, and nothing in it is of the database
        with World(backend).set_key() as world:
            way(world)
            found = world.facts()
            for table in FACTS:
                differ = [f"- {row}" for row in first[table] if row not in found[table]] + \
                    [f"+ {row}" for row in found[table] if row not in first[table]]
                point(found[table] == first[table], f"{way.__name__}: the same rows of {table}", *differ)


def test_forms(backend, point):
    mail, lines = story()
    for name, entries, words in (("syslog", mail.syslog(), []), ("RFC 3339", mail.iso(), []), ("journal", mail.journal(), []),
                                 ("no host", mail.syslog(host=False), ["--host", "mx1.example.nl"])):
        with World(backend) as world:
            status, out, err = world.run(*words, world.write("mail.log", text_of(entries)), world.write("audit.jsonl", lines))
            point(status == 0 and told(world) == wanted(), f"{name} is read", status, out, err, told(world))
    with World(backend) as world:
        status, out, err = world.run(world.write("mail.log", text_of(mail.syslog(host=False))))
        point(status == 65 and "names no host" in err, "a log without a host asks for its name", out, err)
    with World(backend) as world:
        log = [f"{utc(NOON):%b} {utc(NOON).day:2d} 12:00:00 mx1 sluisd[7]: {line.decode()}" for line in lines.splitlines()]
        world.run(world.write("mail.log", text_of(log)))
        point(world.number("SELECT count(*) FROM message") == 4, "an audit log that went to syslog is found there")


def test_files(backend, point):
    to = audit_lines.recipient
    lines = audit(*((NOON + i, f"4A{i}", [to("dane.example")]) for i in range(6))).splitlines(keepends=True)
    with World(backend) as world:
        log = world.write("audit.jsonl", b"".join(lines[:3]) + lines[3][:40])
        status, out, _ = world.run(log)
        point(status == 0 and out.startswith("3 lines, 3 with facts, 0 skipped"), "a torn last line is not a line yet", out)
        status, out, _ = world.run(world.write("audit.jsonl", b"".join(lines[:5])))
        point(out.startswith("2 lines, 2 with facts"), "a file that has grown gives what is new", out)
        os.rename(log, world.path("audit.jsonl.1"))
        status, out, _ = world.run(world.path("audit.jsonl.1"), world.write("audit.jsonl.2.gz", b"".join(lines[:5])),
                                   world.write("audit.jsonl.3.xz", b"".join(lines[:5])))
        point(out.startswith("0 lines"), "under another name, and compressed, it is the same file", out)
        status, out, _ = world.run(world.write("copy.jsonl", b"".join(lines[2:])))
        point("4 lines, 1 with facts, 0 skipped, 3 known already" in out, "lines of another file are not counted twice", out)
        point(world.number("SELECT count(*) FROM message") == 6, "all lines are in, once")
        twice = audit(*((NOON + 90 + i, f"4E{i}", []) for i in range(3))) * 2
        status, out, _ = world.run(world.write("twice.jsonl", twice))
        point("6 lines, 3 with facts, 0 skipped, 3 known" in out, "lines that stand in a file twice are not counted twice", out)
        changed = b"".join(lines[:5]).replace(b"4A4", b"4A9")
        status, out, err = world.run(world.write("audit.jsonl", changed))
        point(status == 66 and "was changed since its last import" in err, "a file that was changed is refused", status, err)
        status, out, err = world.run(world.write("audit.jsonl", lines[0]))
        point(status == 66 and "is shorter than it was" in err, "as is one that was cut", status, err)
        status, out, err = world.run(world.path("missing.jsonl"), world.folder)
        point(status == 66 and "No such file" in err and "not a regular file" in err, "and what is no file", status, err)
        whole = gzip.compress(b"".join(audit(*((NOON + i, "4B1", []) for i in range(2000))).splitlines(keepends=True)))
        with open(world.path("cut.gz"), "wb") as f:
            f.write(whole[:len(whole) // 2])
        status, out, err = world.run(world.path("cut.gz"))
        point(status == 66 and "the compressed file is cut off" in err, "a compressed file that is cut off is told of", status, out, err)
        status, out, err = world.run(world.write("empty.jsonl", b""), world.write("empty.gz", b""))
        point(status == 0 and not err, "an empty file is no trouble", status, err)
        point(world.number("SELECT count(*) FROM file") == 4, "what was refused is not in the database",
              world.ask("SELECT path, lines FROM file"))


HOSTILE = [
    b"\x1b[2J\x1b]0;title\x07 not a line", b"Nov 24 10:00:00 mx1 postfix/smtp[1]: 4C1: to=<a@b", b"{\"v\":1,\"seq\":1", b"[]", b"{}",
    b"{\"v\":2,\"seq\":1}", b"\xff\xfe\x00", b"Nov 24 10:00:00", b"x" * 3000000,
    b"{\"__REALTIME_TIMESTAMP\":\"x\",\"MESSAGE\":1}", b"{\"v\":1,\"seq\":-1,\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"message\"}",
    b"[" * 100000, b"{\"v\":1,\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"message\",\"direction\":\"\\u0000\"}",
]


def test_hostile(backend, point):
    with World(backend, addresses="full") as world:
        good = audit((NOON, "4C1", [audit_lines.recipient("b.example")]))
        status, out, err = world.run(world.write("bad.log", good + b"\n".join(HOSTILE) + b"\n"))
        point(status == 65 and f"{len(HOSTILE)} skipped" in out, "what is no log line is counted", status, out, err)
        point("\x1b" not in err and "bad.log:2: skipped" in err, "and shown with file and line, without what was in it", err)
        point(world.number("SELECT count(*) FROM problem") == len(HOSTILE), "and noted in the database")
        evil = "'; DROP TABLE delivery; --\x1b[31m\xe9\u202e\t\\"
        mail = Mail().accept(NOON, "4C1").tls(NOON, "Verified", "mx\x1b1\u202e", 7)
        mail.deliver(NOON, "4C1", evil + "@b.example", "mx\x1b1\u202e", 7, text=evil)
        status, out, err = world.run(world.write("mail.log", str(mail).encode("latin-1", "replace")))
        rows = world.ask("SELECT address, reply, relay_name FROM delivery")
        point(status == 0 and len(rows) == 1 and "DROP TABLE" in rows[0][0] and not any("\x1b" in cell or "\t" in cell for cell in rows[0]),
              "text of strangers is stored as text, on one printable line", status, err, rows)
        log = "".join(f"{utc(NOON):%b} {utc(NOON).day:2d} 12:00:{i % 60:02d} mx1 postfix/smtp[{i}]: " + "A" * (i * 7 % 3000) + ": to=<" * (i % 9) + "\n"
                      for i in range(3000))
        status, out, err = world.run(world.write("noise.log", log))
        point(status in (0, 65), "noise does no harm", status, out)


def test_addresses(backend, point):
    key = b"k1 " + os.urandom(32).hex().encode() + b"\n"
    for addresses in ("domain", "full", "pseudonym"):
        more = ""
        with World(backend) as plain:
            keyfile = plain.write("key", key)
            os.chmod(keyfile, 0o600)
            if addresses == "pseudonym":
                more = f'pseudonym-key = "{keyfile}"'
            with World(backend, addresses, more) as world:
                mail = Mail().accept(NOON, "4D1").accept(NOON, "4D2")
                for queue_id in ("4D1", "4D2"):
                    mail.deliver(NOON, queue_id, "Jan@B.example", "mx", 7).deliver(NOON, queue_id, "piet@b.example", "mx", 7)
                status, out, err = world.run(world.write("mail.log", str(mail)))
                told_as = {row[0] for row in world.ask("SELECT address FROM delivery")}
                right = {"domain": told_as == {"b.example"}, "full": told_as == {"Jan@B.example", "piet@b.example"},
                         "pseudonym": len(told_as) == 2 and 
                         all(a.endswith("@b.example") and "jan" not in a.lower() and len(a) >= 26 for a in told_as)}
                point(status == 0 and right[addresses], f"recipients are told as audit.addresses = {addresses} says", told_as, err)
                point(world.number("SELECT count(DISTINCT mark) FROM delivery") == 4, f"{addresses}: marks differ by recipient and message")


def test_next_hops(backend, point):
    to = audit_lines.recipient
    hops = ("partner.example.", "Partner.Example", "partner.example", None, "[partner.example]", "relay.example:587", "[192.0.2.1]")
    with World(backend) as world:
        status, _, err = world.run(world.write("audit.jsonl", audit((NOON, "4A1", [to("partner.example", next_hop=hop) for hop in hops]))))
        own = [hop for hop, in world.ask("SELECT coalesce(next_hop, '-') FROM recipient ORDER BY number")]
        point(own == ["partner.example"] * 3 + ["-", *hops[4:]], "the recipient's domain as next hop has one form", status, err, own)
        relays = {tuple(row) for row in world.ask("SELECT domain, relay FROM daily_outbound")}
        point(relays == {("partner.example", relay) for relay in ("", *hops[4:])}, "what is another one is a relay", relays)


def test_postconf(backend, point):
    mail = Mail().accept(NOON, "4E1").tls(NOON, "Verified", "mx1.dane.example", 7).deliver(NOON, "4E1", "a@dane.example", "mx1.dane.example", 7)
    lines = audit((NOON, "4E1", [audit_lines.recipient("dane.example")]))
    quiet = Mail().accept(NOON, "4E1").deliver(NOON, "4E1", "a@dane.example", "mx1.dane.example", 7)
    rows = (("smtp_tls_security_level = dane\nsmtp_tls_loglevel = 1\n", mail, "dane", "dane-verified"),
            ("smtp_tls_security_level = dane\nsmtp_tls_policy_maps = hash:/etc/postfix/policy\n", mail, "policy", "verified-other"),
            ("smtp_tls_security_level = dane\nsmtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix\n", mail, "mta-sts",
             "verified-other"),
            ("myhostname = mx1\n", quiet, "none", "dane-available-not-used"),
            ("smtp_tls_security_level = dane\nsmtp_tls_loglevel = summary,certmatch\n", quiet, "dane", "dane-available-not-used"),
            ("smtp_tls_security_level = dane\n", quiet, "dane", "unknown"))
    for settings, log, level, word in rows:
        with World(backend) as world:
            world.run("--postconf", world.write("postconf", settings), world.write("mail.log", str(log)), world.write("audit.jsonl", lines))
            found = world.ask("SELECT tls_level, class FROM delivery")
            point(found == [[level, word]], f"postconf {' '.join(settings.split())[:70]}: {word}", found)
    with World(backend) as world:
        status, _, err = world.run("--postconf", world.write("postconf", "hello\n"), world.write("mail.log", str(mail)))
        point(status == 66 and "not the output of postconf" in err, "something else than the output of postconf is refused", err)


def test_hosts(backend, point):
    """Short and long names are one host; a queue id of another host is another message."""
    mail = Mail("mx2").accept(NOON, "4F1").deliver(NOON, "4F1", "a@dane.example", "mx1.dane.example", 7)
    to = [audit_lines.recipient("dane.example")]
    for host, joined in (("mx2.example.nl", True), ("MX2", True), ("mx1.example.nl", False), ("mx22.example.nl", False), ("example.nl", False)):
        with World(backend) as world:
            world.run(world.write("audit.jsonl", audit((NOON, "4F1", to), host=host)), world.write("mail.log", str(mail)))
            found = world.number("SELECT count(*) FROM delivery WHERE message_id IS NOT NULL")
            point(found == joined, f"mx2 is {'' if joined else 'not '}{host}")
    with World(backend) as world:
        world.run("--host", "example.nl", world.write("audit.jsonl", audit((NOON, "4F1", to), host="example.nl")), world.write("mail.log", str(mail)))
        point(world.number("SELECT count(*) FROM delivery WHERE message_id IS NOT NULL") == 1, "--host says whose log it is")


def test_killed(backend, point):
    to = [audit_lines.recipient(f"domain{i}.example") for i in range(3)]
    log = audit(*((NOON + i // 10, f"4G{i}", to) for i in range(6000)))
    rounds, seen = 0, set()
    with World(backend) as world:
        world.run(world.write("a.jsonl", log[:len(log) // 4]))
        before = world.number("SELECT count(*) FROM message")
        second = world.write("b.jsonl", audit(*((NOON + 9999 + i // 10, f"4H{i}", to) for i in range(6000)), host="mx2.example.nl"))
        for wait in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6):
            process = subprocess.Popen(world.command(second), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            rounds += process.wait() == -signal.SIGKILL
            seen.add(world.number("SELECT count(*) FROM message") - before)
        point(rounds > 0 and seen <= {0, 6000}, "killed at any moment, a file is in whole or not at all", rounds, seen)
        status, out, err = world.run(second)
        point(status == 0 and world.number("SELECT count(*) FROM message") == before + 6000 and
              world.number("SELECT count(*) FROM recipient") == 3 * (before + 6000), "and the next import ends it", status, out, err)


def test_progress(backend, point):
    with World(backend) as world:
        log = world.write("audit.jsonl", audit(*((NOON + i, f"4K{i}", []) for i in range(9000))))
        master, terminal = pty.openpty()
        process = subprocess.Popen(world.command(log), stdout=subprocess.DEVNULL, stderr=terminal)
        os.close(terminal)
        seen = b""
        try:
            while piece := os.read(master, 4096):
                seen += piece
        except OSError:                                  # how Linux tells that the other end is closed
            pass
        os.close(master)
        point(process.wait() == 0 and b"\r\x1b[K[" in seen and b"% " in seen and seen.endswith(b"\r\x1b[K"),
              "a terminal is shown a progress bar, which goes away at the end", seen)
    with World(backend) as world:
        status, _, err = world.run(world.write("audit.jsonl", audit(*((NOON + i, f"4K{i}", []) for i in range(9000)))))
        point(status == 0 and not err, "a file is not", err)


def test_memory(backend, point):
    to = [audit_lines.recipient(f"domain{i}.example") for i in range(3)]
    mail = Mail()
    for i in range(20000):
        mail.tls(NOON + i // 10, "Verified", f"mx{i % 500}.example", i)
        mail.deliver(NOON + i // 10, f"4J{i}", f"a@domain{i % 500}.example", f"mx{i % 500}.example", i)
    with World(backend) as world:
        many = audit((NOON - 1, "4JX", [audit_lines.recipient("big.example")] * 20000))
        files = [world.write("audit.jsonl", many + audit(*((NOON + i // 10, f"4J{i}", to) for i in range(10000)))), world.write("mail.log", str(mail))]
        status, out, err = world.run(*files)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        point(status == 0 and used < MEMORY_MAX_KIB, "memory does not grow with the log", status, err, f"{used} KiB")
        point(world.number("SELECT count(*) FROM delivery WHERE message_id IS NOT NULL") == 10000 and
              world.number("SELECT count(*) FROM delivery WHERE recipient IS NOT NULL") == 60 and
              world.number("SELECT count(*) FROM recipient") == 50000, "all is there")


TESTS = (test_story, test_orders, test_forms, test_files, test_hostile, test_addresses, test_next_hops, test_postconf, test_hosts, test_killed,
         test_progress, test_memory)


def main():
    count, failed = 0, 0

    def point(right, text, *notes):
        nonlocal count, failed
        count += 1
        failed += not right
        print(f"{'ok' if right else 'not ok'} {count} - {backend.name}: {text}", flush=True)
        for note in notes if not right else ():
            print("# " + str(note)[:3000].replace("\n", "\n# "))

    server = None
    backends = [Sqlite()]
    try:
        server = postgres_server.Server()
        backends.append(Postgres(server))
    except postgres_server.Missing as missing:
        print(f"ok 1 - PostgreSQL # SKIP {missing}")
        count = 1
    try:
        for backend in backends:
            for test in TESTS:
                try:
                    test(backend, point)
                except Exception:
                    point(False, f"{test.__name__} comes to its end", traceback.format_exc())
    finally:
        if server:
            server.stop()
    print(f"1..{count}")
    sys.exit(1 if failed else 0)


main()

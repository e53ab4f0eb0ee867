# SPDX-License-Identifier: BSD-2-Clause
"""sluisctl audit show: from logs, from the database and from both, what it tells, and that no mail can write to a terminal."""

import copy
import json
import lzma
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import audit_lines  # noqa: E402
import points  # noqa: E402

SLUISCTL = os.path.abspath(os.path.join(os.environ.get("top_builddir", "."), "ctl", "sluisctl"))
FAIL = {"result": "fail", "policy": "reject", "policy_domain": "forged.example", "organizational_domain": "forged.example",
        "aligned_spf": False, "aligned_dkim": False, "dnssec": "secure", "override": "local_policy", "why": "neither"}
HOSTILE = "\x1b[2J\x9b31m\u202e\r\n  decided     refused\x07\u2028\"}{\\%n%s"


class World:
    """A log in two files, the older one compressed, and a configuration that names it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.database = self.path("audit.db")
        with open(self.path("sluis.conf"), "w") as f:
            f.write(f'audit {{ log = "{self.path("audit.jsonl")}" }}\n'
                    'domain "partner.example" { standard = {"dane"} level = reject }\n'
                    'exception "2026-014" { domain = {"forged.example"} standard = {"dmarc"} level = annotate\n'
                    '  reason = "supplier migrates" owner = "CISO" until = "2099-06-30" }\n')
        self.log = log = audit_lines.Log()
        log.write("2026-10-01T09:00:00.000Z", "start", version="0.1.0", servers="recursive", config="ab" * 32)
        log.inbound("2026-10-02T10:00:00.000Z", queue_id="4In1", message_id="<same@sender.example>")
        log.inbound("2026-10-03T10:00:00.000Z", queue_id="4In2", author_domain="forged.example", dmarc=FAIL, would="reject",
                    rule="exception 2026-014 dmarc=annotate", exception="2026-014")
        log.outbound("2026-10-04T10:00:00.000Z", audit_lines.recipient("partner.example", "none", "no-tlsa", "no TLSA"),
                     queue_id="4Out1")
        log.save(self.path("old"))
        with open(self.path("old"), "rb") as f, lzma.open(self.path("audit.jsonl.2.xz"), "wb") as out:
            shutil.copyfileobj(f, out)
        os.remove(self.path("old"))
        log.write("2026-11-01T09:00:00.000Z", "reload", config="cd" * 32)
        log.inbound("2026-11-02T10:00:00.000Z", queue_id="4In3", message_id="<same@sender.example>", action="defer",
                    reply="451 4.4.3 later")
        log.outbound("2026-11-03T10:00:00.000Z", audit_lines.recipient("partner.example"),
                     audit_lines.recipient("other.example", "none", "domain-unsigned", action="reject", would="reject",
                                           reply="550 5.7.0 no DANE", rule="outbound dane=reject"), queue_id="4Out2")
        log.save(self.path("audit.jsonl"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words, status=0):
        done = subprocess.run([SLUISCTL, "-c", self.path("sluis.conf"), "audit", *words], capture_output=True, timeout=60)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == status, f"{words}: {done.returncode}\n{out}\n{err}"
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", out + err), ascii(out + err)
        return out if status == 0 else out + err

    def show(self, *words, status=0):
        return self.run("show", *words, status=status)

    def facts(self, *words):
        return [json.loads(line) for line in self.show("--json", *words).splitlines()]

    def store(self, *names):
        self.run("import", "--database", self.database, *map(self.path, names))

    def ask(self, question, *values):
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute(question, values).fetchall()
        connection.close()
        return rows

    def deliver(self, number, queue_id, domain, kind, recipient=0, message="id", **more):
        """A delivery, 5 seconds after the message."""
        row = {"agent": "smtp", "address": domain, "domain": domain, "relay_name": f"mx1.{domain}", "relay_address": "198.51.100.1",
               "relay_port": 25, "status": "sent", "dsn": "2.0.0", "reply": "250 ok", "tls": "verified", "tls_version": "TLSv1.3",
               "why": "certmatch", "class": kind, "recipient": recipient} | more
        self.ask(f"INSERT INTO delivery (id, file_id, line, time, host_id, queue_id, mta, mark, last, message_id,"
                 f" {', '.join(row)}) SELECT ?, 1, ?, time + 5000, host_id, ?, 'postfix', ?, 1, {message},"
                 f" {', '.join('?' * len(row))} FROM message WHERE queue_id = '4Out2'", number, 90 + number, queue_id, number,
                 *row.values())


def has(told, *pieces):
    at = 0
    for piece in pieces:
        found = re.sub(r"\s+", " ", told).find(piece, at)
        assert found >= 0, f"no {piece!r} (in this order) in\n{told}"
        at = found


def equal(found, wanted):
    assert found == wanted, f"{found} is not {wanted}"


def a_message_from_the_log_alone(world):
    told = world.show("4In2")
    has(told, "Inbound message 4In2 at mx1.example.nl, 2026-10-03T10:00:00.000Z", f"{world.path('audit.jsonl.2.xz')}:3 (seq 3)",
        "SHA-256 " + "ab" * 32, f"the start of 2026-10-01T09:00:00.000Z: {world.path('audit.jsonl.2.xz')}:1",
        "192.0.2.25, mail.sender.example, which called itself", "TLSv1.3, TLS_AES_256_GCM_SHA384, 256 bits", "good",
        "author forged.example", "SPF pass, sender sender.example: the domain says that this client may send for it; by DNS data "
        "that DNSSEC secures; ip4:192.0.2.25", "SPF none, HELO name", "DKIM pass, signature of sender.example, selector s1, 2048 bits",
        "DMARC fail: neither SPF nor DKIM", "policy reject of forged.example; SPF does not align",
        'decided accepted, by rule "exception 2026-014 dmarc=annotate"', "mode enforce would have refused it",
        "exception 2026-014: dmarc=annotate until 2099-06-30; as configured now; reason: supplier migrates; owner: CISO",
        "looked in no database and in 2 log files")


def a_message_out_tells_each_recipient(world):
    told = world.show("4Out2")
    has(told, "Outbound message 4Out2", "SHA-256 " + "cd" * 32, "the reload of", "to partner.example",
        "DANE dane (it can be reached over DANE)", "10 mx1.partner.example: address secure, TLSA usable at mx1.partner.example",
        "proven nothing: no line of an MTA's log", "to other.example",
        "none (it cannot be reached over DANE); first missing link: domain-unsigned (the domain is not signed",
        'decided refused, by rule "outbound dane=reject"', "reply 550 5.7.0 no DANE", "would have done the same")


def what_is_proven_and_whether_it_agrees(world):
    world.store("audit.jsonl.2.xz", "audit.jsonl")
    world.deliver(1, "4Out2", "partner.example", "plaintext", tls="none")
    world.deliver(2, "4Out2", "partner.example", "dane-verified")
    world.deliver(3, "4Out2", "alias.example", "tls-only", recipient=None)
    world.ask("INSERT INTO accepted (id, file_id, line, time, host_id, queue_id, source, message_id) SELECT 1, 1, 89, time, host_id,"
              " '4Out2', 'smtp', id FROM message WHERE queue_id = '4Out2'")
    told = world.show("4Out2", "--database", world.database)
    has(told, "taken in 2026-11-03T10:00:00.000Z by the MTA, over SMTP: ", ":89", "to partner.example",
        'left 2026-11-03T10:00:05.000Z by mx1.partner.example[198.51.100.1]:25: sent 2.0.0, "250 ok"', "TLS none, TLSv1.3",
        "proven plaintext (without TLS); certmatch", "DISAGREES what was assessed (dane) and what is proven (plaintext) do not fit",
        ":91", "proven dane-verified (over TLS with a server that DANE authenticated)", "agrees", ":92", "to other.example",
        "to alias.example, which the audit log does not tell of", "proven tls-only", ":93", "looked in the database")
    fact = world.facts("4Out2", "--database", world.database)[0]
    equal([d["class"] for d in fact["recipients"][0]["deliveries"]], ["plaintext", "dane-verified"])
    equal([d["line"] for d in fact["other_deliveries"]], [93])
    equal((fact["file"], fact["line"], fact["source"]), (world.path("audit.jsonl"), 3, "database"))


def the_settings_are_those_of_the_daemon_itself(world):
    """Its first events bear another name than its messages; and another daemon has started since."""
    log = audit_lines.Log("machine7")
    log.write("2026-11-08T09:00:00.000Z", "start", config="ef" * 32)
    log.host = "mx7.example.nl"
    log.write("2026-11-08T09:00:01.000Z", "start", config="00" * 32, pid=7)
    log.inbound("2026-11-08T10:00:00.000Z", queue_id="9Named")
    log.save(world.path("named"))
    has(world.show("9Named", "--log", world.path("named")), "SHA-256 " + "ef" * 32)


def by_message_id(world):
    for word in ("<same@sender.example>", "same@sender.example"):
        facts = world.facts(word)
        equal([fact["queue_id"] for fact in facts], ["4In1", "4In3"])
    has(world.show("same@sender.example"), "deferred: the client was told to try again later", "reply 451 4.4.3 later")


def by_address_as_the_log_tells_it(world):
    log = audit_lines.Log("mx2.example.nl")
    for number, key in enumerate(("k1", "k2", "k2")):
        log.outbound(f"2026-11-07T10:00:0{number}.000Z", audit_lines.recipient("partner.example", address=f"abcd+{key}@partner.example"),
                     queue_id=f"8P{number}", mail_from=f"ef01+{key}@example.nl")
    log.save(world.path("told"))
    for word in ("abcd+k2@partner.example", "ef01+k2@example.nl"):
        equal([f["queue_id"] for f in world.facts(word, "--log", world.path("told"))], ["8P1", "8P2"])


def nothing_found(world):
    for word in ("4In", "4In11", "nobody@sender.example", "nobody.example", "\x1b[2J", "in2"):
        has(world.show(word, status=1), "nothing is known of", "looked in no database and in 2 log files")


def a_correspondent(world):
    world.store("audit.jsonl.2.xz")
    told = world.show("Partner.Example.")
    has(told, "partner.example As destination of outbound mail, recipients by month", "2026-10 accepted 1; assessed none 1",
        "2026-11 accepted 1; assessed dane 1", "DANE over time", "none from 2026-10-04T10:00:00.000Z to", "first missing link: no-tlsa",
        f"first seen at {world.path('audit.jsonl.2.xz')}:4", "dane from 2026-11-03T10:00:00.000Z",
        f"first seen at {world.path('audit.jsonl')}:3", "rule domain partner.example dane=reject: ", ":2", "Last messages, the newest",
        "outbound 4Out2: 2026-11-03T10:00:00.000Z, mx1.example.nl, DANE dane, accepted", "outbound 4Out1")
    has(world.show("forged.example"), "As author of inbound mail", "2026-10 accepted 1; SPF pass 1; DKIM pass 1; DMARC fail 1; "
        "policy reject 1; TLS good 1", "exception 2026-014, in force: dmarc=annotate", "inbound 4In2")


def the_period_counts(world):
    equal([f["queue_id"] for f in world.facts("same@sender.example", "--to", "2026-10-31")], ["4In1"])
    fact = world.facts("partner.example", "--from", "2026-11-01")[0]
    equal([row["verdict"] for row in fact["dane"]], ["dane"])
    world.show("4In1", "--from", "2026-10-03", status=1)


def log_and_database_are_told_once(world):
    world.store("audit.jsonl.2.xz", "audit.jsonl")
    world.log.outbound("2026-11-04T10:00:00.000Z", audit_lines.recipient("partner.example"), queue_id="4Out2")
    with open(world.path("audit.jsonl"), "ab") as f:
        f.write(world.log.lines[-1] + b"\n")
    words = ("--database", world.database, "--log", world.path("audit.jsonl"), world.path("audit.jsonl.2.xz"))
    facts = world.facts("4Out2", *words)
    equal([(f["source"], f["line"]) for f in facts], [("database", 3), ("log", 4)])
    fact = world.facts("partner.example", *words)[0]
    equal([(c["month"], c["messages"]) for c in fact["counts"] if c["subject"] == "action"], [("2026-10", 1), ("2026-11", 2)])
    equal([(s["verdict"], s["recipients"]) for s in fact["dane"]], [("none", 1), ("dane", 2)])
    equal([m["source"] for m in fact["messages"]], ["log", "database", "database"])


def files_in_the_database_are_not_read_again(world):
    for name in ("audit.jsonl.2.xz", "audit.jsonl"):
        os.utime(world.path(name), (1700000000, 1700000000))
    world.store("audit.jsonl.2.xz")
    has(world.show("4In1", "--database", world.database, "--log", world.path("audit.jsonl.2.xz"), world.path("audit.jsonl")),
        "and in 1 log file (1 more are in the database)")
    # But for what was removed from there.
    world.ask("INSERT INTO pruned (id, time, class, first_time, last_time, days, messages, events, accepted, deliveries, counts)"
              " VALUES (1, 1, 'lines', 1, 1759300000000 + 86400000 * 400, 1, 1, 1, 1, 1, 1)")
    world.ask("DELETE FROM message")
    has(world.show("4In1", "--database", world.database, "--log", world.path("audit.jsonl.2.xz")), "and in 1 log file")


def what_was_removed_is_in_the_counts(world):
    world.store("audit.jsonl.2.xz", "audit.jsonl")
    words = ("--database", world.database)
    before = [world.facts(domain, *words)[0]["counts"] for domain in ("partner.example", "forged.example", "sender.example")]
    assert len(before[0]) > 3 and len(before[1]) > 5
    world.run("prune", *words, "--lines", "10")
    equal([world.facts(domain, *words)[0]["counts"] for domain in ("partner.example", "forged.example", "sender.example")], before)
    equal(world.facts("partner.example", *words)[0]["dane"], [])


def the_mta_alone_knows_it(world):
    world.store("audit.jsonl")
    world.deliver(1, "5Only", "partner.example", "tls-only", message="NULL", recipient=None)
    has(world.show("5Only", "--database", world.database), "Message 5Only: no line of an audit log tells of it", "proven tls-only")
    # A message that is in the log alone, and its delivery in the database alone.
    world.log.outbound("2026-11-03T09:59:59.000Z", audit_lines.recipient("partner.example"), queue_id="5Only")
    world.log.save(world.path("new"))
    fact = world.facts("5Only", "--database", world.database, "--log", world.path("new"))[0]
    equal([d["class"] for d in fact["other_deliveries"]], ["tls-only"])


def no_mail_writes_to_the_terminal(world):
    def poison(value):
        if isinstance(value, str):
            return HOSTILE
        if isinstance(value, list):
            return [poison(item) for item in value]
        return {key: poison(item) for key, item in value.items()} if isinstance(value, dict) else value
    log = audit_lines.Log(HOSTILE)
    log.write("2026-11-05T09:00:00.000Z", "start", version=HOSTILE, servers=HOSTILE, config=HOSTILE)
    for whole in (audit_lines.INBOUND, audit_lines.OUTBOUND):
        members = poison(copy.deepcopy(whole)) | {"direction": whole["direction"], "queue_id": "6Evil",
                                                  "author_domain": "evil.example"}
        evil = poison(audit_lines.recipient("evil.example", why="x")) | {"domain": "evil.example"}
        log.write("2026-11-05T10:00:00.000Z", **members | {"recipients": [evil], "exception": HOSTILE, "reply": HOSTILE})
    log.save(world.path("evil\x1b[2J"))
    log.lines = [b"", b"{", b"\xff\xfe", b'{"v":1,"seq":1,"time":"x","event":"message"}', b'["6Evil"]', b'{"event":"message","6Evil":1}',
                 b'{"v":1,"seq":3,"time":"2026-11-05T11:00:00.000Z","event":"message","direction":"inbound","queue_id":"6Evil",'
                 b'"recipients":{},"spf":7,"dkim":[[]],"dmarc":[],"client":"x","tls":3}', b"{" * 3000]
    log.save(world.path("damaged"))
    names = (world.path("evil\x1b[2J"), world.path("damaged"))
    told = world.show("6Evil", "--log", *names)
    assert not re.search(r"(?m)^  decided     refused$", told), told
    has(told, "Inbound message 6Evil", "Outbound message 6Evil", "Inbound message 6Evil")
    equal(len(world.facts("6Evil", "--log", *names)), 3)
    world.show("evil.example", "--log", *names)
    world.facts("evil.example", "--log", *names)
    world.run("import", "--database", world.database, *names, status=65)
    world.show("6Evil", "--database", world.database)
    world.show("evil.example", "--database", world.database)


def of_very_many_the_newest_are_told(world):
    log = audit_lines.Log("mx3.example.nl")
    for number in range(120):
        log.inbound(f"2026-11-06T10:{number // 60:02}:{number % 60:02}.000Z", queue_id="7Many")
    log.save(world.path("many"))
    told = world.show("7Many", "--log", world.path("many"))
    has(told, "There are 120; these are the newest.")
    equal(told.count("Inbound message"), 50)
    assert ":120 (seq 120)" in told and ":70 (seq" not in told


def troubles_are_told(world):
    has(world.show("4In1", "--database", world.path("none.db"), status=69), "none.db")
    has(world.show("4In1", "--log", world.path("none"), world.path("audit.jsonl.2.xz"), status=66), "Inbound message 4In1", "none: No such")
    told = world.show("4In1", "--database", "postgresql://me:secret@/x?host=" + world.path("none"), status=69)
    assert "secret" not in told and "PostgreSQL server" in told, told
    with open(world.path("junk.db"), "wb") as f:
        f.write(b"junk" * 1000)
    has(world.show("4In1", "--database", world.path("junk.db"), status=69), "junk.db")
    for words in ((), ("",), ("a..b.c",), ("4In1", "--from", "2026-11-02", "--to", "2026-11-01"), ("4In1", "--from", "x"), ("--no",)):
        world.show(*words, status=64)


TESTS = (a_message_from_the_log_alone, a_message_out_tells_each_recipient, what_is_proven_and_whether_it_agrees,
         the_settings_are_those_of_the_daemon_itself, by_message_id, by_address_as_the_log_tells_it, nothing_found,
         a_correspondent, the_period_counts, log_and_database_are_told_once, files_in_the_database_are_not_read_again,
         what_was_removed_is_in_the_counts, the_mta_alone_knows_it, no_mail_writes_to_the_terminal,
         of_very_many_the_newest_are_told, troubles_are_told)


if __name__ == "__main__":
    sys.exit(points.run(TESTS, World))

# SPDX-License-Identifier: BSD-2-Clause
"""sluisctl audit prune and audit hold: what goes, what is counted before, what stays, and that half of it never happens."""

import datetime
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import audit_lines  # noqa: E402
import points  # noqa: E402

SLUISCTL = os.path.abspath(os.path.join(os.environ.get("top_builddir", "."), "ctl", "sluisctl"))
DAY = 86400000
TODAY = int(time.time()) // 86400 * DAY
LINES = ("message", "event", "accepted", "delivery", "recipient", "dane_host", "spf", "dkim", "dmarc")
SUMS = ("daily_inbound", "daily_outbound", "daily_proven", "daily_message", "daily_host", "daily_total")


def moment(days, clock="10:00:00.000"):
    """So many days ago, as the log writes it."""
    day = datetime.datetime.fromtimestamp((TODAY - days * DAY) / 1000, datetime.timezone.utc)
    return f"{day:%Y-%m-%d}T{clock}Z"


def date(days):
    return moment(days)[:10]


class World:
    """A folder with a log in three files, imported: 100 and 99 days old, 95, and new ones."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.database = os.path.join(self.folder, "audit.db")
        self.config = os.path.join(self.folder, "sluis.conf")
        with open(self.config, "w") as f:
            f.write(f'audit {{ log = "{self.path("audit.jsonl")}" }}\n')
        log = audit_lines.Log()
        fail = {"result": "fail", "policy": "reject", "override": None}
        log.write(moment(100, "09:00:00.000"), "start", version="0.1.0", servers="recursive", config="ab" * 32)
        log.inbound(moment(100), queue_id="A1")
        log.inbound(moment(100), queue_id="A2", dmarc=fail, would="reject", author_domain="forged.example", exception="2026-1")
        log.outbound(moment(100), audit_lines.recipient("a.example"), audit_lines.recipient("b.example", "none", "no-tlsa"),
                     audit_lines.recipient("b.example", "none", "no-tlsa"), queue_id="A3")
        log.outbound(moment(99), audit_lines.recipient("a.example"), queue_id="A4")
        log.save(self.path("audit.jsonl.3"))
        log.outbound(moment(95), audit_lines.recipient("sub.held.example", "none", "no-tlsa"), queue_id="A5")
        log.inbound(moment(95), queue_id="A6")
        log.save(self.path("audit.jsonl.2"))
        log.inbound(moment(3), queue_id="A7")
        log.save(self.path("audit.jsonl.1"))
        log.outbound(moment(1), audit_lines.recipient("a.example"), queue_id="A8")
        log.save(self.path("audit.jsonl"))
        self.run("import", *map(self.path, ("audit.jsonl.3", "audit.jsonl.2", "audit.jsonl.1", "audit.jsonl")))
        self.prove()
        self.run("import", self.path("audit.jsonl")) # which counts them

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, command, *words, status=0):
        done = subprocess.run([SLUISCTL, "-c", self.config, "audit", command, "--database", self.database, *words],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == status, f"{command} {words}: {done.returncode} {done.stdout} {done.stderr}"
        return done.stdout + done.stderr

    def ask(self, question, *values):
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute(question, values).fetchall()
        connection.close()
        return rows

    def prove(self):
        """What an MTA's log would have told: A3 left twice (once a day late), A9 is known to the MTA alone."""
        start = TODAY - 100 * DAY + 36000000
        rows = ((1, start + 1000, "A3", "a.example", "dane-verified", 0), (2, start + DAY, "A3", "b.example", "plaintext", 1),
                (3, start + 2000, "A9", "c.example", "tls-only", None), (4, TODAY - DAY + 36000000, "A8", "a.example",
                                                                         "dane-verified", 0))
        for number, when, queue_id, domain, kind, recipient in rows:
            self.ask("INSERT INTO delivery (id, file_id, line, time, host_id, queue_id, mta, domain, mark, status, tls, class, last,"
                     " message_id, recipient) SELECT ?, 9, ?, ?, 1, ?, 'postfix', ?, 1, 'sent', 'none', ?, 1, (SELECT id FROM"
                     " message WHERE queue_id = ?), ?", number, number, when, queue_id, domain, kind, queue_id, recipient)
        self.ask("INSERT INTO accepted (id, file_id, line, time, host_id, queue_id, source, message_id) SELECT 1, 9, 1, ?, 1, 'A3',"
                 " 'smtp', id FROM message WHERE queue_id = 'A3'", start)
        self.ask("INSERT INTO accepted (id, file_id, line, time, host_id, queue_id, source) VALUES (2, 9, 2, ?, 1, 'A9', 'smtp')",
                 start)
        # The import is done with these: it decides their classes no more.
        self.ask("INSERT INTO setting (name, value) VALUES ('settled-accepted', 2), ('settled-delivery', 4), ('settled-message',"
                 " 1000000) ON CONFLICT (name) DO UPDATE SET value = excluded.value")

    def counts(self):
        return {table: self.ask(f"SELECT count(*) FROM {table}")[0][0] for table in LINES + SUMS + ("pruned",)}

    def report(self, *words):
        """All figures by table; but the mail host that lacks something, which is known as long as the lines are."""
        figures = json.loads(self.run("report", "--format", "json", *words))
        for row in figures["outbound"]["lacking-dane"]:
            row["mail-host"] = None
        return {f"{name} {key}": rows for name, section in figures.items() if isinstance(section, dict)
                for key, rows in section.items()}

    def everything(self):
        return {table: sorted(map(repr, self.ask(f"SELECT * FROM {table}"))) for table in LINES + SUMS + ("pruned",)}


def equal(found, wanted):
    assert found == wanted, f"{found} is not {wanted}"[:3000]


def old_lines_go_and_their_sums_stay(world):
    before = world.report("--from", date(101), "--to", date(0))
    assert "forged.example" in json.dumps(before) and "no-tlsa" in json.dumps(before) and "2026-1" in json.dumps(before)
    told = world.run("prune")
    assert "removed the lines of 3 days before" in told and "6 messages, 2 taken in by an MTA, 3 deliveries" in told, told
    counts = world.counts()
    equal([counts[t] for t in LINES], [2, 1, 0, 1, 1, 1, 2, 1, 1])
    equal(world.ask("SELECT queue_id FROM message ORDER BY queue_id"), [("A7",), ("A8",)])
    after = world.report("--from", date(101), "--to", date(0))
    for table in before:
        equal((table, after[table]), (table, before[table]))
    equal(world.ask("SELECT class, (? - first_time) / ?, messages, accepted, deliveries FROM pruned ORDER BY id", TODAY, DAY),
          [("lines", 100, 3, 2, 2), ("lines", 99, 1, 0, 1), ("lines", 95, 2, 0, 0)])


def a_second_run_finds_nothing(world):
    world.run("prune")
    before = world.everything()
    told = world.run("prune")
    assert "no line in the database" in told, told
    equal(world.everything(), before)


def a_dry_run_changes_nothing(world):
    before = world.everything()
    told = world.run("prune", "--dry-run", "--files")
    assert "would have removed the lines of 3 days" in told, told
    assert f"would have removed {world.path('audit.jsonl.3')}: 5 lines" in told and os.path.exists(world.path("audit.jsonl.3")), told
    equal(world.everything(), before)


def what_was_removed_does_not_come_back(world):
    world.run("prune")
    before = world.everything()
    names = [world.path(name) for name in ("audit.jsonl.3", "audit.jsonl.2", "audit.jsonl.1", "audit.jsonl")]
    world.run("import", *names)
    equal(world.everything(), before)
    # The same lines in another file: known too, as the database has read of this time before.
    with open(world.path("all"), "wb") as out:
        out.write(b"\n")
        for name in names:
            with open(name, "rb") as f:
                out.write(f.read())
    told = world.run("import", world.path("all"))
    assert "9 known already" in told, told
    equal(world.everything(), before)


def late_lines_are_added_to_the_sums(world):
    world.run("prune")
    late = audit_lines.Log("mx2.example.nl")
    late.inbound(moment(100), queue_id="B1")
    late.save(world.path("late"))
    world.run("import", world.path("late"))
    for _ in range(2):
        equal(world.ask("SELECT sum(messages) FROM daily_inbound WHERE dmarc = 'pass' AND day < ?", (TODAY - 90 * DAY) // DAY), [(3,)])
        world.run("prune")


def lines_of_an_import_that_was_interrupted_are_counted_first(world):
    for table in SUMS:
        world.ask(f"DELETE FROM {table}")
    world.ask("DELETE FROM setting WHERE name LIKE 'daily-%'")
    world.run("prune", "--dry-run")
    equal(world.counts()["daily_inbound"], 0)
    world.run("prune")
    equal(world.ask("SELECT sum(messages) FROM daily_inbound"), [(4,)])


def holds_keep_what_they_cover(world):
    world.run("hold", "INC-1", "--from", date(95), "--to", date(95), "--domain", "Held.example", "--reason", "a leak\x1b[2J")
    told = world.run("hold")
    assert f"INC-1: {date(95)} to {date(95)}, of and to held.example, held until" in told and "\x1b" not in told, told
    told = world.run("prune")
    assert "holds keep 1 messages of" in told, told
    equal(world.ask("SELECT queue_id FROM message WHERE time < ?", TODAY - 90 * DAY), [("A5",)])
    equal(world.ask("SELECT count(*) FROM dane_host h JOIN message m ON m.id = h.message_id WHERE m.queue_id = 'A5'"), [(1,)])
    assert '"name":"INC-1"' in world.run("hold", "--json")
    assert "is the name of a hold already" in world.run("hold", "INC-1", "--from", date(9), "--to", date(9), "--reason", "x", status=1)
    world.run("hold", "INC-1", "--release")
    assert "is no hold that lasts" in world.run("hold", "INC-1", "--release", status=1)
    assert "was held until" in world.run("hold")
    world.run("prune")
    equal(world.ask("SELECT queue_id FROM message WHERE time < ?", TODAY - 90 * DAY), [])


def what_the_mta_tells_of_a_held_message_is_held(world):
    world.run("hold", "INC-4", "--from", date(100), "--to", date(100), "--domain", "a.example", "--reason", "r")
    world.run("prune")
    equal(world.ask("SELECT queue_id FROM message WHERE time < ?", TODAY - 90 * DAY), [("A3",)])
    # The one of b.example too, a day later; not that of a message that is not held.
    equal(world.ask("SELECT id FROM delivery ORDER BY id"), [(1,), (2,), (4,)])


def a_hold_without_a_domain_keeps_all(world):
    world.run("hold", "INC-2", "--from", date(100), "--to", date(99), "--reason", "r")
    world.run("prune")
    equal(world.ask("SELECT count(*) FROM message WHERE time < ?", TODAY - 96 * DAY), [(4,)])
    equal(world.ask("SELECT count(*) FROM delivery"), [(4,)])
    equal(world.ask("SELECT count(*) FROM accepted"), [(2,)])


def old_sums_go_at_their_time(world):
    world.run("prune")
    rows = 0
    for table in SUMS:
        world.ask(f"UPDATE {table} SET day = day - 1100 WHERE day < ?", (TODAY - 90 * DAY) // DAY)
        rows += world.ask(f"SELECT count(*) FROM {table} WHERE day < ?", (TODAY - 1098 * DAY) // DAY)[0][0]
    world.ask("UPDATE event SET time = time - ?", 1100 * DAY)
    left = world.report("--from", date(50), "--to", date(0))
    assert rows > 10
    told = world.run("prune")
    assert f"removed the sums by day before {date(1098)}: {rows} rows, and 1 events" in told, told
    equal(world.ask("SELECT class, counts, events FROM pruned ORDER BY id DESC LIMIT 1"), [("counts", rows, 1)])
    after = world.report("--from", date(50), "--to", date(0))
    for table in left:
        if table.startswith(("inbound", "outbound")):
            equal((table, after[table]), (table, left[table]))


def a_failure_leaves_whole_days(world):
    world.ask("CREATE TRIGGER fail BEFORE DELETE ON message WHEN old.queue_id = 'A4' BEGIN SELECT raise(ABORT, 'disk full'); END")
    told = world.run("prune", status=69)
    assert "disk full" in told, told
    equal(world.ask("SELECT queue_id FROM message ORDER BY queue_id"), [("A4",), ("A5",), ("A6",), ("A7",), ("A8",)])
    equal(world.ask("SELECT sum(messages) FROM pruned"), [(3,)])
    equal(world.ask("SELECT count(*) FROM recipient r LEFT JOIN message m ON m.id = r.message_id WHERE m.id IS NULL"), [(0,)])
    equal(world.ask("SELECT count(*) FROM delivery WHERE queue_id = 'A3'"), [(1,)])
    world.ask("DROP TRIGGER fail")
    world.run("prune")
    equal(world.ask("SELECT sum(messages) FROM pruned"), [(6,)])


def killed_at_any_moment_it_leaves_whole_days(world):
    log = audit_lines.Log("mx9.example.nl")
    for day in range(320, 120, -1):
        for number in range(10):
            log.outbound(moment(day, f"11:00:00.{number:03}"), audit_lines.recipient("a.example"), queue_id=f"K{day}x{number}")
    log.save(world.path("many"))
    world.run("import", world.path("many"))
    before = world.report("--from", date(330), "--to", date(0))
    for tenths in range(1, 40):
        command = subprocess.Popen([SLUISCTL, "audit", "prune", "--database", world.database], stdout=subprocess.DEVNULL)
        time.sleep(0.02 * tenths)
        command.send_signal(signal.SIGKILL)
        ended = command.wait() == 0
        left = world.ask("SELECT count(*) FROM message m JOIN host h ON h.id = m.host_id WHERE h.name = 'mx9.example.nl'")[0][0]
        noted = world.ask("SELECT coalesce(sum(messages), 0), count(*) FROM pruned WHERE first_time < ?", TODAY - 110 * DAY)[0]
        equal((left + noted[0], noted[0]), (2000, 10 * noted[1]))
        equal(world.ask("SELECT count(*) FROM recipient r LEFT JOIN message m ON m.id = r.message_id WHERE m.id IS NULL"), [(0,)])
        if ended:
            break
    world.run("prune")
    equal(world.ask("SELECT count(*) FROM message"), [(2,)])
    after = world.report("--from", date(330), "--to", date(0))
    for table in before:
        equal((table, after[table]), (table, before[table]))


def removed_text_is_gone_from_the_file(world):
    with open(world.database, "rb") as f:
        assert b"forged.example" in f.read()
    world.run("prune", "--lines", "1", "--counts", "50")
    world.ask("DELETE FROM file")
    with open(world.database, "rb") as f:
        assert b"forged.example" not in f.read()


def files_go_from_the_oldest_on(world):
    told = world.run("prune", "--files")
    assert f"removed {world.path('audit.jsonl.3')}: 5 lines, seq 1 to 5, hash of the last line" in told, told
    equal(sorted(n for n in os.listdir(world.folder) if "jsonl" in n), ["audit.jsonl", "audit.jsonl.1"])
    rows = world.ask("SELECT path, first_seq, last_seq, digest FROM pruned WHERE class = 'file' ORDER BY id")
    equal([row[:3] for row in rows], [(world.path("audit.jsonl.3"), 1, 5), (world.path("audit.jsonl.2"), 6, 7)])
    done = subprocess.run([SLUISCTL, "-c", world.config, "audit", "verify"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "the log begins here; the 7 lines before are not among these files" in done.stdout, done.stdout
    # What the log goes on from is in the note.
    with open(world.path("audit.jsonl.1"), "rb") as f:
        assert rows[1][3].encode() in f.readline()


def a_held_file_and_those_after_it_stay(world):
    world.run("hold", "INC-3", "--from", date(99), "--to", date(99), "--reason", "r")
    told = world.run("prune", "--files", status=1)
    assert "a file and those after it stay: hold INC-3 keeps it" in told, told
    equal(len([n for n in os.listdir(world.folder) if "jsonl" in n]), 4)


def a_file_that_was_not_imported_stays(world):
    world.ask("DELETE FROM file")
    told = world.run("prune", "--files", status=1)
    assert "stay: nothing of it was imported" in told, told
    equal(len([n for n in os.listdir(world.folder) if "jsonl" in n]), 4)


def words_are_checked(world):
    for words in (("--lines", "0"), ("--lines", "x"), ("--lines", "90", "--counts", "30"), ("more",), ("--no-such",)):
        world.run("prune", *words, status=64)
    for words in (("a b", "--release"), ("X",), ("X", "--from", "2026-01-02", "--to", "2026-01-01", "--reason", "r"),
                  ("X", "--from", "2026-13-01", "--to", "2026-01-01", "--reason", "r"), ("X", "Y"),
                  ("X", "--from", "2026-01-01", "--to", "2026-01-01", "--reason", "r", "--until", "2026-01-01"),
                  ("X", "--from", "2026-01-01", "--to", "2026-01-01", "--reason", "r", "--domain", "a..b")):
        world.run("hold", *words, status=64)
    world.database = world.path("missing.db")
    world.run("prune", status=69)
    assert not os.path.exists(world.database)


TESTS = (old_lines_go_and_their_sums_stay, a_second_run_finds_nothing, a_dry_run_changes_nothing,
         what_was_removed_does_not_come_back, late_lines_are_added_to_the_sums,
         lines_of_an_import_that_was_interrupted_are_counted_first, holds_keep_what_they_cover,
         what_the_mta_tells_of_a_held_message_is_held, a_hold_without_a_domain_keeps_all, old_sums_go_at_their_time,
         a_failure_leaves_whole_days, killed_at_any_moment_it_leaves_whole_days, removed_text_is_gone_from_the_file,
         files_go_from_the_oldest_on, a_held_file_and_those_after_it_stay, a_file_that_was_not_imported_stays,
         words_are_checked)


if __name__ == "__main__":
    sys.exit(points.run(TESTS, World))

# SPDX-License-Identifier: BSD-2-Clause
"""sluisctl audit verify as an auditor would try it: logs cut into files anywhere, plain and compressed, given in any order, and
tampered with anywhere. Each kind of tampering is a test of many logs, which are the same in each run."""

import gzip
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tamper_test import SLUISCTL, write_line  # noqa: E402

LOGS = 15


class Log:
    """Files of lines, the oldest first. `at` is where a line of the whole log stands: (file, index)."""

    def __init__(self, rnd):
        self.count = rnd.randint(8, 60)
        self.lines = []
        for seq in range(1, self.count + 1):
            self.lines.append(write_line(seq, self.lines[-1] if self.lines else None, noise=rnd.randrange(10 ** 9)))
        cuts = [0, *sorted(rnd.sample(range(1, self.count), rnd.randint(0, 4))), self.count]
        self.files = [self.lines[a:b] for a, b in zip(cuts, cuts[1:])]
        self.at = [(number, i) for number, lines in enumerate(self.files) for i in range(len(lines))]
        self.names = ["audit.jsonl" + (f".{n}" if n else "") for n in range(len(self.files) - 1, -1, -1)]

    def verify(self, rnd):
        """(status, findings that are breaks)"""
        with tempfile.TemporaryDirectory() as folder:
            for number, lines in enumerate(self.files):
                data = b"".join(line + b"\n" for line in lines)
                if self.names[number] != "audit.jsonl" and rnd.random() < 0.5:
                    self.names[number] += ".gz"
                    data = gzip.compress(data)
                with open(os.path.join(folder, self.names[number]), "wb") as f:
                    f.write(data)
            order = rnd.sample(self.names, len(self.names))
            done = subprocess.run([SLUISCTL, "audit", "verify", "--json", *order], capture_output=True, text=True, timeout=60, cwd=folder)
        assert not done.stderr, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [row for row in rows if row.get("break")]

    def put(self, rnd, line):
        """Somewhere."""
        lines = rnd.choice(self.files)
        lines.insert(rnd.randint(0, len(lines)), line)

    def flat(self):
        return [line for lines in self.files for line in lines]


def expect(breaks, kind, **members):
    assert len(breaks) == 1 and breaks[0]["kind"] == kind, breaks
    for key, value in members.items():
        assert breaks[0][key] == value, (key, value, breaks)


def nothing_is_found_where_nothing_was_done(log, rnd):
    status, breaks = log.verify(rnd)
    assert status == 0 and not breaks, breaks


def a_missing_stretch_is_told_with_its_numbers(log, rnd):
    first = rnd.randrange(1, log.count - 1)
    last = min(log.count - 2, first + rnd.randrange(log.count))
    gone = set(log.lines[first:last + 1])
    log.files = [[line for line in lines if line not in gone] for lines in log.files]
    _, breaks = log.verify(rnd)
    expect(breaks, "missing", lines=last + 1 - first)
    assert f"seq {first + 1}" + (f" to {last + 1}:" if last > first else ":") in breaks[0]["text"], breaks


def a_changed_line_is_told_with_its_place(log, rnd):
    seq = rnd.randrange(1, log.count)
    number, i = log.at[seq - 1]
    log.files[number][i] = log.files[number][i].replace(b'"pid":100', b'"pid":101')
    _, breaks = log.verify(rnd)
    expect(breaks, "changed", file=log.names[number], line=i + 1, seq=seq)


def a_changed_hash_is_told_with_its_place(log, rnd):
    seq = rnd.randrange(2, log.count)
    number, i = log.at[seq - 1]
    line = log.files[number][i]
    log.files[number][i] = line[:-10] + bytes([line[-10] ^ 1 if line[-10:-9].isdigit() else ord("0")]) + line[-9:]
    _, breaks = log.verify(rnd)
    expect(breaks, "changed", file=log.names[number], line=i + 1, seq=seq)


def a_forged_line_is_told_with_its_place(log, rnd):
    seq = rnd.randrange(1, log.count - 1) # the last line of all has nothing behind it that says which of two is genuine
    number, i = log.at[seq - 1]
    log.files[number].insert(i + 1, write_line(seq + 1, log.lines[seq - 1], forged=True))
    _, breaks = log.verify(rnd)
    expect(breaks, "added", file=log.names[number], line=i + 2, seq=seq + 1, lines=1)


def a_line_a_second_time_is_no_copy(log, rnd):
    log.put(rnd, rnd.choice(log.lines))
    status, breaks = log.verify(rnd)
    assert status == 1 and breaks


def a_moved_line_is_found(log, rnd):
    seq = rnd.randrange(1, log.count)
    number, i = log.at[seq - 1]
    line = log.files[number].pop(i)
    log.put(rnd, line)
    status, breaks = log.verify(rnd)
    # In front of the next file it stands in its place, as files may be cut anywhere.
    assert status == (log.flat() != log.lines), breaks


def a_changed_number_is_found(log, rnd):
    seq = rnd.randrange(2, log.count)
    number, i = log.at[seq - 1]
    entry = json.loads(log.files[number][i])
    entry["seq"] = rnd.choice((1, seq - 1, seq + 1, log.count + 5, 10 ** 6))
    log.files[number][i] = json.dumps(entry, separators=(",", ":")).encode()
    status, breaks = log.verify(rnd)
    assert status == 1 and breaks


def of_several_kinds_at_once_some_is_found(log, rnd):
    for what in rnd.sample((a_missing_stretch, a_changed_line, a_forged_line), 2):
        what(log, rnd)
    status, breaks = log.verify(rnd)
    assert status == 1 and breaks


def a_missing_stretch(log, rnd):
    lines = rnd.choice([lines for lines in log.files if len(lines) > 2] or [log.files[0]])
    if len(lines) > 2:
        del lines[rnd.randrange(1, len(lines) - 1)]


def a_changed_line(log, rnd):
    lines = rnd.choice([lines for lines in log.files[:-1] if lines] or [log.files[-1][:1]])
    i = rnd.randrange(len(lines))
    lines[i] = lines[i].replace(b"mx1", b"mx2")


def a_forged_line(log, rnd):
    seq = rnd.randrange(1, log.count)
    log.put(rnd, write_line(seq, log.lines[seq - 1], forged=True))


TESTS = (nothing_is_found_where_nothing_was_done, a_missing_stretch_is_told_with_its_numbers, a_changed_line_is_told_with_its_place,
         a_changed_hash_is_told_with_its_place, a_forged_line_is_told_with_its_place, a_line_a_second_time_is_no_copy,
         a_moved_line_is_found, a_changed_number_is_found, of_several_kinds_at_once_some_is_found)


def main():
    failed = False
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        problems = []
        for seed in range(LOGS):
            rnd = random.Random(1000 * number + seed)
            try:
                test(Log(rnd), rnd)
            except AssertionError as error:
                problems.append(f"log {seed}: {error}")
        failed = failed or bool(problems)
        print("not ok" if problems else "ok", number, "-", test.__name__.replace("_", " "))
        for problem in problems[:5]:
            print("#", problem.replace("\n", " "))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

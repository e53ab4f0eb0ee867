# SPDX-License-Identifier: BSD-2-Clause
"""sluisctl audit verify finds what was done to a log, and says it in exactly these words. Speaks TAP.

Each row takes an undamaged log of three files (lines 1-10, 11-20, 21-30; four daemons, the second one killed), does one thing
to it, and tells what must come out: the findings, word for word.
"""
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

SLUISCTL = os.path.abspath(os.path.join(os.environ.get("top_builddir", "."), "ctl", "sluisctl"))
EVENTS = {1: "start", 9: "stop", 10: "start", 14: "start", 27: "stop", 28: "start"}


def write_line(seq, before, host="mx1.example.nl", event=None, **more):
    """A line as audit_log_write() makes it; `before`: the line before it, or None."""
    entry = {"v": 1, "seq": seq, "time": f"2026-11-23T10:00:{seq:02}.000Z", "event": event or EVENTS.get(seq, "message"),
             "host": host, "pid": 100, **more, "prev": hashlib.sha256(before).hexdigest() if before is not None else None}
    return json.dumps(entry, separators=(",", ":")).encode()


def write_log(count=30, host="mx1.example.nl", **more):
    lines = []
    for seq in range(1, count + 1):
        lines.append(write_line(seq, lines[-1] if lines else None, host, **more))
    return lines


def rehash(lines, start):
    """The lines from the index on, hashed anew."""
    for i in range(start, len(lines)):
        entry = json.loads(lines[i])
        entry["prev"] = hashlib.sha256(lines[i - 1]).hexdigest()
        lines[i] = json.dumps(entry, separators=(",", ":")).encode()


def place(file, line, seq):
    return f"{file}:{line} (seq {seq}, 2026-11-23T10:00:{seq:02}.000Z)"


class Log:
    """The three files, by name; what a row does not name stays."""

    def __init__(self):
        lines = write_log()
        self.files = {"a.2": lines[:10], "a.1": lines[10:20], "a": lines[20:]}
        self.ends = {}    # name: what stands behind the last line instead of a newline
        self.gzip = set() # compressed
        self.cut = {}     # bytes cut off at the end
        self.order = ["a.2", "a.1", "a"]

    def save(self, folder):
        for name, lines in self.files.items():
            data = b"".join(line + b"\n" for line in lines)
            if name in self.ends:
                data = data[:-1] + self.ends[name]
            if name in self.gzip:
                data = gzip.compress(data)
            data = data[:-self.cut[name]] if name in self.cut else data
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)


KILLED = (f"note   {place('a.1', 4, 14)}: a daemon started, but the one before it had not said that it stopped: its last line is "
          f"{place('a.1', 3, 13)}. What it had in hand then has no line; in the time between no mail was examined")
GOOD = ("30 lines in {} files, {}: no break. Who can write to the files could still write all lines behind a change anew; that "
        "shows where a hash like the one above was kept elsewhere")


def changed(file, line, seq, next_file, next_line, next_seq):
    return (f"BREAK  {place(file, line, seq)}: changed: the line after it, {place(next_file, next_line, next_seq)}, holds another "
            "hash than it has now. It was edited, or it and lines before it were written anew")


def missing(first, last, a, b):
    count = last - first + 1
    return (f"BREAK  {count} line{'s' if count > 1 else ''} missing, seq {first}{f' to {last}' if count > 1 else ''}: between "
            f"{place(*a)} and {place(*b)}")


def nothing(log):
    pass


def other_order(log):
    log.order = ["a", "a.2", "a.1"]


def compressed(log):
    log.gzip = {"a.2", "a.1"}


def delete_line(log):
    del log.files["a.1"][4]


def delete_lines(log):
    del log.files["a.1"][4:8]


def delete_first(log):
    del log.files["a.1"][0]


def delete_at_rotation(log):
    del log.files["a.2"][-2:]
    del log.files["a.1"][:3]


def delete_file(log):
    del log.files["a.1"]
    log.order.remove("a.1")


def delete_oldest(log):
    del log.files["a.2"]
    log.order.remove("a.2")


def change_line(log):
    log.files["a.1"][4] = log.files["a.1"][4].replace(b'"pid":100', b'"pid":101')


def change_hash(log):
    line = log.files["a.1"][4]
    log.files["a.1"][4] = line[:-10] + (b"0" * 8 if line[-10:-2] != b"0" * 8 else b"1" * 8) + line[-2:]


def change_number(log):
    log.files["a.1"][4] = log.files["a.1"][4].replace(b'"seq":15', b'"seq":99')


def change_time(log):
    log.files["a.1"][4] = log.files["a.1"][4].replace(b"10:00:15", b"09:00:15")


def change_to_rubbish(log):
    log.files["a.1"][4] = b"\x1b[2J\xff\x00 rubbish"


def change_last_of_file(log):
    log.files["a.2"][-1] = log.files["a.2"][-1].replace(b'"pid":100', b'"pid":101')


def insert_line(log):
    log.files["a.1"].insert(5, write_line(16, log.files["a.1"][4], more="forged"))


def insert_lines(log):
    forged = [log.files["a.1"][4]]
    for seq in (16, 17, 18):
        forged.append(write_line(seq, forged[-1], more="forged"))
    log.files["a.1"][5:5] = forged[1:]


def insert_at_rotation(log):
    log.files["a.2"].append(write_line(11, log.files["a.2"][-1], more="forged"))


def insert_twice_elsewhere(log):
    log.files["a"].insert(3, log.files["a.2"][-1])


def insert_loose(log):
    log.files["a.1"].insert(5, write_line(16, b"something else", more="forged"))


def insert_rubbish(log):
    log.files["a.1"].insert(5, b"rubbish")


def insert_twice(log):
    log.files["a.1"].insert(5, log.files["a.1"][4])


def swap(log):
    lines = log.files["a.1"]
    lines[4], lines[5] = lines[5], lines[4]


def move_block(log):
    lines = log.files["a.1"]
    lines[2:8] = lines[5:8] + lines[2:5]


def move_to_file(log):
    log.files["a.2"].append(log.files["a.1"].pop(4))


def take_out_and_rehash(log):
    del log.files["a"][4]
    rehash(log.files["a"], 4)


def take_out_rehash_and_number(log):
    lines = log.files["a.1"]
    del lines[4]
    rehash(lines, 4)
    for i in range(4, len(lines)):
        entry = json.loads(lines[i])
        entry["seq"] -= 1
        lines[i] = json.dumps(entry, separators=(",", ":")).encode()
    rehash(lines, 4)


def truncate_middle(log):
    del log.files["a.1"][6:]


def truncate_in_line(log):
    log.files["a.1"] = log.files["a.1"][:6] + [log.files["a.1"][6][:40]]
    log.ends["a.1"] = b""


def replace_file(log):
    log.files["a.1"] = write_log(10, more="other")


def replace_file_chained(log):
    before = log.files["a.2"][-1]
    lines = []
    for seq in range(11, 21):
        lines.append(write_line(seq, lines[-1] if lines else before, more="forged"))
    log.files["a.1"] = lines


def torn(log):
    lines = log.files["a"]
    piece = lines[3][:50]
    lines[3:] = [piece]
    before = piece
    for seq in range(24, 31):
        lines.append(write_line(seq, before))
        before = lines[-1]


def torn_at_rotation(log):
    piece = log.files["a"][0][:9]
    log.files["a.1"].append(piece)
    log.ends["a.1"] = b""
    lines = []
    for seq in range(21, 31):
        lines.append(write_line(seq, lines[-1] if lines else piece))
    log.files["a"] = lines


def torn_at_end(log):
    log.files["a"].append(b'{"v":1,"seq":31,"time":"2026')
    log.ends["a"] = b""


def torn_and_missing(log):
    torn(log)
    del log.files["a"][2]


def begun_anew(log):
    log.files["a"] = [line.replace(b"T10:", b"T11:") for line in write_log(3)]
    rehash(log.files["a"], 1)


def two_hosts(log):
    log.files["b"] = write_log(5, host="mx2.example.nl")
    log.order.append("b")


def two_hosts_one_file(log):
    log.files["a"] += write_log(5, host="mx2.example.nl")


def two_hosts_mixed(log):
    other = write_log(5, host="mx2.example.nl")
    for i, line in enumerate(other):
        log.files["a"].insert(2 * i + 1, line)


def two_hosts_and_deleted(log):
    two_hosts(log)
    del log.files["b"][2]
    delete_line(log)


def copy(log):
    log.files["a.1.gz"] = log.files["a.1"]
    log.gzip = {"a.1.gz"}
    log.order.append("a.1.gz")


def twice(log):
    log.order.append("a")


def cut_gzip(log):
    log.gzip = {"a.2"}
    log.cut["a.2"] = 60


def rekeyed(log):
    settings = {1: {"config": "ab", "pseudonym_key": "2026-q3", "host": "machine1"}, 10: {"config": "ab", "pseudonym_key": "2026-q3"},
                12: {"event": "reload", "config": "ab", "pseudonym_key": "2026-q4"}, 28: {"config": "cd"},
                13: {"event": "reload", "why": '"config":"ef","pseudonym_key":"forged"'}}
    lines = []
    for seq in range(1, 31):
        lines.append(write_line(seq, lines[-1] if lines else None, **settings.get(seq, {})))
    log.files = {"a.2": lines[:10], "a.1": lines[10:20], "a": lines[20:]}


def foreign(log):
    log.files["b"] = [b"Nov 23 10:00:00 mx1 postfix/smtpd[1]: connect"] * 3
    log.order.append("b")


WORDS = {  # row: (status, findings)
    nothing: (0, [KILLED]),
    other_order: (0, [KILLED]),
    compressed: (0, [KILLED]),
    delete_line: (1, [missing(15, 15, ("a.1", 4, 14), ("a.1", 5, 16)), KILLED]),
    delete_lines: (1, [missing(15, 18, ("a.1", 4, 14), ("a.1", 5, 19)), KILLED]),
    delete_first: (1, [missing(11, 11, ("a.2", 10, 10), ("a.1", 1, 12)), None]),
    delete_at_rotation: (1, [missing(9, 13, ("a.2", 8, 8), ("a.1", 1, 14)), None]),
    delete_file: (1, [missing(11, 20, ("a.2", 10, 10), ("a", 1, 21))]),
    delete_oldest: (0, [f"note   {place('a.1', 1, 11)}: the log begins here; the 10 lines before are not among these files. Old "
                        "files may have been removed when their time was over: the last line of them had the hash " +
                        hashlib.sha256(write_log()[9]).hexdigest(), KILLED]),
    change_line: (1, [changed("a.1", 5, 15, "a.1", 6, 16), KILLED]),
    change_hash: (1, [f"BREAK  {place('a.1', 5, 15)}: changed: it holds another hash than the line before it has, and the line after "
                      "it holds another hash than it has now", KILLED]),
    change_number: (1, [f"BREAK  a.1:5 (seq 99, 2026-11-23T10:00:15.000Z): changed: the line after it, {place('a.1', 6, 16)}, holds "
                        "another hash than it has now. It was edited, or it and lines before it were written anew", KILLED]),
    change_time: (1, [None, KILLED, None]),
    change_to_rubbish: (1, ["BREAK  a.1:5: changed: seq 15 stood here, and this is no line of the log any more", KILLED]),
    change_last_of_file: (1, [changed("a.2", 10, 10, "a.1", 1, 11), KILLED]),
    insert_line: (1, [f"BREAK  {place('a.1', 6, 16)}: added: {place('a.1', 5, 15)} was followed by {place('a.1', 7, 16)} when the "
                      "log was written, not by this", KILLED]),
    insert_lines: (1, [f"BREAK  {place('a.1', 6, 16)}, 3 lines: added: {place('a.1', 5, 15)} was followed by {place('a.1', 9, 16)} "
                       "when the log was written, not by this", KILLED]),
    insert_at_rotation: (1, [f"BREAK  {place('a.2', 11, 11)}: added: {place('a.2', 10, 10)} was followed by {place('a.1', 1, 11)} when the "
                             "log was written, not by this", KILLED]),
    insert_twice_elsewhere: (1, [f"BREAK  {place('a', 4, 10)}: added: the same line as {place('a.2', 10, 10)}, a second time", KILLED]),
    insert_loose: (1, [f"BREAK  {place('a.1', 6, 16)}: added: from here to {place('a.1', 6, 16)} stand numbers that the log has had "
                       "already, and no line holds their hash", KILLED]),
    insert_rubbish: (1, ["BREAK  a.1:6: added: 1 line that is no line of an audit log", KILLED]),
    insert_twice: (1, [f"BREAK  {place('a.1', 5, 15)}: added: the same line as {place('a.1', 6, 15)}, a second time", KILLED]),
    swap: (1, [f"BREAK  {place('a.1', 5, 16)}: out of order: it was written after {place('a.1', 6, 15)}, and stands before it", KILLED]),
    move_block: (1, [f"BREAK  {place('a.1', 3, 16)}: out of order: it was written after {place('a.1', 8, 15)}, and stands before it",
                     None]),
    move_to_file: (1, [f"BREAK  {place('a.2', 11, 15)}: out of order: it stands in another file than the lines that were written "
                       "before and after it", KILLED]),
    take_out_and_rehash: (1, [f"BREAK  {place('a', 5, 26)}: the number does not go on from {place('a', 4, 24)}, though the hash does: "
                              "both were hashed anew after lines between them were taken out or put in", KILLED]),
    take_out_rehash_and_number: (1, [None, KILLED]),
    truncate_middle: (1, [missing(17, 20, ("a.1", 6, 16), ("a", 1, 21)), KILLED]),
    truncate_in_line: (1, [missing(17, 20, ("a.1", 6, 16), ("a", 1, 21)), KILLED,
                           "note   a.1:7: unfinished: a daemon, its machine or a full disk stopped while this line was written, or the "
                           "file was cut off here"]),
    replace_file: (1, None),
    replace_file_chained: (1, [changed("a.1", 10, 20, "a", 1, 21), KILLED]),
    torn: (0, [KILLED, "note   a:4: torn: a daemon or its machine stopped while writing this line. The next line holds the hash of "
               "what was written; only for the line before it no hash vouches"]),
    torn_at_rotation: (0, [KILLED, "note   a.1:11: torn: a daemon or its machine stopped while writing this line. The next line holds "
                           "the hash of what was written; only for the line before it no hash vouches"]),
    torn_at_end: (0, [KILLED, "note   a:11: unfinished: a daemon, its machine or a full disk stopped while this line was written, or "
                      "the file was cut off here"]),
    torn_and_missing: (1, [missing(23, 23, ("a", 2, 22), ("a", 4, 24)), KILLED, None]),
    begun_anew: (1, [f"BREAK  a:1 (seq 1, 2026-11-23T11:00:01.000Z): the log begins anew with number 1, so no hash tells what came "
                     f"before: an earlier log of the same host ends with {place('a.1', 10, 20)}", KILLED]),
    two_hosts: (0, [KILLED]),
    two_hosts_one_file: (0, [KILLED]),
    two_hosts_mixed: (0, [KILLED]),
    two_hosts_and_deleted: (1, [missing(15, 15, ("a.1", 4, 14), ("a.1", 5, 16)), missing(3, 3, ("b", 2, 2), ("b", 3, 4)), KILLED]),
    copy: (0, [KILLED, f"note   {place('a.1.gz', 1, 11)}: a copy: these 10 lines stand in another file too, counted once"]),
    twice: (0, [KILLED, "note   a: given a second time"]),
    cut_gzip: (1, None),
    rekeyed: (0, [f"note   {place('a.1', 2, 12)}: from here on pseudonyms are made with key \"2026-q4\", before with \"2026-q3\": an "
                  "address of before has another one now", KILLED,
                  f"note   {place('a', 8, 28)}: from here on addresses are not told as pseudonyms, as they were with key \"2026-q4\" "
                  "before"]),
    foreign: (1, ["BREAK  b:1: added: 3 lines that are no lines of an audit log", KILLED]),
}


def run(folder, words):
    return subprocess.run([SLUISCTL, "audit", "verify", *words], capture_output=True, text=True, timeout=60, cwd=folder)


def compare(told, wanted):
    return len(told) == len(wanted) and all(w is None or t == w for t, w in zip(told, wanted))


def check(row):
    status, wanted = WORDS[row]
    folder = tempfile.mkdtemp()
    log = Log()
    row(log)
    log.save(folder)
    done, machine = run(folder, log.order), run(folder, ["--json", *log.order])
    shutil.rmtree(folder)
    told = [line for line in done.stdout.splitlines() if line[:5] in ("BREAK", "note ")]
    rows = [json.loads(line) for line in machine.stdout.splitlines()]
    texts = {row["text"] for row in rows if row["type"] == "finding"}
    problems = []
    if done.returncode != status or machine.returncode != status:
        problems.append(f"status {done.returncode} and {machine.returncode}, not {status}")
    if done.stderr or "\x1b" in done.stdout:
        problems.append(f"error {done.stderr!r}")
    if wanted is not None and not compare(told, wanted):
        problems += ["told: " + line for line in told] + ["wanted: " + str(line) for line in wanted]
    if texts != {line[7:] for line in told}:
        problems.append("JSON has other findings than the text")
    if rows[-1]["type"] != "summary" or (rows[-1]["breaks"] > 0) != (status == 1):
        problems.append("the summary is wrong")
    if row in (nothing, other_order, compressed) and done.stdout.splitlines()[-1] != GOOD.format(3, "1 log"):
        problems.append("last line: " + done.stdout.splitlines()[-1])
    return problems


def main():
    print(f"1..{len(WORDS)}")
    failed = False
    for number, row in enumerate(WORDS, 1):
        problems = check(row)
        failed = failed or bool(problems)
        print("not ok" if problems else "ok", number, "-", row.__name__.replace("_", " "))
        for problem in problems:
            print("#", problem)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

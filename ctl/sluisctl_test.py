# SPDX-License-Identifier: BSD-2-Clause
"""The words and exit statuses of sluisctl that need no DNS."""

import os
import subprocess
import sys
import tempfile

SLUISCTL = os.path.join(os.environ.get("top_builddir", "."), "ctl", "sluisctl")

folder = tempfile.mkdtemp()
GOOD, BAD = os.path.join(folder, "good.conf"), os.path.join(folder, "bad.conf")
KEYS, KEYED = os.path.join(folder, "keys"), os.path.join(folder, "keyed.conf")
NO_ANCHOR, MISSING = os.path.join(folder, "no-anchor.conf"), os.path.join(folder, "missing.conf")
for path, text in ((KEYS, f"new {'n' * 32}\nold {'o' * 32}\n"),
                   (KEYED, f'audit {{ addresses = pseudonym pseudonym-key = "{KEYS}" }}\n'), (GOOD, f'audit {{ log = "{folder}/none.jsonl" }}\n'), (BAD, "mode = enforce\nno-such-option = 1\n"),
                   (NO_ANCHOR, f'resolver {{ servers = {{"127.0.0.1@9"}} trust-anchor = "{folder}/missing.key" }}\n')):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o600)

ROWS = (  # words, status, part of standard output, part of standard error
    ("--help", 0, "usage: sluisctl", ""),
    ("-V", 0, "sluisctl ", ""),
    ("--version", 0, "NCSC-NL 2025-05", ""),
    ("dane --help", 0, "exit status: 0 all DANE", ""),
    ("", 64, "", "usage: sluisctl"),
    ("-x", 64, "", "usage: sluisctl"),
    ("-c", 64, "", "usage: sluisctl"),
    ("nothing", 64, "", "no command of this name"),
    ("dane", 64, "", "usage: sluisctl"),
    ("audit --help", 0, "verify [FILE...]", ""),
    ("audit", 64, "", "usage: sluisctl"),
    ("audit nothing", 64, "", "usage: sluisctl"),
    ("audit aggregate-reports --help", 0, "exit status: 0 all is sent", ""),
    ("audit aggregate-reports --no-such-option", 64, "", "usage: sluisctl"),
    ("audit aggregate-reports --date 2026-13-01", 64, "", '--date: "2026-13-01" is not understood'),
    ("audit aggregate-reports --date 2026-1-1", 64, "", '--date: "2026-1-1" is not understood'),
    ("audit aggregate-reports --date 9998-01-01", 64, "", "not over"),
    (f"-c {BAD} audit aggregate-reports", 78, "", f"{BAD}:2:"),
    (f"-c {GOOD} audit aggregate-reports", 66, "", "name its files"),
    (f"-c {GOOD} audit aggregate-reports {GOOD}", 64, "", "--email is needed"),
    (f"-c {GOOD} audit aggregate-reports --email -x@y {GOOD}", 64, "", "--email wants a plain address"),
    (f"-c {GOOD} audit aggregate-reports --email a@b.example --state {MISSING}/x {GOOD}", 73, "", "No such file"),
    ("audit show --help", 0, "exit status: 0 found", ""),
    ("audit show", 64, "", "usage: sluisctl"),
    (f"-c {BAD} audit show x.example", 78, "", f"{BAD}:2:"),
    (f"-c {GOOD} audit show 4XyZ", 1, "", "nothing is known of 4XyZ; looked in no database and in 0 log files"),
    ("audit pseudonym --help", 0, "exit status: 0 told", ""),
    ("audit pseudonym", 64, "", "usage: sluisctl"),
    (f"-c {GOOD} audit pseudonym a@b.example", 78, "", "does not tell addresses as pseudonyms"),
    (f"-c {KEYED} audit pseudonym jan@Example.nl", 0, "+new@example.nl  jan@Example.nl\n", ""),
    (f"-c {KEYED} audit pseudonym --json jan@Example.nl", 0, '"key":"old","pseudonym":"', ""),
    ("audit report --from 2026-02-30", 64, "", '--from: "2026-02-30" is not understood'),
    ("audit report --language \x1b[2J", 64, "", '--language: "?[2J" is not understood'),
    ("audit prune --help", 0, "exit status: 0 done", ""),
    ("audit hold --help", 0, "exit status: 0 done", ""),
    ("audit import --help", 0, "usage: sluisctl [-c FILE] audit import", ""),
    ("audit import", 64, "", "usage: sluisctl"),
    ("audit import --no-such-option", 64, "", "usage: sluisctl"),
    (f"-c {BAD} audit import {GOOD}", 78, "", f"{BAD}:2:"),
    (f"-c {GOOD} audit import --postconf {MISSING} {GOOD}", 66, "", "missing.conf"),
    (f"-c {GOOD} audit import --database {MISSING}/x {GOOD}", 69, "", "unable to open database file"),
    ("audit verify --help", 0, "exit status: 0 no break", ""),
    ("audit verify --no-such-option", 64, "", "usage: sluisctl"),
    (f"audit verify {MISSING}", 66, "no break in what could be read", "missing.conf"),
    (f"-c {BAD} audit verify", 78, "", f"{BAD}:2:"),
    (f"-c {GOOD} audit verify", 66, "", "name its files"),
    ("dane --no-such-option x.example", 64, "", "usage: sluisctl"),
    ("dane x..example", 64, "", '"x..example" is not a domain'),
    ("dane somebody@x.example", 64, "", "is not a domain"),
    ("dane x.example:nntp", 64, "", "is not a domain"),
    ("dane x.example,y.example", 64, "", "is not a domain"),
    ("dane x.example \x1b[2J", 64, "", '"?[2J" is not a domain'),
    (f"-c {BAD} dane x.example", 78, "", f"{BAD}:2:"),
    (f"-c {MISSING} dane x.example", 78, "", MISSING),
    (f"-c {BAD} dane x..example", 64, "", "is not a domain"),
    (f"-c {NO_ANCHOR} dane x.example", 69, "", "missing.key"),
)

print(f"1..{len(ROWS)}")
failed = False
for number, (words, status, out, err) in enumerate(ROWS, 1):
    done = subprocess.run([SLUISCTL, *words.split()], capture_output=True, text=True, timeout=60)
    right = done.returncode == status and out in done.stdout and err in done.stderr
    right = right and bool(out) == bool(done.stdout) and "\x1b" not in done.stderr
    failed = failed or not right
    print("ok" if right else "not ok", number, "-", ascii(words.replace(folder, "...")))
    if not right:
        print(f"# status {done.returncode}, output {done.stdout!r}, error {done.stderr!r}")
for path in (GOOD, BAD, NO_ANCHOR, KEYS, KEYED):
    os.remove(path)
os.rmdir(folder)
sys.exit(failed)

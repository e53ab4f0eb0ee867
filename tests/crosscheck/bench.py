# SPDX-License-Identifier: BSD-2-Clause
"""What the cross-checks share: running vectors through Sluis' own code, TAP, and the list of known disagreements.

A cross-check makes up messages or records from a fixed seed, asks Sluis (tests/vectors --print: the whole session code, with a
fake resolver) and another implementation for their verdicts, and fails where they differ in a way that disagreements.md does
not explain. It also fails where that file explains what no longer happens.
"""

import fnmatch
import json
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
RUNNER = os.path.join(os.environ.get("top_builddir", "."), "tests", "vectors")
SHARED = os.path.join(TOP, "..", "shared", "vectors")
SHOWN = int(os.environ.get("CROSSCHECK_SHOWN", "5"))  # complaints of one point that are printed

NOW = 1790000000


def text_of(data):
    """Bytes as a vector has them: U+0000..U+00FF stand for bytes."""
    return data.decode("latin-1")


def run(vectors, dns=None, folder=None):
    """{id: outcome} of vectors, in the form of `tests/vectors --print`."""
    with tempfile.TemporaryDirectory() as made:
        if folder is None:
            folder = made
            with open(os.path.join(folder, "vectors.json"), "w", encoding="utf-8") as stream:
                json.dump({"dns": dns or {}, "vectors": vectors}, stream)
        done = subprocess.run([RUNNER, "--print", folder], capture_output=True, check=False)
    outcomes = {}
    for line in done.stdout.decode("utf-8").splitlines():
        outcome = json.loads(line)
        outcomes[outcome["id"]] = outcome
    if done.returncode != 0:
        raise SystemExit(f"Bail out! {RUNNER}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
    return outcomes


class Tap:
    """Points, each with its complaints."""

    def __init__(self):
        self.points = self.failures = 0

    def point(self, name, complaints):
        self.points += 1
        complaints = list(complaints)
        for complaint in complaints[:SHOWN]:
            print("# " + complaint.replace("\n", "\n# "))
        if len(complaints) > SHOWN:
            print(f"# and {len(complaints) - SHOWN} more")
        self.failures += bool(complaints)
        print(f"{'not ok' if complaints else 'ok'} {self.points} - {name}")

    def skip(self, name, why):
        self.points += 1
        print(f"ok {self.points} - {name} # SKIP {why}")

    def end(self):
        print(f"1..{self.points}")
        return 1 if self.failures else 0


class Disagreements:
    """The rows of disagreements.md for one check: `| check | case | ours | theirs | why |`; case, ours and theirs may have *."""

    def __init__(self, check):
        self.rows = []
        with open(os.path.join(HERE, "disagreements.md"), encoding="utf-8") as stream:
            for line in stream:
                cells = [cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
                if len(cells) == 5 and cells[0] == check:
                    self.rows.append((cells[1:4], cells[4]))
        self.used = set()

    def explains(self, case, ours, theirs):
        for number, (patterns, _) in enumerate(self.rows):
            if all(fnmatch.fnmatchcase(value, pattern) for value, pattern in zip((case, ours, theirs), patterns)):
                self.used.add(number)
                return True
        return False

    def unused(self):
        return [f"disagreements.md explains what does not happen: {' | '.join(patterns)}"
                for number, (patterns, _) in enumerate(self.rows) if number not in self.used]

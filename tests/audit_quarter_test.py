#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A synthetic quarter (quarter.py) through import and report: every figure of the known truth, whatever the order of the files. Speaks
TAP.

    tests/audit_quarter_test.py [MESSAGES [SEED]]
"""

import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import quarter  # noqa: E402

SLUISCTL = os.path.abspath(os.path.join(os.environ.get("top_builddir", "."), "ctl", "sluisctl"))
KEYS = {"spf": "result", "dkim": "result", "dmarc": "result", "tls": "grade", "assessed": "verdict", "proven": "class"}


def share(cell):
    return [cell["number"], cell["of"]]


def tables_of(report):
    """The report's tables in the form of the truth."""
    tables = {name: rows for section in report.values() if isinstance(section, dict) for name, rows in section.items()}
    found = {name: {row[key]: {column: share(cell) for column, cell in row.items() if isinstance(cell, dict)} for row in tables[name]}
             for name, key in KEYS.items()}
    found["completeness"] = {row["fact"]: row["number"] for row in tables["completeness"] if row["number"]}
    found["disagreements"] = {f'{row["domain"]} {row["verdict"]} {row["class"]}': row["recipients"] for row in tables["disagreements"]}
    return found


def main():
    messages, seed = (int(word) for word in (sys.argv[1:] + ["3000", "1"][len(sys.argv) - 1:])[:2])
    folder = tempfile.mkdtemp()
    count, failed = 0, 0

    def point(right, text, *notes):
        nonlocal count, failed
        count += 1
        failed += not right
        print(f"{'ok' if right else 'not ok'} {count} - {text}", flush=True)
        for note in notes if not right else ():
            print("# " + str(note).replace("\n", "\n# "))

    try:
        truth = quarter.generate(folder, messages, seed)
        config = os.path.join(folder, "sluis.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write('local-domains = {"agency.example"}\n')
        files = sorted(glob.glob(folder + "/*/audit.jsonl*") + glob.glob(folder + "/*/mail.log*"))
        for order in ("at once", "one by one, shuffled"):
            database = os.path.join(folder, order[:3] + ".db")
            command = [SLUISCTL, "-c", config, "audit", "import", "--database", database]
            shuffled = random.Random(seed).sample(files, len(files))
            runs = [files] if order == "at once" else [[path] for path in shuffled]
            for run in runs:
                done = subprocess.run([*command, *run], capture_output=True, text=True, env=dict(os.environ, TZ="UTC"), check=False)
                if done.returncode:
                    point(False, f"{order}: the logs are imported", done.returncode, done.stdout, done.stderr[-2000:])
            done = subprocess.run([SLUISCTL, "-c", config, "audit", "report", "--database", database, "--format", "json"], capture_output=True,
                                  text=True, check=False)
            found = tables_of(json.loads(done.stdout)) if done.returncode == 0 else {}
            for table, rows in truth.items():
                wrong = [f"{key}: {found.get(table, {}).get(key)} is not {rows.get(key)}" for key in sorted({*rows, *found.get(table, {})})
                         if found.get(table, {}).get(key) != rows.get(key)]
                point(not wrong, f"{order}: {table} is as made", *wrong[:20], done.stderr[-500:])
    finally:
        shutil.rmtree(folder)
    print(f"1..{count}")
    sys.exit(1 if failed else 0)


main()

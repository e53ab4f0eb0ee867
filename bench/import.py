#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How fast are audit logs imported, beside jq that only reads them, and how long does a report over them take?

    bench/import.py [--build FOLDER] [--rounds N] [--database WHERE] [--json FILE] [LINES]

Makes LINES audit lines (default 1,000,000; tests/quarter.py) of two hosts, keeps them in the build folder, and runs `jq -c .` and `sluisctl
audit import` over the same files in turn, each time into a new database. Printed: CPU time (user and system) and wall time for a line,
the most memory that was resident, and the ratios. Then `audit report` over the whole quarter, with its time. WHERE is a PostgreSQL
address of an empty database (one round); SQLite otherwise.

Exit status: 0; 1 where the import is slower than jq for a line, takes more than 200 MiB, or the report more than 10 seconds.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TOP, "tests"))
import quarter  # noqa: E402

HOSTS = ("mx1", "mx2")
MEMORY_MAX_MIB, REPORT_MAX_S = 200, 10


def make_host(job):
    folder, host, lines = job
    quarter.generate(folder, lines, seed=HOSTS.index(host) + 1, plain=True, hosts=(host,))


def make_lines(build, lines):
    """The log of each host; made once for each number of lines."""
    folder = os.path.join(build, f"bench-import-{lines}")
    paths = [os.path.join(folder, host, "audit.jsonl") for host in HOSTS]
    if not os.path.isdir(folder):
        print(f"making {lines:,} lines", file=sys.stderr)
        half = os.path.join(build, f"bench-import-{lines}.making")
        shutil.rmtree(half, ignore_errors=True)
        with multiprocessing.Pool(len(HOSTS)) as pool:
            # Each host writes a line of its own when it starts.
            pool.map(make_host, [(half, host, lines // len(HOSTS) - 1) for host in HOSTS])
        os.rename(half, folder)
    return paths


def measure(*command):
    """(CPU seconds, wall seconds, MiB) of a program to its end."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]}: exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss / 1024


def best(rounds):
    """Of each figure the lowest, of memory the highest: what else the machine does can only add."""
    return min(r[0] for r in rounds), min(r[1] for r in rounds), max(r[2] for r in rounds)


def run(options, work):
    paths = make_lines(options.build, options.lines)
    total = sum(os.path.getsize(path) for path in paths)
    sluisctl = os.path.join(options.build, "ctl", "sluisctl")
    config = os.path.join(work, "sluis.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write(f'local-domains = {{"{quarter.OUR_DOMAIN}"}}\n')
    jq, imports = [], []
    for number in range(1 if options.database else options.rounds):
        where = options.database or os.path.join(work, f"{number}.db")
        jq.append(measure("jq", "-c", ".", *paths))
        imports.append(measure(sluisctl, "-c", config, "audit", "import", "--database", where, *paths))
        if number + 1 < options.rounds and not options.database:
            os.unlink(where)
    report = measure(sluisctl, "-c", config, "audit", "report", "--database", where, "--format", "json")
    size = 0 if options.database else os.path.getsize(where)
    figures = {"lines": options.lines, "bytes": total, "database": size}
    for name, rounds in (("jq", jq), ("import", imports), ("report", [report])):
        figures[name] = dict(zip(("cpu_s", "wall_s", "mib"), best(rounds)))
    figures["ratio"] = {key: figures["jq"][key] / figures["import"][key] for key in ("cpu_s", "wall_s")}
    return figures


def show(figures):
    lines = figures["lines"]
    print(f"{lines:,} lines of {figures['bytes'] / lines:.0f} bytes")
    for name in ("jq", "import"):
        row = figures[name]
        print(f"  {name:7} {row['cpu_s'] / lines * 1e6:7.1f} us CPU, {row['wall_s'] / lines * 1e6:7.1f} us in all for a line, {row['mib']:6.0f} MiB")
    print(f"  the import is {figures['ratio']['cpu_s']:.2f} times as fast as jq by CPU, {figures['ratio']['wall_s']:.2f} times by the clock")
    print(f"  report  {figures['report']['cpu_s']:.2f} s CPU, {figures['report']['wall_s']:.2f} s in all, {figures['report']['mib']:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.environ.get("top_builddir") or os.path.join(TOP, "build"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database")
    parser.add_argument("--json")
    parser.add_argument("lines", type=int, nargs="?", default=1000000)
    options = parser.parse_args()
    if not shutil.which("jq"):
        raise SystemExit("jq is needed to compare with")
    work = tempfile.mkdtemp(dir=options.build)
    try:
        figures = run(options, work)
    finally:
        shutil.rmtree(work)
    show(figures)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump(figures, f, indent=1)
    good = figures["ratio"]["wall_s"] >= 1 and figures["import"]["mib"] <= MEMORY_MAX_MIB and figures["report"]["wall_s"] <= REPORT_MAX_S
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

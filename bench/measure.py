# SPDX-License-Identifier: BSD-2-Clause
"""Running a load, and what the processes under it used meanwhile, read from /proc."""

import json
import os
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGESIZE") // 1024


def _stat(pid):
    """(parent, CPU seconds, resident KB) of a process."""
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rpartition(")")[2].split()
    return int(words[1]), (int(words[11]) + int(words[12])) / TICK, int(words[21]) * PAGE_KB


def tree(roots):
    """{pid: (CPU seconds, resident KB)} of processes and all below them."""
    found, children = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent, cpu, rss = _stat(name)
            except (OSError, IndexError):
                continue
            found[int(name)] = (cpu, rss)
            children.setdefault(parent, []).append(int(name))
    result, todo = {}, list(roots)
    while todo:
        pid = todo.pop()
        if pid in found and pid not in result:
            result[pid] = found[pid]
            todo += children.get(pid, [])
    return result


class Meter:
    """CPU time of process trees between two moments. Processes that begin meanwhile count, those that end do not."""

    def __init__(self, **roots):
        self.roots = roots                              # name: [pid]
        self.before = {name: tree(pids) for name, pids in roots.items()}

    def read(self):
        """{name: {"cpu": seconds, "rss_kb": now}}"""
        result = {}
        for name, pids in self.roots.items():
            now = tree(pids)
            old = self.before[name]
            result[name] = {"cpu": sum(cpu - old.get(pid, (0, 0))[0] for pid, (cpu, _) in now.items()),
                            "rss_kb": sum(rss for _, rss in now.values())}
        return result


def load(program, where, source, **options):
    """One run of bench/load; its report. A load that lost replies says so in "lost"."""
    command = [program]
    for name, value in options.items():
        if value is True:
            command.append(f"--{name}")
        elif value is not None and value is not False:
            command += [f"--{name}", str(value)]
    done = subprocess.run([*command, where, source], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not done.stdout.strip():
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    if done.stderr.strip():
        report["trouble"] = done.stderr.strip()
    return report


def busy_share(seconds=1.0):
    """How much of all CPUs others use now, 0 to 1: a measurement beside a busy neighbour is worth less."""
    def read():
        with open("/proc/stat") as f:
            numbers = [int(n) for n in f.readline().split()[1:]]
        return sum(numbers[:8]), numbers[3] + numbers[4]
    total, idle = read()
    time.sleep(seconds)
    total2, idle2 = read()
    return 1 - (idle2 - idle) / max(1, total2 - total)

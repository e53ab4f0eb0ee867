# SPDX-License-Identifier: BSD-2-Clause
"""Running a load, and what the processes under it used meanwhile, read from /proc."""

import json
import os
import statistics
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """(parent, CPU seconds) of a process."""
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rpartition(")")[2].split()
    return int(words[1]), (int(words[11]) + int(words[12])) / TICK


def _own_kb(pid):
    """Its share of memory: pages that several processes have in common count once among them. 0 where it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return next((int(line.split()[1]) for line in f if line.startswith("Pss:")), 0)
    except OSError:
        return 0


def tree(roots):
    """{pid: CPU seconds} of processes and all below them."""
    found, children = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent, cpu = _stat(name)
            except (OSError, IndexError):
                continue
            found[int(name)] = cpu
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
        """{name: {"cpu": seconds, "rss_kb": resident now, pages in common counted once}}"""
        result = {}
        for name, pids in self.roots.items():
            now = tree(pids)
            old = self.before[name]
            result[name] = {"cpu": sum(cpu - old.get(pid, 0) for pid, cpu in now.items()),
                            "rss_kb": sum(_own_kb(pid) for pid in now)}
        return result


def below(root, words):
    """Processes under `root` that have one of the words in their command line."""
    found = []
    for pid in tree([root]):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                line = f.read().decode(errors="replace")
        except OSError:
            continue
        if any(word in line for word in words):
            found.append(pid)
    return found


def median(values):
    return statistics.median(values)


def key_record():
    """The record of the key that the mix is signed with."""
    import mail
    import world
    return mail.record(world.KEY)


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

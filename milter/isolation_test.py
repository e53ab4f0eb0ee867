#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon can no longer do once it has started: an intruder (intruder.c) tries it inside of the real one. And that it
can still do its work: log rotation, reload, messages, an end in good order. Speaks TAP; needs no lab and no DNS."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
BUILD = os.path.abspath(os.environ.get("top_builddir", TOP))
sys.path.insert(0, os.path.join(TOP, "lab"))

from milter_client import Milter  # noqa: E402

DEADLY = ("execve", "execveat", "ptrace", "mount")
# What comes of each attempt: behind both fences, without Landlock, without seccomp, without both.
EXPECTED = {
    "write-elsewhere": ("EACCES", "done", "EACCES", "done"),
    "append-elsewhere": ("EACCES", "done", "EACCES", "done"),
    "truncate-by-open": ("EPERM", "EPERM", "EACCES", "done"),
    "truncate-by-name": ("ENOSYS", "ENOSYS", "EACCES", "done"),
    "create-elsewhere": ("EACCES", "done", "EACCES", "done"),
    "nameless-file": ("EACCES", "done", "EACCES", "done"),
    "make-folder": ("ENOSYS", "ENOSYS", "EACCES", "done"),
    "make-link": ("ENOSYS", "ENOSYS", "EACCES", "done"),
    "make-socket": ("EACCES", "done", "EACCES", "done"),
    "change-mode": ("ENOSYS", "ENOSYS", "done", "done"),
    "delete-elsewhere": ("EACCES", "done", "EACCES", "done"),
    "delete-log": ("EACCES", "done", "EACCES", "done"),
    "rename-log": ("ENOSYS", "ENOSYS", "EACCES", "done"),
    "write-log": ("done", "done", "done", "done"),
    "read-elsewhere": ("done", "done", "done", "done"),
    "write-null": ("done", "done", "done", "done"),
    "internet": ("done", "done", "done", "done"),
    "netlink": ("ENOSYS", "ENOSYS", "done", "done"),
    "written-code": ("EPERM", "EPERM", "done", "done"),
    "turned-code": ("EPERM", "EPERM", "done", "done"),
    "new-process": ("EPERM", "EPERM", "done", "done"),
    "signal-self": ("done", "done", "done", "done"),
    "future-call": ("ENOSYS", "ENOSYS", "ENOSYS", "ENOSYS"),
    "same-user": ("ENOSYS", "ENOSYS", "done", "done"),
}
points = []


def point(ok, text, *notes):
    points.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(points)} - {text}")
    for note in notes if not ok else ():
        for line in str(note).splitlines():
            print("# " + line)
    sys.stdout.flush()


def until(true, seconds=15.0):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


class Sluisd:
    """The daemon in a folder of its own, with or without the intruder."""

    def __init__(self, base, config="", wish=None, before=(), program=BUILD + "/milter/sluisd"):
        self.folder = tempfile.mkdtemp(dir=base)
        self.socket, self.audit = self.folder + "/run/sluis.sock", self.folder + "/log/audit.jsonl"
        self.conf, self.output = self.folder + "/sluis.conf", self.folder + "/output"
        os.chmod(self.folder, 0o755)
        for part in ("open", "log", "run"):
            os.mkdir(f"{self.folder}/{part}")
            os.chmod(f"{self.folder}/{part}", 0o777)
        for part in ("victim", "open/spare", "log/spare"):
            with open(f"{self.folder}/{part}", "w", encoding="ascii") as file:
                file.write("precious\n")
            if os.geteuid() == 0:      # so that its mode is not in the way: only the fences are
                shutil.chown(f"{self.folder}/{part}", "nobody")
        self.configure(config)
        environment = dict(os.environ, INTRUDER_FOLDER=self.folder)
        if wish is not None:
            environment.update(INTRUDER=wish, LD_PRELOAD=BUILD + "/milter/intruder.so")
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen([*before, program, "-f", "-c", self.conf], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, env=environment)

    def configure(self, config):
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(f'''listen = "unix:{self.socket}" socket-mode = "0666" user = "nobody" crash-journal = "{self.folder}/run/in-hand"
resolver {{ servers = {{"127.0.0.1@9"}} timeout = 1 budget = 1 }} audit {{ log = "{self.audit}" }} {config}\n''')

    def text(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.read()

    def said(self, text, seconds=15.0):
        return until(lambda: text in self.text() or self.process.poll() is not None, seconds) and text in self.text()

    def ready(self):
        return self.said(" listens on ")

    def events(self, name=""):
        with open(self.audit + name, encoding="utf-8") as file:
            return [json.loads(line)["event"] for line in file]

    def threads(self):
        """The rows of /proc of each thread."""
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status", encoding="utf-8") as file:
                yield dict((line.split(":", 1)[0], line.split(":", 1)[1].strip()) for line in file if ":" in line)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


async def message(sluisd):
    async with Milter(sluisd.socket) as milter:
        await milter.negotiate()
        await milter.connect()
        await milter.helo()
        await milter.mail()
        await milter.rcpt()
        outcome = await milter.data(b"From: bob@sender.example\r\n\r\nHello.\r\n")
        await milter.quit()
        return outcome


def has_landlock():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(444, None, 0, 1) > 0     # the same number on all architectures


def attempts(sluisd, where):
    words = [line.split() for line in sluisd.text().splitlines() if line.startswith(f"intruder: {where} ")]
    return {line[2]: line[3] for line in words}


def test_attempts(base, landlock):
    cases = (("all fences", "", "", 0 if landlock else 1), ("a kernel without Landlock", "", "no-landlock", 1),
             ("a kernel without seccomp", "", "no-seccomp", 2 if landlock else 3), ("isolation = false", "isolation = false", "", 3))
    for title, config, wish, column in cases:
        with Sluisd(base, config, wish) as sluisd:
            sluisd.said("intruder: end")
            for where in ("main", "thread"):
                found = attempts(sluisd, where)
                # What the first one made is there for the second one: only what is refused says something.
                wrong = [f"{name}: {found.get(name)}, not {row[column]}" for name, row in EXPECTED.items()
                         if found.get(name) != row[column] and (where == "main" or row[column] != "done")]
                point(not wrong and found, f"{title}: {len(EXPECTED)} attempts ({where})", *wrong, sluisd.text())
            with open(sluisd.folder + "/victim", encoding="ascii") as file:
                kept = file.read() == "precious\n"
            point(kept == (column < 3), f"{title}: a file elsewhere can{'not' if column < 3 else ''} be cut")
            told = {0: "writes confined, system calls confined", 1: "this kernel has no Landlock",
                    2: "this kernel has no seccomp", 3: "switched off" if config else "no seccomp"}[column]
            point(told in sluisd.text(), f"{title}: the log says so", sluisd.text())


def test_deadly(base, landlock):
    for wish in (*DEADLY, *(f"{call} no-landlock" for call in DEADLY)):
        with Sluisd(base, "", wish) as sluisd:
            until(lambda: sluisd.process.poll() is not None)
            point(sluisd.process.poll() == -signal.SIGSYS and "ran a program" not in sluisd.text(), f"{wish}: the call ends the process at once",
                  sluisd.process.poll(), sluisd.text())
    if landlock:
        with Sluisd(base, "", "execve no-seccomp") as sluisd:
            sluisd.said("intruder: main execve")
            point("intruder: main execve EACCES" in sluisd.text(), "without seccomp Landlock refuses to run a program", sluisd.text())
    with Sluisd(base, "isolation = false", "execve") as sluisd:
        until(lambda: sluisd.process.poll() is not None)
        point("intruder: ran a program" in sluisd.text(), "without isolation a program could be run", sluisd.text())


def test_work(base):
    sluisd = Sluisd(base)
    with sluisd:
        point(sluisd.ready(), "it starts", sluisd.text())
        point(until(lambda: "resolver-failure" in sluisd.events()) and sluisd.events()[0] == "start",
              "its first line says start, and that the DNS is dead comes behind it", sluisd.events())
        outcome = asyncio.run(message(sluisd))
        point(outcome.verdict == "continue" and outcome.edits, "it serves messages", outcome)
        rows = list(sluisd.threads())
        point(len(rows) > 3 and all(row["Seccomp"] == "2" and row["NoNewPrivs"] == "1" for row in rows),
              f"all its {len(rows)} threads are behind the filter and without new privileges", rows)
        point(all(int(row[name], 16) == 0 for row in rows for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")), "none has a capability", rows)
        os.rename(sluisd.audit, sluisd.audit + ".1")
        asyncio.run(message(sluisd))
        point("message" in sluisd.events() and "message" in sluisd.events(".1"), "the audit log goes on behind rotation", sluisd.text())
        sluisd.configure("mode = observe")
        sluisd.process.send_signal(signal.SIGUSR1)
        point(sluisd.said("reloaded "), "it reloads", sluisd.text())
        point(until(lambda: "reload" in sluisd.events(), 5), "and the audit log has it", sluisd.events())
        sluisd.configure(f'audit {{ log = "{sluisd.folder}/open/other.jsonl" }}  isolation = false')
        sluisd.process.send_signal(signal.SIGUSR1)
        point(sluisd.said("audit.log takes effect at the next start") and sluisd.said("isolation takes effect at the next start"),
              "a reload moves no fence", sluisd.text())
        point(asyncio.run(message(sluisd)).verdict == "continue" and sluisd.events()[-1] == "message", "and the log stays where it is",
              sluisd.events())
        point(os.path.exists(sluisd.socket), "the socket is there")
    point(sluisd.process.returncode == 0 and not os.path.exists(sluisd.socket), "it ends in good order, and its socket goes with it",
          sluisd.process.returncode, sluisd.text())
    point(sluisd.events()[-1] == "stop", "the last line says stop", sluisd.events())


def test_odd_logs(base):
    """Logs that are no file in a folder of their own."""
    for where, log in (("standard output", "-"), ("syslog", "syslog"), ("a device", "/dev/null")):
        with Sluisd(base, f'audit {{ log = "{log}" }}') as sluisd:
            point(sluisd.ready() and asyncio.run(message(sluisd)).verdict == "continue", f"audit log to {where}", sluisd.text())
    sluisd = Sluisd(base)                       # its folder serves the next one
    sluisd.ready()
    sluisd.stop()
    target, link = sluisd.folder + "/open/real.jsonl", sluisd.folder + "/log/link.jsonl"
    with open(target, "w", encoding="ascii"):
        os.chmod(target, 0o666)
    os.symlink(target, link)
    with Sluisd(base, f'audit {{ log = "{link}" }}') as sluisd:
        sluisd.ready()
        os.rename(target, target + ".1")
        asyncio.run(message(sluisd))
        point(os.path.exists(target), "a log behind a symbolic link can be rotated", sluisd.text())


def test_unit(base):
    """Behind the filter of the systemd unit, as the user that it names: the fences of our own can still be put up."""
    if not shutil.which("systemd-analyze"):
        point(True, "the daemon behind the unit's own filter # SKIP no systemd-analyze")
        return
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    # Copies, as that user may have no way into a clone in root's home.
    confine, unit, program = (shutil.copy(path, base) for path in (HERE + "/unit_filter.py", TOP + "/init/sluisd.service.in",
                                                                   BUILD + "/milter/sluisd"))
    with Sluisd(base, before=[*user, sys.executable, confine, unit], program=program) as sluisd:
        ready = sluisd.ready()
        filters = [row.get("Seccomp_filters", "2") for row in sluisd.threads()]
        point(ready and asyncio.run(message(sluisd)).verdict == "continue" and set(filters) == {"2"} and "not confined" not in sluisd.text(),
              "the daemon behind the unit's own filter has its own fences, and serves", filters, sluisd.text())
        sluisd.stop()
        point(sluisd.process.returncode == 0 and sluisd.events()[-1] == "stop" and "cannot" not in sluisd.text(), "and ends in good order",
              sluisd.process.returncode, sluisd.text())


def main():
    with open(BUILD + "/config.h", encoding="utf-8") as file:
        if "#define WITH_SANITIZER 1" in file.read():
            print("1..0 # SKIP no isolation in a build with sanitizers")
            return
    # Where nobody may look into the folder for temporary files, the daemon could not either.
    with tempfile.TemporaryDirectory() as base:
        os.chmod(base, 0o755)
        landlock = has_landlock()
        print(f"# this kernel has {'' if landlock else 'no '}Landlock")
        test_attempts(base, landlock)
        test_deadly(base, landlock)
        test_work(base)
        test_odd_logs(base)
        test_unit(base)
    print(f"1..{len(points)}")
    sys.exit(0 if all(points) else 1)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the daemon itself stand on: TAP points, starting sluisd in many ways, and messages to it as an MTA hands them
over, without an MTA."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

import auditlog  # noqa: E402
import case as cases  # noqa: E402
import certs  # noqa: E402
import inside  # noqa: E402
import run_cases  # noqa: E402
import sanitizer  # noqa: E402
from inside import read, wait_until, write  # noqa: E402
from milter_client import Milter, listens  # noqa: E402
from nameserver import Dns  # noqa: E402
from zones import Tree  # noqa: E402

GOOD = b"From: bob@sender.example\r\nSubject: hello\r\n\r\nHello.\r\n"


class Points:
    """TAP, with the number of points at the end."""

    def __init__(self):
        self.all, self.rows = [], []

    def point(self, ok, text, *notes):
        self.all.append(bool(ok))
        print(f"{'ok' if ok else 'not ok'} {len(self.all)} - {text}")
        for note in notes if not ok else ():
            for line in str(note).splitlines():
                print("# " + line)
        sys.stdout.flush()
        return ok

    def run(self, test, *args):
        """A test may end in an exception; the others go on."""
        begun = time.time()
        try:
            test(*args)
        except Exception:
            self.point(False, f"{test.__name__} comes to its end", traceback.format_exc())
        print(f"# {test.__name__}: {time.time() - begun:.1f} s", flush=True)

    def figures(self, *cells):
        """A row of the table that `./bootstrap faults` shows and doc/testing.md holds; the first one is its head."""
        self.rows.append(cells)

    def end(self):
        for number, row in enumerate(self.rows):
            print("# | " + " | ".join(map(str, row)) + " |" + ("\n# |" + " --- |" * len(row) if number == 0 else ""))
        if sanitizer.built_with(Sluisd.program):
            found = [text for log in Sluisd.logs for text in sanitizer.findings(read(log))]
            self.point(not found, f"no sanitizer found anything in {len(Sluisd.logs)} daemons", *found)
        print(f"1..{len(self.all)}")
        sys.exit(0 if all(self.all) else 1)


def laboratory(zones=""):
    """Goes on inside the lab, with the daemon of the command line or the build; the lab's DNS, with more zone text."""
    class Options:
        milter, sluisd = None, (sys.argv[1:] or [None])[0]
    Sluisd.program = run_cases.find_daemon(Options)[1][0]
    inside.enter(tap=True)
    tree = Tree()
    tree.add(read(inside.HERE + "/zones/base.zone"), "base.zone")
    tree.add(zones, "zones")
    authority = certs.Authority(inside.fresh("certs"))
    return Dns(tree, 0, authority, authority.leaf("remote", tree.mail_hosts())[0])


class Sluisd:
    """The daemon in a folder of its own, under the lab's default configuration with `config` laid over it."""

    program = None
    logs = []                                            # of all of them


    def __init__(self, anchor, config="", folder=None):
        self.folder = folder or inside.fresh(f"daemon-{len(Sluisd.logs) + 1}")
        self.socket, self.audit = self.folder + "/run/sluis.sock", self.folder + "/audit/audit.jsonl"
        self.log, self.conf, self.anchor = self.folder + "/log", self.folder + "/sluis.conf", anchor
        Sluisd.logs.append(self.log)
        for part in ("run", "audit"):
            if not os.path.isdir(f"{self.folder}/{part}"):
                os.makedirs(f"{self.folder}/{part}")
                shutil.chown(f"{self.folder}/{part}", "sluis", "sluis")
        self.process = None
        self.before = []                                 # a command that runs it
        self.configure(config)

    def configure(self, config):
        default = run_cases.DEFAULT.format(socket=self.socket, audit=self.audit, anchor=self.anchor)
        write(self.conf, cases.merge_config(default, config))

    def command(self, *options):
        return [self.program, *(options or ("-f",)), "-c", self.conf]

    def start(self):
        begin = inside.size(self.log)
        self.process = inside.Daemon(*self.before, *self.command(), log=self.log, env=sanitizer.environment())
        self.process.ready(lambda: " listens on " in read(self.log, begin), 15)
        return self

    def run(self, *options, seconds=20):
        """It, to its end: (exit status, standard output, standard error)."""
        done = subprocess.run(self.command(*options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=seconds, env=sanitizer.environment())
        return done.returncode, done.stdout, done.stderr

    @property
    def pid(self):
        return self.process.process.pid

    def alive(self):
        return self.process.alive()

    def send_signal(self, number):
        os.kill(self.pid, number)

    def stop(self, how=signal.SIGTERM, seconds=40):
        """Its exit status; None where it had to be killed."""
        return self.process.stop(how, seconds)

    def lines(self, *rotated):
        return [json.loads(line) for line in auditlog.lines_of(*rotated, self.audit)]

    def messages(self):
        return [line for line in self.lines() if line["event"] == "message"]

    def events(self, name):
        return [line for line in self.lines() if line["event"] == name]

    def wait_messages(self, count, seconds=10):
        wait_until(lambda: len(self.messages()) >= count, seconds)
        return self.messages()

    def wait_log(self, text, seconds=5):
        return wait_until(lambda: text in read(self.log), seconds)

    def status(self):
        """Of /proc: {"Uid": [...], "Threads": [...]}."""
        rows = (line.split() for line in read(f"/proc/{self.pid}/status").splitlines())
        return {words[0].rstrip(":"): words[1:] for words in rows if words}

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def problems(self, *rotated):
        return auditlog.problems(auditlog.lines_of(*rotated, self.audit))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process:
            self.stop()


async def greeted(sluisd, address="203.0.113.5", **negotiation):
    """A connection behind HELO."""
    milter = await Milter(sluisd.socket).open()
    await milter.negotiate(**negotiation)
    await milter.connect(address=address)
    await milter.helo()
    return milter


async def envelope(milter, sender="<bob@sender.example>", recipient="<alice@receiver.example>"):
    """MAIL and RCPT; what was said to the last one that was answered."""
    verdict = await milter.mail(sender)
    return await milter.rcpt(recipient) if verdict == "continue" else verdict


async def message(sluisd, data=GOOD, **negotiation):
    """A whole connection with one message; its outcome."""
    milter = await greeted(sluisd, **negotiation)
    await envelope(milter)
    outcome = await milter.data(data)
    await milter.quit()
    return outcome


async def message_from(sluisd, sender, address="203.0.113.5", author=None):
    """A whole connection with one message of this sender, who is its author unless another is named; its outcome."""
    milter = await greeted(sluisd, address)
    await envelope(milter, f"<{sender}>")
    outcome = await milter.data(GOOD.replace(b"bob@sender.example", (author or sender).encode()))
    await milter.quit()
    return outcome


def results(outcome):
    """The value of the Authentication-Results field that was inserted, unfolded; empty where none was."""
    return " ".join(" ".join(edit[3].split()) for edit in outcome.edits if edit[0] == "insert" and edit[2] == "Authentication-Results")

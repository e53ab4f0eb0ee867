#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run end-to-end cases through real MTAs and the real daemon; prints TAP.

    lab/run_cases.py [--sluisd PATH] [--mta postfix|sendmail|both] [--jobs 1|2] [--keep DIR] [--list] CASE...

--sluisd   the daemon (default: $SLUISD, else milter/sluisd of the build or source tree)
--jobs 2   both MTAs at the same time; cases that count queries still run one after the other
--keep     copy the lab's files (logs, mailboxes, zones, audit logs) to DIR at the end
--milter   instead of sluisd, a command that serves the milter socket given in its last argument (for other filters)

One point for each case and MTA, and one for each start and end of the daemon. It is started anew for every distinct
configuration and MTA, so nothing is left in its cache.
"""

import argparse
import os
import shlex
import shutil
import sys
import threading
import time

import auditlog
import case as cases
import certs
import expect
import inside
import sanitizer
from inside import Daemon, connects_unix, read, write
from nameserver import Dns, Unbound
from postfix import Postfix
from remote import RemoteMX
from sendmail import Sendmail
from session import Session
from zones import Tree, ZoneError

MTAS = {"postfix": Postfix, "sendmail": Sendmail}

DEFAULT = """
socket-group = "postfix"
user = "sluis"
crash-journal = "{socket}.journal"
mode = "enforce"
local-domains = {{"receiver.example"}}
internal-networks = {{"127.0.0.0/8", "10.25.0.0/30"}}
listen = "unix:{socket}"
resolver {{ servers = {{"recursive"}} trust-anchor = "{anchor}" timeout = 5 budget = 15 }}
audit {{ log = "{audit}" addresses = full }}
"""


class Tap:
    """Points in the order in which they end, safe from several threads."""

    def __init__(self, plan):
        self.count, self.failed, self.lock = 0, 0, threading.Lock()
        print(f"1..{plan}", flush=True)

    def point(self, ok, text, diagnostics=()):
        with self.lock:
            self.count += 1
            self.failed += not ok
            print(f"{'ok' if ok else 'not ok'} {self.count} - {text}")
            for line in "\n".join(diagnostics).splitlines():
                print("# " + line)
            sys.stdout.flush()


class Lane:
    """One MTA with its daemon: runs its cases, grouped by configuration."""

    def __init__(self, name, world, daemon, routes=()):
        self.name, self.world, self.command = name, world, daemon
        self.folder = inside.fresh("sluis-" + name)
        self.socket = self.folder + "/run/sluis.sock"    # what the MTA knows; a new daemon's socket is moved there
        for part in ("run", "audit"):
            os.makedirs(f"{self.folder}/{part}")
            shutil.chown(f"{self.folder}/{part}", "sluis", "sluis")
        self.daemons, self.endings = 0, []
        self.mta = MTAS[name](milters=["unix:" + self.socket], routes=routes).start()

    def configuration(self, case):
        default = DEFAULT.format(socket=f"{self.folder}/run/@.sock", audit=f"{self.folder}/audit/@.jsonl",
                                 anchor=self.world.dns.anchor)
        return cases.merge_config(default, case.config)

    def run(self, text, group, tap):
        """All cases of one configuration, with a daemon of their own."""
        self.daemons += 1
        self.audit, self.log = f"{self.folder}/audit/{self.daemons}.jsonl", f"{self.folder}/daemon.{self.daemons}.log"
        try:
            daemon = self._start(text.replace("@.", f"{self.daemons}."))
        except RuntimeError as error:
            tap.point(False, f"{self.name}: the daemon starts ({group[0].name} ...)", [str(error), text])
            for case in group:
                tap.point(False, f"{self.name}: {case.name}: {case.title}", ["the daemon did not start"])
            return
        for case in group:
            misses, notes = self._case(case)
            if not daemon.alive():
                misses.append("the daemon has ended")
            tap.point(not misses, f"{self.name}: {case.name}: {case.title}", misses + notes if misses else ())
        ending = threading.Thread(target=self._end, args=(daemon, self.audit, group[0].name, tap))
        ending.start()                                   # libmilter takes seconds to stop: meanwhile the next one begins
        self.endings.append(ending)

    def _start(self, text):
        conf = write(f"{self.folder}/sluis.{self.daemons}.conf", text)
        own = f"{self.folder}/run/{self.daemons}.sock"
        kind, command = self.command
        command = [*command, "unix:" + own] if kind == "milter" else [*command, "-f", "-c", conf]
        mask = {"umask": 0} if kind == "milter" else {}              # Postfix must get at the socket of any filter
        daemon = Daemon(*command, log=self.log, env=sanitizer.environment(), **mask)
        # sluisd has done with its socket only when it says so: before, it still gives it its mode and group.
        daemon.ready(lambda: connects_unix(own) and (kind == "milter" or "listens on" in read(self.log)), 15)
        os.rename(own, self.socket)                      # not a link: Sendmail takes a socket of two names for unsafe
        return daemon

    def _end(self, daemon, audit, name, tap):
        status = daemon.stop(seconds=30)
        misses = [] if status == 0 else [f"exit status {status}", read(daemon.log)[-3000:]]
        misses += sanitizer.findings(read(daemon.log))
        if self.command[0] == "sluisd":
            misses += [f"{audit}: {what}" for what in auditlog.problems(auditlog.lines_of(audit))]
        tap.point(not misses, f"{self.name}: the daemon ends in good order, its audit log is whole ({name} ...)", misses)

    def finish(self):
        for ending in self.endings:
            ending.join()
        self.endings = []

    def _case(self, case):
        mark = self.world.dns.mark()
        audit_start = inside.size(self.audit)
        begun = time.time()
        session = Session(case, self.mta)
        try:
            session.play()
        except Exception as error:                       # also what is wrong with the case: the others go on
            return [f"the session failed: {type(error).__name__}: {error}"], [self._tail(session.log_start)]
        outcome = expect.Outcome(session, self.mta, self.world, self.audit, audit_start, self.log, mark)
        misses = expect.check(case, outcome)
        if case.way == "sendmail-command":
            self.mta.forget_submitted()
        notes = []
        if misses:
            notes = [f"-- session ({time.time() - begun:.1f} s)", *(f"{r.verb}: {r}" for r in session.replies),
                     "-- audit", read(self.audit, audit_start).rstrip() or "(nothing)",
                     "-- log of the MTA", self._tail(session.log_start), "-- log of the daemon", read(self.log)[-2000:].rstrip()]
            message = outcome.delivered(None, 0) if session.messages else None
            if message:
                notes += ["-- delivered", message.partition(b"\n\n")[0].decode("utf-8", "replace")]
        return misses, notes

    def _tail(self, start):
        return "\n".join(self.mta.log_of(start).splitlines()[-30:])


class World:
    """The DNS tree of all cases, the lab's resolver and the remote servers."""

    def __init__(self, loaded, zone_files):
        self.tree = Tree()
        for path in zone_files:
            self.tree.add(read(path), path)
        for case in loaded:
            self.tree.add(case.zone, case.path)
            for step in case.session:
                words = step.text.split()
                if step.verb == "client" and len(words) > 1:
                    self.tree.ptr(*words[:2])
        authority = certs.Authority(inside.fresh("certs"))
        leaf = authority.leaf("remote", self.tree.mail_hosts())
        self.dns = Dns(self.tree, 0, authority, leaf[0]).start()
        self.resolver = Unbound(self.dns.anchor).start()
        self.remote = RemoteMX(self.tree.mail_servers(), leaf).start()


def groups(loaded, lane, queries):
    """{configuration: cases} of a lane."""
    found = {}
    for case in loaded:
        if lane.name in case.mtas and case.counts_queries == queries:
            found.setdefault(lane.configuration(case), []).append(case)
    return found


def find_daemon(options):
    if options.milter:
        return "milter", shlex.split(options.milter)
    top = os.path.dirname(inside.HERE)
    for path in (options.sluisd, os.environ.get("SLUISD"), (os.environ.get("top_builddir") or top) + "/milter/sluisd"):
        if path:
            if os.access(path, os.X_OK):
                return "sluisd", [os.path.abspath(path)]
            print(f"1..0 # SKIP no daemon at {path}")
            sys.exit(0)
    return None


def main():
    parser = argparse.ArgumentParser(description="Run end-to-end cases; prints TAP.")
    parser.add_argument("--sluisd")
    parser.add_argument("--milter")
    parser.add_argument("--mta", choices=["postfix", "sendmail", "both"], default="both")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--zone", action="append", default=[], help="more zone text, beside zones/base.zone")
    parser.add_argument("--keep")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("cases", nargs="+", metavar="CASE")
    options = parser.parse_args()
    try:
        loaded = [cases.load(path) for path in options.cases]
    except (cases.CaseError, OSError) as error:
        print(f"Bail out! {error}")
        sys.exit(1)
    if options.list:
        for case in loaded:
            print(f"{case.name}: {case.title}")
        return
    daemon = find_daemon(options)
    inside.enter(tap=True)

    names = ["postfix", "sendmail"] if options.mta == "both" else [options.mta]
    try:
        world = World(loaded, [inside.HERE + "/zones/base.zone", *options.zone])
        routes = [route for c in loaded for route in c.routes]
        lanes = [Lane(name, world, daemon, routes) for name in names if any(name in c.mtas for c in loaded)]
        work = [[(lane, groups(loaded, lane, queries)) for lane in lanes] for queries in (False, True)]
    except (ZoneError, cases.CaseError) as error:
        print(f"Bail out! {error}")
        sys.exit(1)
    tap = Tap(sum(len(group) + 1 for phase in work for _, found in phase for group in found.values()))
    for together, phase in zip((options.jobs > 1, False), work):
        def lane_runs(lane, found):
            for text, group in found.items():
                lane.run(text, group, tap)
        threads = [threading.Thread(target=lane_runs, args=job) for job in phase]
        for thread in threads:
            thread.start()
            if not together:
                thread.join()
        for thread in threads:
            thread.join()
        for lane in lanes:
            lane.finish()                                # before queries are counted
    for lane in lanes:
        lane.mta.stop()
    if options.keep:
        shutil.copytree(inside.WORK, options.keep, dirs_exist_ok=True, ignore=_special)
    sys.exit(1 if tap.failed else 0)


def _special(folder, names):
    """Sockets and fifos, which cannot be copied."""
    return [n for n in names if not (os.path.isfile(f"{folder}/{n}") or os.path.isdir(f"{folder}/{n}"))]


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Show the main job of Sluis: real mail through a real Postfix, on a small signed Internet of its own.

    demo/demo.py [--build DIR] [--keep]

For each scene: what came, what was found, what was answered, the header fields that a user sees, the audit line in short. Each scene
is a case file (lab/README.md) under demo/scenes; where something comes out otherwise than the file expects, that is said, and the
exit status is 1. --keep stays up, with a shell inside the lab. Everything runs in namespaces of its own and ends with them.
"""

import argparse
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

import case as cases  # noqa: E402
import expect  # noqa: E402
import inside  # noqa: E402
import run_cases  # noqa: E402
from evidence import Evidence  # noqa: E402
from inside import Daemon, read, wait_until, write  # noqa: E402
from session import Session  # noqa: E402

COLOUR = sys.stdout.isatty()
ROWS = []                                       # what was not as expected


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def heading(text):
    print("\n" + paint("1;34", "=== " + text + " " + "=" * max(0, 100 - len(text))), flush=True)


def row(label, text, colour=None):
    """One row of a scene; long text goes on under itself."""
    lines = []
    for part in str(text).split("\n"):
        lines += textwrap.wrap(part, 108, break_long_words=False, break_on_hyphens=False) or [""]
    width = max(10, len(label)) + 1
    for number, line in enumerate(lines):
        print("  " + paint("2", f"{label if number == 0 else '':<{width}}") + (paint(colour, line) if colour else line))
    sys.stdout.flush()


# What came

def came(scene):
    steps = scene.session
    words = {}
    for step in steps:
        words.setdefault(step.verb, []).append(step.text)
    route = {"inbound": "from outside", "submission": "from our own user, logged in"}.get(scene.way, scene.way)
    client = words.get("client", [""])[0]
    lines = [route + (f", client {client}" if client else "") + (", over " + words["starttls"][0] if words.get("starttls") else
             ("" if scene.way == "submission" else ", without TLS"))]
    lines.append("MAIL FROM " + ", ".join(words.get("mail", [])))
    if len(words.get("rcpt", [])) <= 3:
        lines.append("RCPT TO   " + ", ".join(words.get("rcpt", [])))
    else:
        lines.append(f"RCPT TO   {len(words['rcpt'])} recipients, see below")
    for step in steps:
        if step.verb == "message":
            lines += [line for line in step.message.split("\n\n")[0].split("\n") if line]
            lines += [f"signed by {domain}, selector {selector}, {key}" + (f", then {options['tamper']} changed" if "tamper" in options else "")
                      for domain, selector, key, options in step.signatures]
    return "\n".join(lines)


# What was found, out of the audit line

def found_inbound(line):
    lines = []
    for spf in line.get("spf") or []:
        lines.append(f"SPF {spf['identity']:<9}{spf['result']:<10}{spf['domain']}  (DNSSEC {spf['dnssec']}{why(spf)})")
    for dkim in line.get("dkim") or []:
        size = f"{dkim['bits']}-bit " if dkim.get("bits") else ""
        lines.append(f"DKIM         {dkim['result']:<10}{dkim['domain']} selector {dkim['selector']}  ({size}{dkim['algorithm']}{why(dkim)})")
    dmarc = line.get("dmarc")
    if dmarc:
        policy = f"policy {dmarc['policy']} of {dmarc['policy_domain']}" if dmarc.get("policy") else "no policy"
        override = f", override {dmarc['override']}" if dmarc.get("override") else ""
        lines.append(f"DMARC        {dmarc['result']:<10}{line.get('author_domain') or 'no single author'}  ({policy}{override}{why(dmarc)})")
    tls = line.get("tls")
    lines.append(f"TLS          {tls['grade']:<10}{tls['version']} {tls['cipher']}" if tls else "TLS          none")
    return "\n".join(lines)


def why(fact):
    return f"; {fact['why']}" if fact.get("why") else ""


def found_outbound(line):
    lines = []
    for recipient in line["recipients"]:
        dane = recipient.get("dane")
        if not dane:
            lines.append(f"{recipient['domain']:<24}not examined")
            continue
        link = f"missing: {dane['link']}; " if dane.get("link") else ""
        lines.append(f"{recipient['domain'] or recipient['address']:<24}{dane['verdict']:<16}{link}{dane.get('why') or ''}")
    return "\n".join(lines)


def answers(session):
    """The replies that decide: to RCPT where they differ, and to the message."""
    lines = []
    recipients = [r for r in session.replies if r.verb == "rcpt"]
    if len(recipients) > 1 and any(r.code >= 400 for r in recipients):
        lines += [f"RCPT  {r}" for r in recipients]
    lines += [f"DATA  {r}" for r in session.replies if r.verb == "data"]
    return "\n".join(lines)


def short(line):
    """The audit line in short: nulls and what was shown above left out."""
    keys = ("seq", "time", "direction", "queue_id", "action", "would", "rule", "exception", "reply", "removed_headers", "dns_queries", "dns_ms",
            "elapsed_ms")
    return json.dumps({k: line[k] for k in keys if line.get(k) is not None}, ensure_ascii=False)


class Stage:
    """The lab with Postfix and sluisd on it."""

    def __init__(self, scenes, build):
        self.build = build
        self.world = run_cases.World(scenes, [inside.HERE + "/zones/base.zone", HERE + "/demo.zone"])
        self.lane = run_cases.Lane("postfix", self.world, ("sluisd", [build + "/milter/sluisd"]))
        self.lane.audit, self.lane.log = self.lane.folder + "/audit/audit.jsonl", self.lane.folder + "/daemon.log"
        self.conf = self.lane.folder + "/sluis.conf"

    def configure(self, *more):
        default = run_cases.DEFAULT.format(socket=self.lane.socket, anchor=self.world.dns.anchor, audit=self.lane.audit)
        write(self.conf, cases.merge_config(default, read(HERE + "/sluis.conf"), *more))

    def start(self):
        if os.path.exists(self.lane.socket):
            os.unlink(self.lane.socket)
        self.daemon = Daemon(*self.lane.command[1], "-f", "-c", self.conf, log=self.lane.log, env=dict(os.environ))
        self.daemon.ready(lambda: os.path.exists(self.lane.socket) and "listens on" in read(self.lane.log), 20)

    def events(self):
        return [json.loads(l) for l in read(self.lane.audit).splitlines()]

    def wait_event(self, event, seconds):
        return wait_until(lambda: [l for l in self.events() if l["event"] == event], seconds)


def play(stage, scene, number):
    heading(f"{number}. {scene.title}")
    mark, start = stage.world.dns.mark(), inside.size(stage.lane.audit)
    session = Session(scene, stage.lane.mta).play()
    outcome = expect.Outcome(session, stage.lane.mta, stage.world, stage.lane.audit, start, stage.lane.log, mark)
    lines = outcome.audit_lines(1)
    row("came", came(scene))
    if lines:
        row("found", (found_outbound if lines[-1]["direction"] == "outbound" else found_inbound)(lines[-1]))
    colour = {"accept": "32", "quarantine": "33", "reject": "31", "defer": "35"}.get(lines[-1]["action"] if lines else "", None)
    row("answered", answers(session), colour)
    sent = outcome.sent(None)
    if sent and sent.queue_id:
        if stage.lane.mta.held(sent.queue_id):
            row("then", "in the hold queue, until the postmaster looks", "33")
        else:
            show_delivery(stage, outcome, sent)
    if lines:
        row("audit", short(lines[-1]))
    misses = expect.check(scene, outcome)
    for miss in misses:
        row("NOT SO", miss, "1;31")
    ROWS.extend(misses)


def show_delivery(stage, outcome, sent):
    message = outcome.delivered(None, 6)
    if message is None:
        row("then", "not delivered yet")
        return
    wanted = ("authentication-results", "sluis-dane")
    head = message.partition(b"\n\n")[0].decode("utf-8", "replace")
    for field in head.replace("\n\t", "\n ").split("\n"):
        if field[:1] not in " \t":
            show = field.partition(":")[0].lower() in wanted
            label = "header" if show else ""
        if show:
            row(label, field.replace("\t", " "), "36")
            label = ""
    far = outcome.remote_of(None)
    if far:
        line = stage.lane.mta.wait_log(r"(Verified|Trusted|Untrusted|Anonymous) TLS connection established to \S+", outcome.session.log_start, 2)
        row("delivered", f"to {far.address}, " + (line[0] if line else "without TLS"))


def chain_holds(lines):
    """Every `prev` is the hash of the line before."""
    before = None
    for line in lines:
        prev = json.loads(line).get("prev")
        if before is not None and prev != hashlib.sha256(before.encode()).hexdigest():
            return False
        before = line
    return True


def show_own_failure(stage):
    heading("Sluis itself fails: the audit log is required, and its disk is full")
    stage.configure('audit { log = "/dev/full" required = true }')
    stage.daemon.stop(seconds=15)
    stage.start()
    scene = cases.load(HERE + "/scenes/10-aligned.case")
    session = Session(scene, stage.lane.mta).play()
    row("answered", answers(session), "35")
    if not any(r.verb == "data" and str(r).startswith("451 4.3.5") for r in session.replies):
        row("NOT SO", "expected 451 4.3.5", "1;31")
        ROWS.append("451 4.3.5")
    row("daemon log", [l for l in read(stage.lane.log).splitlines() if "audit log" in l][-1])
    stage.daemon.stop(seconds=15)


def show_events(stage):
    heading("The daemon's own events in the audit log")
    lines = read(stage.lane.audit).splitlines()
    for line in lines:
        event = json.loads(line)
        if event["event"] != "message":
            row(event["event"], json.dumps({k: v for k, v in event.items() if k not in ("v", "event", "host", "pid", "prev", "config")}))
    holds = chain_holds(lines)
    row("chain", f"{len(lines)} lines, each with the SHA-256 of the one before: " + ("unbroken" if holds else "BROKEN"), "32" if holds else "31")
    for direction in ("inbound", "outbound"):
        whole = [line for line in lines if json.loads(line).get("direction") == direction]
        row("a line", whole[0] if whole else "")
    missing = {"start", "stop", "reload", "resolver-failure", "resolver-recovered", "exception-expired"} - {json.loads(l)["event"] for l in lines}
    ROWS.extend(f"no event {event}" for event in sorted(missing))
    if missing:
        row("NOT SO", "missing: " + ", ".join(sorted(missing)), "1;31")
    if not holds:
        ROWS.append("the chain is broken")


def show_command(stage, *words):
    command = [stage.build + "/ctl/sluisctl", "-c", stage.conf, *words]
    print(paint("1", "\n  $ sluisctl " + " ".join(words)))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(textwrap.indent(done.stdout.rstrip(), "    "))
    print(f"    (exit status {done.returncode})", flush=True)


def show_evidence(stage, page):
    """The run's own logs, as an auditor takes them."""
    heading("What an auditor gets: the logs of this run, verified, imported and reported on")
    evidence = Evidence(stage, page)
    show_command(stage, "audit", "verify", evidence.audit)
    show_command(stage, "audit", *evidence.import_logs())
    show_command(stage, "audit", "report", "--database", evidence.database, "--format", "text", "--language", "en")
    trouble = evidence.write_page()
    row("as a page", trouble or page, "31" if trouble else "36")
    first = next(line for line in stage.events() if line.get("direction") == "outbound" and line["action"] == "accept" and line.get("queue_id"))
    show_command(stage, "audit", "show", "--database", evidence.database, first["queue_id"])
    count, untraced = evidence.untraced()
    row("traced", f"{count} messages and destinations, each led back to lines of the logs by `audit show`", "32")
    for what in ([trouble] if trouble else []) + [f"{what}: audit show knows no line" for what in untraced]:
        row("NOT SO", what, "1;31")
        ROWS.append(what)


def keep(stage):
    heading("The lab stays up")
    stage.start()
    print(f"""
  Postfix listens on {stage.lane.mta.address} port 25 (from outside) and 587 (user "user", password "secret").
  Send a message:   {HERE}/send.py --from bob@sender.example --to clerk@receiver.example --sign sender.example s1 rsa2048
                    {HERE}/send.py --submission --from clerk@receiver.example --to a@dane.example a@none.example
  Read the log:     tail -f {stage.lane.audit}
  Received mail:    ls {stage.lane.mta.maildir}/new
  The policy:       {stage.conf}    (then: kill -USR1 {stage.daemon.process.pid})
  Ask:              {stage.build}/ctl/sluisctl -c {stage.conf} dane partial.example
  From elsewhere:   nsenter --all --target {os.getppid()} as root

  Leave this shell to end it all.
""", flush=True)
    if sys.stdin.isatty():
        subprocess.run([os.environ.get("SHELL") or "/bin/bash"], env=inside.environment())
    else:
        sys.stdin.read()


def main():
    parser = argparse.ArgumentParser(description="Show the main job of Sluis.")
    parser.add_argument("--build", default=os.path.join(os.path.dirname(HERE), "build"))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    inside.enter()
    scenes = [cases.load(path) for path in sorted(glob.glob(HERE + "/scenes/*.case"))]

    heading("A small signed Internet, a real Postfix, and Sluis")
    stage = Stage(scenes, options.build)
    stage.configure()
    row("zones", f"{len(stage.world.tree.zones)} signed, unsigned, broken; root, top-level domains, a trust anchor of their own")
    # The name servers sleep at first: Sluis starts all the same, and says that it cannot validate.
    stage.world.dns.front.process.send_signal(signal.SIGSTOP)
    stage.start()
    row("sluisd", read(stage.lane.log).strip())
    stage.wait_event("resolver-failure", 20)
    stage.world.dns.front.process.send_signal(signal.SIGCONT)
    stage.wait_event("resolver-recovered", 40)
    row("sluisd", read(stage.lane.log).strip().splitlines()[-1])

    number = 0
    before = [s for s in scenes if s.name < "40"]
    for scene in before:
        number += 1
        play(stage, scene, number)
    heading("The postmaster turns DANE on: outbound dane = reject, and reloads with SIGUSR1")
    stage.configure("outbound { dane = reject }")
    stage.daemon.process.send_signal(signal.SIGUSR1)
    stage.wait_event("reload", 5)
    row("sluisd", read(stage.lane.log).strip().splitlines()[-1])
    for scene in scenes[len(before):]:
        number += 1
        play(stage, scene, number)
    heading("The same from the command line")
    show_command(stage, "dane", "dane.example", "partial.example")
    message = write(inside.WORK + "/forged.eml", "From: minister@ministry.example\nTo: clerk@receiver.example\nSubject: pay\n\nAt once!\n")
    show_command(stage, "message", "--ip", "198.51.100.66", "--helo", "x.example", "--from", "minister@ministry.example",
                 "--rcpt", "clerk@receiver.example", message)
    stage.daemon.stop(seconds=15)
    show_events(stage)
    show_evidence(stage, options.build + "/demo/report.html")
    show_own_failure(stage)
    if options.keep:
        stage.configure()
        keep(stage)
        stage.daemon.stop(seconds=15)
    stage.lane.mta.stop()
    heading("All as expected" if not ROWS else f"{len(ROWS)} things came out otherwise than expected")
    sys.exit(1 if ROWS else 0)


if __name__ == "__main__":
    main()

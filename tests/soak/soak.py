#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A long run: does what the daemon uses stay flat, and is every message answered and told?

    ./bootstrap soak [MESSAGES]                    1,000,000, or so many
    tests/soak/soak.py --build DIR [--messages N] [--out DIR]

bench/load sends mixed messages through real milter sessions to the real daemon: from outside aligned, forged, broken, unsigned,
doubly signed, large, with many recipients, with name servers that fail; and outbound recipients with and without DANE. All records
live for 30 seconds, so the caches never stand still. Each minute the daemon reloads, a good and a bad configuration in turn, and its
log is moved away. Each second memory, open files and threads are sampled. Writes soak.csv, soak.svg and the figures (soak.md); the
exit status is 1 where anything is not flat, a message was lost, or the audit log is not whole.
"""

import argparse
import csv
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for part in ("tests", "lab", "bench", "tests/soak"):
    sys.path.insert(0, os.path.join(TOP, part))

import flat
import inside
import sanitizer
import world
from e2e_daemon import Sluisd, certs
from inside import read, write
from nameserver import Dns
from zones import Tree

SENDERS, DESTINATIONS, OUTBOUND = 200, 90, 0.1              # the share of outbound recipients
LIFETIME = 30                                               # seconds, of all records
MINUTE = 60
GOOD = "inbound { dmarc = reject }  outbound { dane = reject }  audit { required = true  addresses = domain }"
OTHER = GOOD.replace("dmarc = reject", "dmarc = quarantine  spf = reject")
BAD = GOOD + "  inbound { dmarc = sometimes }"
MORE = """
zone failing.example servfail
zone strict.example signed
strict.example.        TXT v=spf1 -all
_dmarc.strict.example. TXT v=DMARC1; p=reject
"""


def zones():
    """All of bench's domains and our own, with records that do not live long."""
    text = world.sender_zones(SENDERS) + "\n" + world.destination_zones(DESTINATIONS) + MORE
    return re.sub(r"(?m)^(\S+\.) +(TXT|MX|A|TLSA) ", rf"\1 {LIFETIME} \2 ", text)


def corpus(folder):
    """bench's mix of 5 KB messages, and one in ten of other kinds."""
    world.corpus(folder, SENDERS, "5k")
    lines = read(folder + "/mix").splitlines()
    extra = [("large", world.message(0, "aligned", 150_000), "{client} {host} {host} news@s0.example user@receiver.example"),
             ("forged", world.message(1, "unsigned", 5_000).replace(b"s1.example", b"strict.example"),
              "198.51.100.99 dsl.example dsl.example boss@strict.example user@receiver.example"),
             ("failing", world.message(2, "unsigned", 5_000).replace(b"s2.example", b"failing.example"),
              "198.51.100.98 dsl.example dsl.example news@failing.example user@receiver.example"),
             ("many", world.message(3, "aligned", 5_000),
              "{client} {host} {host} news@s3.example " + " ".join(f"user{n}@receiver.example" for n in range(30))),
             ("bounce", world.message(4, "aligned", 5_000), "{client} {host} {host} - user@receiver.example")]
    for number, (name, data, envelope) in enumerate(extra):
        with open(f"{folder}/{name}.eml", "wb") as out:
            out.write(data)
        line = f"{name}.eml " + envelope.format(client=world.client(number), host=f"mail.s{number}.example")
        lines[number * 9:number * 9] = [line] * 4
    write(folder + "/mix", "\n".join(lines) + "\n")
    return folder


class Load:
    """bench/load, running."""

    def __init__(self, program, socket, source, count, samples=None, **options):
        self.command = [program, "--messages", str(count)]
        for name, value in options.items():
            self.command += [f"--{name}"] + ([] if value is True else [str(value)])
        if samples:
            self.command += ["--samples", samples, "--every", "1000"]
        self.process = subprocess.Popen([*self.command, "unix:" + socket, source], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.report, self.trouble = None, ""
        self.thread = threading.Thread(target=self._wait)
        self.thread.start()

    def _wait(self):
        out, self.trouble = self.process.communicate()
        self.report = json.loads(out) if out.strip() else None

    def over(self):
        return not self.thread.is_alive()


class Keeper:
    """What happens to a daemon in a long life: reloads, and log rotation. The rotated logs are packed."""

    def __init__(self, sluisd):
        self.sluisd, self.turn, self.packing = sluisd, 0, []

    def minute(self):
        self.turn += 1
        rotated = f"{self.sluisd.audit}.{self.turn}"
        os.rename(self.sluisd.audit, rotated)
        self.sluisd.configure((GOOD, OTHER, BAD)[self.turn % 3])
        self.sluisd.send_signal(signal.SIGUSR1)
        inside.wait_until(lambda: os.path.exists(self.sluisd.audit), 20, "a new log")
        self.packing.append(subprocess.Popen(["gzip", "-1", rotated]))

    def finish(self):
        """What `sluisctl audit verify` says of all of it: (exit status, its summary, messages in it)."""
        for process in self.packing:
            process.wait()
        files = [f"{self.sluisd.audit}.{n}.gz" for n in range(1, self.turn + 1)] + [self.sluisd.audit]
        program = os.path.join(os.path.dirname(os.path.dirname(Sluisd.program)), "ctl", "sluisctl")
        done = subprocess.run([program, "-c", self.sluisd.conf, "audit", "verify", "--json", *files], capture_output=True, text=True)
        summary = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        packed = " ".join(files[:-1])
        counted = subprocess.run(f"(cat {files[-1]}; [ -z '{packed}' ] || zcat {packed}) | grep -c '\"event\":\"message\"'", shell=True,
                                 capture_output=True, text=True)
        return done.returncode, summary, int(counted.stdout or 0)


def plot(path, rows):
    """The samples by messages, as SVG."""
    data = "\n".join(f"{row['messages'] / 1000:.1f} {row['rss_kb'] / 1024:.2f} {row['files']} {row['threads']}" for row in rows[::max(1, len(rows) // 400)])
    warm = flat.WARM_UP * rows[-1]["messages"] / 1000
    script = f"""set terminal svg size 900,460 background rgb 'white' font 'sans-serif,14'
set output '{path}'
set title 'sluisd in a long run'
set xlabel 'thousands of messages'
set ylabel 'resident memory, MB'
set y2label 'open files, threads'
set ytics nomirror
set y2tics
set yrange [0:*]
set y2range [0:*]
set grid lc rgb '#cccccc'
set key outside bottom center horizontal
set arrow from {warm},graph 0 to {warm},graph 1 nohead dt 2 lc rgb '#666666'
set label 'warm-up' at {warm},graph 0.95 right offset -1,0 tc rgb '#666666'
$data << EOD
{data}
EOD
plot $data using 1:2 with lines lw 2 lc rgb '#1f5a99' title 'memory', \\
     $data using 1:3 axes x1y2 with lines lc rgb '#b35900' title 'open files', \\
     $data using 1:4 axes x1y2 with lines lc rgb '#2e7d32' title 'threads'
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def table(rows, found, reports, seconds):
    inbound, outbound = reports
    sent = inbound["messages"] + outbound["messages"]
    lines = [f"{sent:,} messages and recipients in {seconds / 60:.1f} minutes, {sent / seconds:.0f} each second: {inbound['messages']:,} messages from "
             f"outside ({inbound['accepted']:,} accepted, {inbound['quarantined']:,} of them held, {inbound['rejected']:,} refused, "
             f"{inbound['deferred']:,} deferred, {inbound['lost']:,} lost) and {outbound['messages']:,} outbound recipients "
             f"({outbound['accepted']:,} accepted, {outbound['rejected']:,} refused, {outbound['deferred']:,} deferred, {outbound['lost']:,} lost).",
             "", "| | after warm-up | rise, first to last fifth | line over the whole | allowed | verdict |", "| --- | --- | --- | --- | --- | --- |"]
    for name, words, scale in (("rss_kb", "resident memory, MB", 1024), ("files", "open files", 1), ("threads", "threads", 1)):
        v = found[name]
        lines.append(f"| {words} | {v.middle / scale:.1f} | {v.rise / scale:+.2f} | {v.growth / scale:+.2f} | {v.limit / scale:.1f} | "
                     f"{'flat' if v.flat else 'NOT FLAT: ' + v.why} |")
    return "\n".join(lines)


def run(options):
    tree = Tree()
    tree.add(read(inside.HERE + "/zones/base.zone"), "base.zone")
    tree.add(zones(), "soak zones")
    authority = certs.Authority(inside.fresh("certs"))
    folder = corpus(inside.fresh("corpus"))
    destinations = world.destinations(inside.WORK + "/destinations", DESTINATIONS)
    samples = inside.WORK + "/soak.csv"
    program = options.build + "/bench/load"
    with Dns(tree, 0, authority, authority.leaf("remote", tree.mail_hosts())[0]) as dns, Sluisd(dns.anchor, GOOD) as sluisd:
        keeper, begun = Keeper(sluisd), time.time()
        outbound = int(options.messages * OUTBOUND)
        loads = [Load(program, sluisd.socket, folder, options.messages - outbound, samples, connections=16, each=10, process=sluisd.pid),
                 Load(program, sluisd.socket, destinations, outbound, connections=2, each=20, outbound=True)]
        next_minute = begun + MINUTE
        while not all(load.over() for load in loads):
            time.sleep(0.5)
            if time.time() > next_minute and sluisd.alive():
                keeper.minute()
                next_minute = time.time() + MINUTE
        seconds = time.time() - begun
        status = sluisd.stop(seconds=60)
        verified, summary, told = keeper.finish()
        findings = sanitizer.findings(read(sluisd.log))
    with open(samples) as f:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(f)]
    return rows, loads, seconds, {"status": status, "verified": verified, "summary": summary, "told": told, "findings": findings,
                                  "reloads": keeper.turn}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--out")
    options = parser.parse_args()
    Sluisd.program = os.path.abspath(options.build) + "/milter/sluisd"
    inside.enter()
    out = options.out or options.build + "/soak"
    os.makedirs(out, exist_ok=True)
    rows, loads, seconds, end = run(options)
    wrong = [f"bench/load: {load.trouble}" for load in loads if load.report is None or load.report["lost"]]
    if any(load.report is None for load in loads) or not rows:
        sys.exit("\n".join(wrong) or "no samples")
    found = flat.judge(rows)
    wrong += [f"{name} {verdict.why}" for name, verdict in found.items() if not verdict.flat]
    inbound, outbound = (load.report for load in loads)
    if end["told"] != inbound["messages"] + outbound["messages"]:
        wrong.append(f"{end['told']} lines for {inbound['messages'] + outbound['messages']} transactions")
    if end["verified"] != 0 or end["status"] != 0:
        wrong.append(f"exit status {end['status']}; audit verify {end['verified']}: {end['summary']}")
    wrong += end["findings"]
    text = table(rows, found, (inbound, outbound), seconds) + f"\n\nThe audit log has {end['told']:,} lines of messages over " \
        f"{end['reloads'] + 1} files, and is {'whole' if end['verified'] == 0 else 'NOT WHOLE'}; {end['reloads']} reloads.\n"
    write(out + "/soak.md", text)
    write(out + "/soak.csv", "messages,seconds,rss_kb,files,threads\n" + "".join(
        f"{row['messages']:.0f},{row['seconds']:.1f},{row['rss_kb']:.0f},{row['files']:.0f},{row['threads']:.0f}\n" for row in rows))
    plot(out + "/soak.svg", rows)
    print(text + "".join(f"WRONG: {what}\n" for what in wrong) + f"\n{'flat after warm-up' if not wrong else 'NOT GOOD'}; {out}/soak.svg")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

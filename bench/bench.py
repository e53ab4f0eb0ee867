#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What Sluis costs, beside the filters that could be had instead: the same mail to each in turn, in one run.

    bench/bench.py [--build DIR] [--out DIR] [--quick] [--only NAME,...]

Names: protocol, cold, postfix, outbound, memory, growth (default: all). Writes DIR/results.json, DIR/tables.md and a plot (SVG)
for each subject; prints the tables. With --only, what DIR/results.json has of other names stays, as each table is of one run by
itself. --quick: fewer messages and rounds, to see that it works; its figures are worth little. `bench/bench.py --tables DIR` makes
tables and plots anew from DIR/results.json.

All runs in the lab (lab/README.md): signed DNS of its own, nothing of the machine is touched. The filters take turns, round by
round, so that a busy neighbour hurts all of them; figures are medians of the rounds.
"""

import argparse
import json
import os
import platform
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

import certs  # noqa: E402
import cold  # noqa: E402
import growth  # noqa: E402
import inside  # noqa: E402
import measure  # noqa: E402
import memory  # noqa: E402
import outbound  # noqa: E402
import plots  # noqa: E402
import postfix_load  # noqa: E402
import protocol  # noqa: E402
import tables  # noqa: E402
import world  # noqa: E402
from nameserver import Dns  # noqa: E402
from zones import Tree  # noqa: E402

SCENES = {"protocol": protocol, "cold": cold, "postfix": postfix_load, "outbound": outbound, "memory": memory, "growth": growth}


class Bench:
    """What every scene needs: the programs, the DNS, how much to do, and where figures go."""

    def __init__(self, build, dns, quick):
        self.load = build + "/bench/load"
        self.floor, self.bare, self.sluisd = build + "/bench/floor", build + "/bench/bare", build + "/milter/sluisd"
        self.dns, self.quick = dns, quick
        self.rounds = 2 if quick else 5
        self.corpora = {}

    def count(self, number):
        """As many messages as a scene wants, or few."""
        return max(20, number // 10) if self.quick else number

    def corpus(self, size, kinds=None, senders=None):
        """The folder of a mix of messages; made once."""
        key = (size, tuple(kinds or ()), senders)
        if key not in self.corpora:
            folder = inside.fresh(f"corpus-{len(self.corpora)}")
            self.corpora[key] = world.corpus(folder, senders or world.SENDERS, size, kinds or world.CLASSES)
        return self.corpora[key]

    def say(self, text):
        print(f"  {time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def machine():
    with open("/proc/cpuinfo") as f:
        model = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return {"date": time.strftime("%Y-%m-%d"), "cpus": os.cpu_count(), "cpu": model[0] if model else platform.machine(),
            "kernel": platform.release(), "busy_before": round(measure.busy_share(), 3)}


def kept(options):
    """What an earlier run has measured and this one does not."""
    if set(options.only) == set(SCENES) or not os.path.exists(options.out + "/results.json"):
        return {}
    with open(options.out + "/results.json") as f:
        return {name: scene for name, scene in json.load(f).items() if name in SCENES and name not in options.only}


def run(options):
    results = {"machine": machine(), "quick": options.quick, **kept(options)}
    tree = Tree()
    tree.add(world.sender_zones(world.SENDERS) + "\n" + world.destination_zones(world.DESTINATIONS) + "\n" + world.wildcard_zones())
    authority = certs.Authority(inside.fresh("certs"))
    leaf, _ = authority.leaf("remote", ["mx1.receiver.example"])
    with Dns(tree, 0, authority, leaf) as dns:
        inside.Syslog()
        bench = Bench(options.build, dns, options.quick)
        for name in options.only:
            bench.say(name)
            results[name] = SCENES[name].run(bench)
    results["machine"]["busy_after"] = round(measure.busy_share(), 3)
    return results


def tell(results, folder):
    os.makedirs(folder, exist_ok=True)
    text = tables.make(results)
    with open(folder + "/tables.md", "w") as out:
        out.write(text)
    plots.make(results, folder)
    print(text)


def main():
    parser = argparse.ArgumentParser(description="Measure Sluis beside other filters.")
    parser.add_argument("--build", default=os.path.join(os.path.dirname(HERE), "build"))
    parser.add_argument("--out", default=HERE + "/results")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SCENES))
    parser.add_argument("--tables", metavar="DIR")
    options = parser.parse_args()
    if set(options.only) - set(SCENES):
        parser.error("scenes are " + ", ".join(SCENES))
    if options.tables:
        with open(options.tables + "/results.json") as f:
            tell(json.load(f), options.tables)
        return
    options.build, options.out = os.path.abspath(options.build), os.path.abspath(options.out)
    inside.enter()
    results = run(options)
    os.makedirs(options.out, exist_ok=True)
    with open(options.out + "/results.json", "w") as out:
        json.dump(results, out, indent=1)
        out.write("\n")
    tell(results, options.out)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-2-Clause
"""Warm, straight over the milter protocol, ten connections: throughput, latency, CPU time, memory, for three sizes of message."""

import measure
import peers
import world
from nameserver import Unbound

CONNECTIONS = 10
MESSAGES = {"5k": 2000, "100k": 400, "1m": 60}           # of a round


def filters(bench, floor_key):
    """All that speak the milter protocol, in the order of the tables."""
    return [peers.Floor(bench.floor, floor_key), peers.Sluis(bench.sluisd, bench.dns.anchor), peers.OpenDkim(),
            peers.OpenDkimDmarc(), peers.Rspamd(), peers.RspamdBare()]


def run_load(bench, f, corpus, messages, unbound=None, connections=CONNECTIONS, **options):
    """One run: bench/load's report, with the CPU time of the filter's processes and of the resolver that it asks."""
    roots = {"filter": f.roots}
    if unbound and f.uses_resolver:
        roots["resolver"] = [unbound.daemon.process.pid]
    meter = measure.Meter(**roots)
    report = measure.load(bench.load, ",".join(f.sockets), corpus, connections=connections, messages=messages, **options)
    used = meter.read()
    report["cpu_s"] = used["filter"]["cpu"]
    report["rss_kb"] = used["filter"]["rss_kb"]
    report["resolver_cpu_s"] = used["resolver"]["cpu"] if "resolver" in used else 0
    return report


def in_turn(bench, running, corpus, messages, unbound, **options):
    """Rounds over all filters: {name: [report]}."""
    reports = {f.name: [] for f in running}
    for f in running:
        run_load(bench, f, bench.corpus("5k"), 2 * world.SENDERS, unbound)                 # the DNS answers are the same
    for number in range(bench.rounds):
        for f in running if number % 2 == 0 else reversed(running):
            reports[f.name].append(run_load(bench, f, corpus, messages, unbound, **options))
    return reports


def run(bench):
    result = {}
    with Unbound(bench.dns.anchor) as unbound:
        running = filters(bench, measure.key_record())
        try:
            for f in running:
                f.start()
            for size, messages in MESSAGES.items():
                bench.say(f"protocol, {size}")
                result[size] = in_turn(bench, running, bench.corpus(size), bench.count(messages), unbound)
        finally:
            for f in running:
                f.stop()
    return result

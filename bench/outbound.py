# SPDX-License-Identifier: BSD-2-Clause
"""Recipients of outbound mail: DANE decisions a second, their latency and CPU time, cold and warm.

Bare libunbound asks the same questions beside it (MX; the addresses of both hosts; their TLSA records), from its own cache when
warm. No program packaged in Debian 12 gives DANE policies to `postmap -q`, so none stands here.
"""

import inside
import measure
import peers
import protocol
import world
from cold import bare

A, MX, AAAA, TLSA = 1, 15, 28, 52
RECIPIENTS = 10


def walk(number):
    zone = f"d{number}.example"
    hosts = [f"mx{h}.{zone}" for h in (1, 2)]
    steps = [f"{zone}/{MX}", ",".join(f"{h}/{t}" for h in hosts for t in (A, AAAA))]
    if number % 3 != 2:
        steps.append(",".join(f"_25._tcp.{h}/{TLSA}" for h in hosts))
    return " ".join(steps)


def run(bench):
    folder = inside.fresh("outbound")
    domains = world.destinations(folder + "/domains", world.DESTINATIONS)
    walks = inside.write(folder + "/walks", "".join(walk(n) + "\n" for n in range(world.DESTINATIONS)))
    repeated = inside.write(folder + "/repeated", "".join(walk(n % world.DESTINATIONS) + "\n" for n in range(20 * world.DESTINATIONS)))
    result = {}
    for delay in (0, 20):
        bench.dns.change(delay=delay)
        bench.say(f"outbound, cold, {delay} ms")
        rows = {"sluis": [], "bare libunbound": []}
        for _ in range(1 if bench.quick else 3):
            with peers.Sluis(bench.sluisd, bench.dns.anchor) as f:
                prime(bench, f, folder)
                mark = bench.dns.mark()
                report = load(bench, f, domains, world.DESTINATIONS, recipients=1, connections=1)
                report["queries"] = len(bench.dns.queries(since=mark))
                rows["sluis"].append(report)
            rows["bare libunbound"].append(bare(bench, walks, 1))
        result[f"cold {delay}"] = rows
    bench.dns.change(delay=0)
    bench.say("outbound, warm")
    rows = {"sluis": [], "bare libunbound": []}
    with peers.Sluis(bench.sluisd, bench.dns.anchor) as f:
        load(bench, f, domains, 2 * world.DESTINATIONS)
        for _ in range(bench.rounds):
            rows["sluis"].append(load(bench, f, domains, bench.count(40000)))
            rows["bare libunbound"].append(bare(bench, repeated, 100))
    result["warm"] = rows
    return result


def prime(bench, f, folder):
    """Root and top-level domain are known in any resolver that was up for a minute."""
    one = inside.write(folder + "/one", "receiver-two.example\n")
    load(bench, f, one, 1, connections=1, recipients=1)


def load(bench, f, domains, recipients_in_all, recipients=RECIPIENTS, connections=10):
    meter = measure.Meter(filter=f.roots)
    report = measure.load(bench.load, ",".join(f.sockets), domains, outbound=True, recipients=recipients, connections=connections,
                          messages=max(1, recipients_in_all // recipients))
    report["cpu_s"] = meter.read()["filter"]["cpu"]
    return report

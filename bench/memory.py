# SPDX-License-Identifier: BSD-2-Clause
"""Memory: a thousand connections at once, and many names in the cache."""

import inside
import measure
import outbound
import peers
import protocol
import world

NAMES = (10_000, 50_000, 100_000, 200_000)
CACHE_MIB = 64


def hold(bench, make, connections):
    """All connections open before the first message: the filter's memory at its highest, and what was lost."""
    with make() as f:
        samples = f.folder + "/samples.csv"
        report = protocol.run_load(bench, f, bench.corpus("5k"), 2 * connections, None, connections=connections, hold=True,
                                   process=f.roots[0], samples=samples, every=50)
        with open(samples) as file:
            rows = [line.split(",") for line in file.read().splitlines()[1:]]
        report["rss_max_kb"] = max([int(row[3]) for row in rows] + [report["rss_kb"]])
        report["threads_max"] = max(int(row[5]) for row in rows)
        return report


def names(bench):
    """Resident memory as the cache fills, and whether all of it is still there afterwards: asked again, nothing goes out."""
    counts = [n // 20 for n in NAMES] if bench.quick else NAMES
    folder = inside.fresh("names")
    result = []
    with peers.Sluis(bench.sluisd, bench.dns.anchor, cache=CACHE_MIB) as f:
        before = 0
        for count in counts:
            bench.say(f"memory, {count} domains")
            new = inside.write(folder + "/new", "".join(f"d{n}.many.example\n" for n in range(before, count)))
            outbound.load(bench, f, new, count - before, recipients=50, connections=20)
            every = inside.write(folder + "/all", "".join(f"d{n}.many.example\n" for n in range(count)))
            mark = bench.dns.mark()
            report = outbound.load(bench, f, every, count, recipients=50)
            report["queries"] = len(bench.dns.queries(since=mark))
            report["domains"] = count
            report["rss_kb"] = measure.Meter(filter=f.roots).read()["filter"]["rss_kb"]
            result.append(report)
            before = count
    return result


def run(bench):
    result = {"connections": {}}
    for connections in (10, 100, 500, 1000):
        bench.say(f"memory, {connections} connections")
        result["connections"][str(connections)] = hold(bench, lambda: peers.Sluis(bench.sluisd, bench.dns.anchor), connections)
    result["names"] = names(bench)
    return result

# SPDX-License-Identifier: BSD-2-Clause
"""How cost grows: CPU time of a message by body size, signatures, recipients and header fields, for Sluis and for opendkim."""

import inside
import measure
import peers
import protocol
import world
from nameserver import Unbound

SUBJECTS = {
    "body": [5_000, 20_000, 100_000, 500_000, 2_000_000],
    "signatures": [1, 2, 4, 8],
    "recipients": [1, 10, 50, 200],
    "fields": [20, 50, 100, 200, 400],
}
BASE = {"body": 5_000, "signatures": 1, "recipients": 1, "fields": 0}


def corpus(subject, value):
    shape = dict(BASE, **{subject: value})
    return world.shaped_corpus(inside.fresh(f"growth-{subject}-{value}"), **shape)


def messages(subject, value):
    return max(40, 600_000_000 // (value + 300_000)) if subject == "body" else max(100, 1000 // max(1, value // 20))


def run(bench):
    result = {subject: [] for subject in SUBJECTS}
    with Unbound(bench.dns.anchor) as unbound, peers.Sluis(bench.sluisd, bench.dns.anchor) as sluis, peers.OpenDkim() as opendkim:
        for subject, values in SUBJECTS.items():
            bench.say(f"growth, {subject}")
            for value in values:
                folder, count = corpus(subject, value), bench.count(messages(subject, value))
                row = {"value": value}
                for f in (sluis, opendkim):
                    protocol.run_load(bench, f, folder, 40, unbound)
                    runs = [protocol.run_load(bench, f, folder, count, unbound) for _ in range(1 if bench.quick else 3)]
                    row[f.name] = {"cpu_ms": measure.median(r["cpu_s"] * 1000 / r["messages"] for r in runs),
                                   "p50": measure.median(r["message_ms"]["p50"] for r in runs)}
                result[subject].append(row)
    return result

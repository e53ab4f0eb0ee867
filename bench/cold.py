# SPDX-License-Identifier: BSD-2-Clause
"""Cold: every sender once, filter and resolver just started, name servers near and 20 ms away.

Beside the filters stands bare libunbound that asks the longest chain of dependent lookups and nothing else: the SPF record of the
sender, then the records that it includes. No filter that evaluates SPF can be done before.
"""

import json
import subprocess

import inside
import measure
import peers
import protocol
import world
from nameserver import Unbound, ask

DELAYS = (0, 20)
CONNECTIONS = (1, 10)
TXT = 16


def filters(bench):
    return [lambda: peers.Sluis(bench.sluisd, bench.dns.anchor), peers.OpenDkim, peers.OpenDkimDmarc, peers.Rspamd, peers.RspamdBare]


def chain_file(count):
    lines = [f"s{n}.example/{TXT} _spf.s{n}.example/{TXT},spf.esp{n % world.PROVIDERS}.example/{TXT}" for n in range(count)]
    return inside.write(inside.fresh("chain") + "/walks", "\n".join(lines) + "\n")


def bare(bench, walks, at_once):
    """A run of bench/bare: its report."""
    done = subprocess.run([bench.bare, bench.dns.anchor, str(at_once), walks], text=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def prime(address):
    """Root and top-level domain are known in any resolver that was up for a minute."""
    ask("receiver.example", "MX", address)


def one(bench, make, connections, messages):
    with Unbound(bench.dns.anchor) as unbound, make() as f:
        if f.uses_resolver:
            prime(unbound.address)
        protocol.run_load(bench, f, bench.corpus("5k", kinds=["unsigned"], senders=1), 1, unbound, connections=1)
        mark = bench.dns.mark()
        report = protocol.run_load(bench, f, bench.corpus("5k"), messages, unbound, connections=connections)
        report["queries"] = len(bench.dns.queries(since=mark, every=True))
        return f.name, report


def run(bench):
    result = {}
    messages = bench.count(world.SENDERS // 2)
    for delay in DELAYS:
        bench.dns.change(delay=delay)
        for connections in CONNECTIONS:
            bench.say(f"cold, {delay} ms, {connections} connections")
            reports = {}
            for number in range(1 if bench.quick else 3):
                for make in filters(bench) if number % 2 == 0 else reversed(filters(bench)):
                    name, report = one(bench, make, connections, messages)
                    reports.setdefault(name, []).append(report)
                if connections == 1:
                    reports.setdefault("chain", []).append(bare(bench, chain_file(messages), 1))
            result[f"{delay} ms, {connections}"] = reports
    bench.dns.change(delay=0)
    return result

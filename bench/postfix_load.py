# SPDX-License-Identifier: BSD-2-Clause
"""Through Postfix: ten SMTP sessions at once, one message each, from the senders' own addresses; Postfix discards what it took.

The latency is from the connection to the reply to the message. CPU time is of the filters alone; for the chain with
policyd-spf that includes the policy service, which Postfix starts.
"""

import multiprocessing
import time

import inside
import measure
import peers
from client import Client
from nameserver import Unbound
from postfix import Postfix

SESSIONS, MESSAGES = 10, 600


class NoFilter(peers.Filter):
    name, uses_resolver = "no milter", False

    def start(self):
        pass


def filters(bench):
    return [NoFilter, lambda: peers.Sluis(bench.sluisd, bench.dns.anchor), peers.OpenDkimDmarc, peers.Chain, peers.Rspamd]


def read_mix(folder):
    """[(client, helo, sender, message)]"""
    mails = []
    with open(folder + "/mix") as mix:
        for line in mix:
            words = line.split()
            with open(f"{folder}/{words[0]}", "rb") as f:
                mails.append((words[1], words[3], words[4], f.read()))
    return mails


def send(address, mails):
    """One process' share: [(milliseconds, code)]."""
    done = []
    for client, helo, sender, message in mails:
        begin = time.monotonic()
        try:
            with Client(address, source=client) as c:
                c.ehlo(helo)
                replies = c.pipeline([f"MAIL FROM:<{sender}>", "RCPT TO:<user@receiver.example>"])
                reply = c.data(message) if replies[-1].code == 250 else replies[-1]
        except OSError:
            reply = None
        done.append(((time.monotonic() - begin) * 1000, reply.code if reply else 0))
    return done


def send_all(address, mails, count):
    shares = [[mails[n % len(mails)] for n in range(s, count, SESSIONS)] for s in range(SESSIONS)]
    begin = time.monotonic()
    with multiprocessing.Pool(SESSIONS) as pool:
        done = sum(pool.starmap(send, [(address, share) for share in shares]), [])
    seconds = time.monotonic() - begin
    times = sorted(ms for ms, _ in done)
    return {"messages": len(done), "seconds": seconds, "per_second": len(done) / seconds,
            "message_ms": {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "worst": times[-1]},
            "accepted": sum(code == 250 for _, code in done), "lost": sum(code == 0 for _, code in done)}


def settings(f):
    """(main.cf, master.cf) beyond the milters."""
    more, services = "virtual_transport = discard\n", ""
    for name, command in f.policies:
        services += f"{name} unix - n n - 0 spawn user=sluis argv={command}\n"
        more += (f"smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, check_policy_service unix:private/{name}\n"
                 f"{name}_time_limit = 3600\n")
    return more, services


def one(bench, make, mails, count):
    with Unbound(bench.dns.anchor) as unbound, make() as f:
        more, services = settings(f)
        with Postfix(f.sockets, more=more, services=services) as mta:
            send_all(mta.address, mails, min(count, 2 * len(mails)))
            policies = measure.below(mta.daemon.process.pid, [name for name, _ in f.policies])
            meter = measure.Meter(filter=f.roots + policies, resolver=[unbound.daemon.process.pid], mta=[mta.daemon.process.pid])
            report = send_all(mta.address, mails, count)
            used = meter.read()
    report |= {"cpu_s": used["filter"]["cpu"], "rss_kb": used["filter"]["rss_kb"],
               "resolver_cpu_s": used["resolver"]["cpu"] if f.uses_resolver else 0, "mta_cpu_s": used["mta"]["cpu"]}
    return f.name, report


def run(bench):
    mails = read_mix(bench.corpus("5k"))
    reports = {}
    for number in range(1 if bench.quick else 3):
        for make in filters(bench) if number % 2 == 0 else reversed(filters(bench)):
            name, report = one(bench, make, mails, bench.count(MESSAGES))
            bench.say(f"postfix, {name}: {report['per_second']:.0f} a second")
            reports.setdefault(name, []).append(report)
    return {"5k": reports}

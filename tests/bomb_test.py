#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Work bombs: records that a stranger publishes so that one message costs much. For each the questions that were asked, those that
reached the name servers, time, CPU and memory; questions are bounded hard, the rest widely. Speaks TAP; skipped where the machine
allows no lab."""

import asyncio
import time

from e2e_daemon import GOOD, Points, Sluisd, envelope, greeted, laboratory, message

import mail
import sanitizer
from milter_client import Milter

tap = Points()
CLIENT = "198.18.7.7"                            # libunbound answers for other test networks itself
BUDGET = 6
CONFIG = f"resolver {{ timeout = 2  budget = {BUDGET} }}  outbound {{ dane = annotate }}"
DEEP = ".".join(f"l{n}" for n in range(60))
SIGNATURES, SLOW_MS = 40, 300
MX_HOSTS, TLSA_RECORDS = 100, 10


def include_tree(width=10, depth=3):
    """v=spf1 with ten includes, each with ten: 1,110 records."""
    lines = []

    def level(name, left):
        children = [f"i{n}.{name}" for n in range(width)] if left else []
        lines.append(f"{name}. TXT v=spf1 " + " ".join(f"include:{child}" for child in children) + " ~all")
        for child in children:
            level(child, left - 1)
    level("tree.bomb.example", depth)
    return lines


def zones():
    lines = ["zone bomb.example signed", *include_tree(),
             "_dmarc.bomb.example. TXT v=DMARC1; p=none",
             "mx.bomb.example. TXT v=spf1 " + " ".join(f"mx:m{n}.bomb.example" for n in range(10)) + " -all",
             "wide.bomb.example. TXT v=spf1 mx:crowd.bomb.example -all",
             "ptr.bomb.example. TXT v=spf1 " + " ".join(f"ptr:p{n}.example" for n in range(9)) + " -all",
             "exists.bomb.example. TXT v=spf1 " + " ".join(f"exists:%{{i}}.%{{l}}.e{n}.bomb.example" for n in range(10)) + " -all",
             "loop.bomb.example. TXT v=spf1 include:loop.bomb.example redirect=loop.bomb.example",
             "long.bomb.example. TXT v=spf1 " + " ".join(f"ip4:10.{n // 256}.{n % 256}.0/24" for n in range(3000)) + " -all",
             "macro.bomb.example. TXT v=spf1 " + "a:" + "%{d}" * 25 + ".example -all"]
    for m in range(10):
        for h in range(10):
            lines += [f"m{m}.bomb.example. MX {h} h{h}.m{m}.bomb.example.", f"h{h}.m{m}.bomb.example. A 10.30.{m}.{h}"]
    lines += [f"crowd.bomb.example. MX {h} h{h}.crowd.bomb.example." for h in range(60)]
    lines += [f"{'.'.join(reversed(CLIENT.split('.')))}.in-addr.arpa. PTR n{n}.names.bomb.example." for n in range(100)]
    lines += [f"n{n}.names.bomb.example. A 10.31.0.{n}" for n in range(100)]
    lines += ["zone keys.example signed", "zone slow.keys.example signed"]      # a server of its own
    for n in range(SIGNATURES):
        lines += [f"k{n}._domainkey.slow.keys.example. TXT dkim:rsa2048", f"fault k{n}._domainkey.slow.keys.example. TXT delay:{SLOW_MS}"]
    lines += ["aligned.bomb.example. TXT v=spf1 -all", "_dmarc.aligned.bomb.example. TXT v=DMARC1; p=none"]
    lines += ["zone mxs.example signed", "zone chain.example signed"]
    for h in range(MX_HOSTS):
        lines += [f"mxs.example. MX {h} h{h}.mxs.example.", f"h{h}.mxs.example. A 10.32.0.{h}"]
        lines += [f"_25._tcp.h{h}.mxs.example. TLSA 3 1 1 {t:02x}{h:02x}" + "5a" * 30 for t in range(TLSA_RECORDS)]
    lines += [f"c{n}.chain.example. CNAME c{n + 1}.chain.example." for n in range(40)] + ["chain.example. MX 10 c0.chain.example."]
    return "\n".join(lines)


class Meter:
    """What one message cost."""

    def __init__(self, dns, sluisd):
        self.dns, self.sluisd = dns, sluisd

    def _cpu(self):
        """The CPU clock of another process, in seconds."""
        return time.clock_gettime((~self.sluisd.pid << 3) | 2)

    def __enter__(self):
        self.lines, self.mark = len(self.sluisd.messages()), self.dns.mark()
        with open(f"/proc/{self.sluisd.pid}/clear_refs", "w") as f:
            f.write("5")                                 # the peak of its memory begins anew
        self.memory, self.cpu, self.begun = int(self.sluisd.status()["VmRSS"][0]), self._cpu(), time.time()
        return self

    def __exit__(self, *_):
        self.seconds, self.cpu_ms = time.time() - self.begun, (self._cpu() - self.cpu) * 1000
        self.memory_kb = int(self.sluisd.status()["VmHWM"][0]) - self.memory
        self.line = self.sluisd.wait_messages(self.lines + 1)[-1]
        self.asked = self.line["dns_queries"]
        self.wire = len(self.dns.queries(since=self.mark))


def judge(name, meter, bound, wanted, fewest=0, more=40):
    """`bound`: of questions; `wanted(line)`: did the check end as the RFC has it? `fewest`: or it was no bomb; `more`: at the name
    servers, DNSSEC's own questions and those that were repeated."""
    wire_bound = 3 * bound + more
    tap.point(meter.asked <= bound and meter.wire <= wire_bound,
              f"{name}: {meter.asked} questions, at most {bound}; {meter.wire} reached name servers, at most {wire_bound}", meter.line)
    outcome = wanted(meter.line)
    tap.point(outcome and meter.asked >= fewest, f"{name}: it ends as it should: {outcome}", meter.line)
    light = bool(sanitizer.built_with(Sluisd.program)) or (meter.cpu_ms < 2000 and meter.memory_kb < 48 * 1024)
    tap.point(meter.seconds < BUDGET + 15 and light,
              f"{name}: {meter.seconds:.2f} s, {meter.cpu_ms:.0f} ms of CPU, {meter.memory_kb} KB of memory at most")
    tap.figures(name, meter.asked, bound, meter.wire, f"{meter.seconds:.2f}", f"{meter.cpu_ms:.0f}", max(0, meter.memory_kb), outcome)


def spf(result):
    def wanted(line):
        found = next(fact for fact in line["spf"] if fact["identity"] == "mailfrom")
        return f"spf={found['result']}" if found["result"] in result.split("|") else None
    return wanted


async def inbound(sluisd, sender, data=GOOD):
    milter = await greeted(sluisd, CLIENT)
    await envelope(milter, f"<{sender}>")
    outcome = await milter.data(data)
    await milter.quit()
    return outcome


def test_spf(dns, sluisd):
    """RFC 7208 4.6.4: ten terms that ask, ten names of an MX or PTR, two void lookups. What is asked ahead has bounds of its own: 31
    questions. Ten more are those for HELO and DMARC."""
    rows = [("SPF: a tree of 1,110 includes", "tree", 31 + 11 + 10, "permerror"),
            ("SPF: 10 MX terms with 10 hosts each", "mx", 1 + 10 + 2 * 100 + 10, "permerror|fail"),
            ("SPF: an MX with 60 hosts", "wide", 2 + 2 * 10 + 10, "permerror"),
            ("SPF: 9 PTR terms, a client with 100 names", "ptr", 2 + 9 + 10 + 10, "fail|permerror"),
            ("SPF: 10 exists terms of the sender's making", "exists", 1 + 10 + 10, "permerror|fail"),
            ("SPF: an include of itself", "loop", 10 + 10, "permerror"),
            ("SPF: 3,000 networks", "long", 1 + 10, "fail"),
            ("SPF: a name of 25 macros", "macro", 3 + 10, "fail|permerror")]
    for name, host, bound, result in rows:
        data = GOOD.replace(b"bob@sender.example", f"bob@{host}.bomb.example".encode())
        with Meter(dns, sluisd) as meter:
            asyncio.run(inbound(sluisd, f"bob@{host}.bomb.example", data))
        judge(name, meter, bound, spf(result))


def test_dkim(dns, sluisd):
    """Signatures without end, whose keys lie on slow servers: ten are looked at."""
    data = GOOD.replace(b"bob@sender.example", b"bob@aligned.bomb.example")
    for n in range(SIGNATURES):
        data = mail.sign(data, "slow.keys.example", f"k{n}", "rsa2048")
    with Meter(dns, sluisd) as meter:
        asyncio.run(inbound(sluisd, "bob@aligned.bomb.example", data))

    def wanted(line):
        passed = sum(fact["result"] == "pass" for fact in line["dkim"])
        return f"{passed} of {SIGNATURES} verified" if passed == len(line["dkim"]) == 10 else None
    judge(f"DKIM: {SIGNATURES} signatures, each key after {SLOW_MS} ms", meter, 10 + 10, wanted)


def test_dmarc(dns, sluisd):
    """RFC 9989 4.10: eight questions for a name of any depth; for the author and for each passing name."""
    domain = DEEP + ".bomb.example"
    with Meter(dns, sluisd) as meter:
        asyncio.run(inbound(sluisd, f"bob@{domain}", GOOD.replace(b"bob@sender.example", f"bob@{domain}".encode())))
    judge("DMARC: an author domain of 62 labels", meter, 8 + 10, lambda line: f"dmarc={line['dmarc']['result']}, policy of "
          f"{line['dmarc']['policy_domain']}" if line["dmarc"]["policy_domain"] == "bomb.example" else None)


async def outbound(sluisd, domain):
    milter = await Milter(sluisd.socket).open()
    await milter.negotiate()
    await milter.connect("client.receiver.example", "198.51.100.7", macros={"j": "mx1.receiver.example", "daemon_name": "ORIGINATING"})
    await milter.helo("client.receiver.example")
    await milter.mail("<user@receiver.example>")
    await milter.rcpt(f"<user@{domain}>", macros={"rcpt_mailer": "smtp", "rcpt_host": domain})
    outcome = await milter.data(b"From: user@receiver.example\r\n\r\nHello.\r\n")
    await milter.quit()
    return outcome


def test_dane(dns, sluisd):
    """The hosts of one destination are limited; so is what is said of them."""
    with Meter(dns, sluisd) as meter:
        asyncio.run(outbound(sluisd, "mxs.example"))
    judge(f"DANE: {MX_HOSTS} MX hosts with {TLSA_RECORDS} TLSA records each", meter, 1 + 50 * 3,
          lambda line: f"{line['recipients'][0]['dane']['verdict']} of {len(line['recipients'][0]['dane']['hosts'])} hosts"
          if line["recipients"][0]["dane"]["verdict"] == "dane" and len(line["recipients"][0]["dane"]["hosts"]) == 50 else None, fewest=100)
    with Meter(dns, sluisd) as meter:
        asyncio.run(outbound(sluisd, "chain.example"))
    judge("DANE: a host behind 40 aliases", meter, 10, lambda line: line["recipients"][0]["dane"]["verdict"]
          if line["recipients"][0]["dane"]["verdict"] in ("temperror", "none") else None, more=120)


def test_everything(dns, _):
    """All of it in one message, on a daemon that remembers nothing."""
    domain = DEEP + ".bomb.example"
    data = GOOD.replace(b"bob@sender.example", f"bob@again.{domain}".encode())
    for n in range(SIGNATURES):
        data = mail.sign(data, "slow.keys.example", f"k{n}", "rsa2048")
    with Sluisd(dns.anchor, CONFIG) as sluisd:
        asyncio.run(message(sluisd))
        dns.change(delay=20)
        with Meter(dns, sluisd) as meter:
            asyncio.run(inbound(sluisd, "bob@mx.bomb.example", data))
        dns.change(delay=0)
        judge("all in one message, 20 ms for each answer", meter, 400, lambda line: f"{line['action']}, dmarc={line['dmarc']['result']}",
              fewest=60)
        asyncio.run(message(sluisd))
        tap.point(sluisd.messages()[-1]["dmarc"]["result"] == "pass", "after all that good mail passes", sluisd.messages()[-1])


def main():
    tap.figures("bomb", "questions", "at most", "at name servers", "seconds", "CPU, ms", "memory, KB", "ends as")
    with laboratory(zones()) as dns, Sluisd(dns.anchor, CONFIG) as sluisd:
        asyncio.run(message(sluisd))                     # what is lasting is in memory then
        for test in (test_spf, test_dkim, test_dmarc, test_dane, test_everything):
            tap.run(test, dns, sluisd)
    tap.end()


if __name__ == "__main__":
    main()

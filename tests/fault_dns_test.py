#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults of the DNS: a resolver that is dead, slow, lying or coming back; name servers that are silent; answers that are truncated,
huge, noise or bogus. For each: what the sender saw, that nothing passed unchecked, how long it took. Speaks TAP; skipped where the
machine allows no lab."""

import asyncio
import re
import signal
import time

from e2e_daemon import Points, Sluisd, envelope, greeted, laboratory, message_from, results

from forwarder import Forwarder
from inside import read, wait_until
from nameserver import Unbound

tap = Points()
SENDER = "198.51.100.66"                          # has no right to send for any of the domains
TIMEOUT, BUDGET = 2, 4
CONFIG = f"resolver {{ timeout = {TIMEOUT}  budget = {BUDGET} }}  inbound {{ spf = reject  dmarc = reject }}"
RESOLVER = "10.53.99.1"
LATEST = BUDGET + 6                               # a wide deadline for one message, other work of the machine included

FAULTS = ("servfail", "refused", "timeout", "bogus", "truncated", "cut", "garbage", "other")
ZONES = "".join(f"""
zone {what}-policy.example signed
{what}-policy.example.          TXT v=spf1 -all
_dmarc.{what}-policy.example.   TXT v=DMARC1; p=reject
fault _dmarc.{what}-policy.example. TXT {what}
fault {what}-policy.example.    TXT {what}
""" for what in FAULTS) + """
zone slow.example signed
slow.example.                   TXT v=spf1 include:_a.slow.example -all
_a.slow.example.                TXT v=spf1 ip4:192.0.2.1 -all
_dmarc.slow.example.            TXT v=DMARC1; p=reject
fault slow.example.             TXT delay:250
fault _a.slow.example.          TXT delay:250
fault _dmarc.slow.example.      TXT delay:250
zone slower.example signed
slower.example.                 TXT v=spf1 -all
_dmarc.slower.example.          TXT v=DMARC1; p=reject
fault slower.example.           TXT delay:8000
fault _dmarc.slower.example.    TXT delay:8000
zone huge.example signed
huge.example.                   TXT v=spf1 -all
_dmarc.huge.example.            TXT v=DMARC1; p=reject
""" + "".join(f"huge.example. TXT {number:04} {'x' * 240}\n" for number in range(220)) + """
zone liar.example signed
liar.example.                   TXT v=spf1 -all
_dmarc.liar.example.            TXT v=DMARC1; p=reject
zone late.example signed
late.example.                   TXT v=spf1 -all
_dmarc.late.example.            TXT v=DMARC1; p=reject
zone expired.example bogus
expired.example.                TXT v=spf1 -all
_dmarc.expired.example.         TXT v=DMARC1; p=reject
zone mute.example silent
zone mutterer.example servfail
"""


def forged(sluisd, domain):
    """A forged message in the name of the domain; (outcome, its audit line, seconds)."""
    before = len(sluisd.messages())
    begun = time.time()
    outcome = asyncio.run(message_from(sluisd, f"bob@{domain}", SENDER))
    took = time.time() - begun
    lines = sluisd.wait_messages(before + 1)
    return outcome, lines[-1], took


def judge(what, domain, sluisd, replies, spf, latest=LATEST, note=""):
    """A forged message must be answered so; the audit line must know why. Gives the outcome."""
    outcome, line, took = forged(sluisd, domain)
    found = {fact["identity"]: fact["result"] for fact in line["spf"]}.get("mailfrom")
    good = re.match(replies, outcome.reply or "") and found == spf and took < latest and not outcome.edits
    tap.point(good, f"{what}: {outcome.reply or outcome.verdict} after {took:.1f} s", outcome, line)
    tap.figures(what, outcome.reply and outcome.reply[:9] or outcome.verdict, f"spf={found}, {line['action']}", f"{took:.1f}", note)
    return outcome


REFUSED = r"550 5\.7\.(23|1) "
LATER = r"451 4\.7\.(24|1) "


def test_answers(dns):
    """Every way in which one answer can be wrong. What can be had is used; what cannot be had is never taken for a no."""
    with Sluisd(dns.anchor, CONFIG) as sluisd:
        for what in FAULTS:
            domain = f"{what}-policy.example"
            if what == "truncated":
                judge("an answer that is cut over UDP, whole over TCP", domain, sluisd, REFUSED, "fail")
            else:
                judge(f"answer: {what}", domain, sluisd, LATER, "temperror")
        judge("answers of 250 ms each", "slow.example", sluisd, REFUSED, "fail")
        judge("answers after 8 s", "slower.example", sluisd, LATER, "temperror")
        judge("an answer of 60 KB", "huge.example", sluisd, REFUSED, "fail")
        judge("all signatures expired", "expired.example", sluisd, LATER, "temperror")
        judge("name servers say nothing", "mute.example", sluisd, LATER, "temperror")
        judge("name servers fail", "mutterer.example", sluisd, LATER, "temperror")
        outcome = asyncio.run(message_from(sluisd, "bob@sender.example", "203.0.113.5"))
        tap.point("dmarc=pass" in results(outcome), "after all that good mail passes", outcome)
        tap.point(sluisd.alive() and not sluisd.problems(), "and the audit log is whole", *sluisd.problems())


def test_resolver(dns):
    """The resolver that Sluis asks lies, is slow, dies, and comes back."""
    config = CONFIG.replace("resolver {", f'resolver {{ servers = {{"{RESOLVER}"}} ')
    forwarder = Forwarder(RESOLVER).start()
    with Unbound(dns.anchor, options=("val-permissive-mode: yes",)), Sluisd(dns.anchor, config) as sluisd:
        judge("the resolver tells the truth", "sender.example", sluisd, REFUSED, "fail")
        for name, text in (("liar.example", f"v=spf1 ip4:{SENDER} -all"), ("_dmarc.liar.example", "v=DMARC1; p=none")):
            forwarder.lies[name, "TXT"] = text
        judge("the resolver lies about a signed domain", "liar.example", sluisd, LATER, "temperror")
        forwarder.delay = 0.3
        judge("the resolver takes 300 ms for each answer", "late.example", sluisd, REFUSED, "fail", note="mostly DNSSEC's own questions")
        forwarder.delay = 0
        forwarder.stop()
        judge("the resolver is dead", "truncated-policy.example", sluisd, LATER, "temperror")
        outcome, line, took = forged(sluisd, "sender.example")
        tap.point(re.match(REFUSED, outcome.reply or "") and took < LATEST, "what is remembered still serves", outcome, line)
        again = Forwarder(RESOLVER).start()
        begun = time.time()

        def recovered():
            outcome, line, _ = forged(sluisd, f"back{int(10 * (time.time() - begun))}.sender.example")
            return outcome if line["dmarc"]["result"] == "fail" else None
        outcome = wait_until(recovered, 60, step=0.3)
        took = time.time() - begun
        tap.point(outcome, f"the resolver comes back: answered again after {took:.1f} s", read(sluisd.log)[-2000:])
        tap.figures("the resolver comes back", outcome and (outcome.reply or outcome.verdict)[:9], "judged again", f"{took:.1f}", "")
        again.stop()
        tap.point(all(line["action"] != "accept" for line in sluisd.messages()), "no forged message was accepted at any time",
                  *[line for line in sluisd.messages() if line["action"] == "accept"])


def test_silence(dns):
    """All name servers fall silent under load: every message is answered in time, none is accepted, all of them have a line."""
    with Sluisd(dns.anchor, CONFIG) as sluisd:
        dns.front.process.send_signal(signal.SIGSTOP)
        try:
            async def prepared(number):
                milter = await greeted(sluisd, SENDER)
                domain = f"host{number}.sender.example"
                await envelope(milter, f"<bob@{domain}>")
                await milter.fields(f"From: bob@{domain}\r\nSubject: hello".encode())
                await milter.body(b"Hello.\r\n")
                return milter

            async def ended(milter):
                outcome = await milter.end("4TEST")
                took = time.time() - begun
                await milter.quit()
                return outcome, took

            async def many():
                """Their ends come in one moment: Debian's libmilter has two threads for them then."""
                nonlocal begun
                milters = [await prepared(number) for number in range(60)]
                begun = time.time()
                return await asyncio.gather(*(ended(milter) for milter in milters))
            begun = 0
            found = asyncio.run(many())
        finally:
            dns.front.process.send_signal(signal.SIGCONT)
        slowest = max(took for _, took in found)
        tap.point(all(re.match(LATER, outcome.reply or "") for outcome, _ in found) and slowest < LATEST,
                  f"60 messages while all name servers are silent: each told to come again, the slowest after {slowest:.1f} s", *found[:3])
        tap.point(len(sluisd.wait_messages(60)) == 60, "a line of the audit log for each")
        tap.figures("60 messages at once, all name servers silent", "451 4.7.x", "temperror, defer", f"{slowest:.1f}", "the slowest")


def main():
    tap.figures("fault", "the sender saw", "audit line", "seconds", "note")
    with laboratory(ZONES) as dns:
        for test in (test_answers, test_resolver, test_silence):
            tap.run(test, dns)
    tap.end()


if __name__ == "__main__":
    main()

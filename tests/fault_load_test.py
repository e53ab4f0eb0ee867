#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Too much of everything: a thousand connections, peers that say nothing, no file descriptors left, reloads under load, a body of
100 MB, 10,000 header fields, 500 recipients. For each: what the sender saw, that no message was lost or passed unchecked, how long
it took, what memory it took. Speaks TAP; skipped where the machine allows no lab."""

import asyncio
import resource
import signal
import time

from e2e_daemon import GOOD, Points, Sluisd, envelope, greeted, laboratory, message, message_from, results

import mail
import sanitizer
from inside import read, wait_until
from milter_client import Gone, Milter

tap = Points()
DESTINATIONS = 25
ZONES = "zone crowd.example signed\n" + "".join(f"""
d{n}.crowd.example.              MX 10 mx.d{n}.crowd.example.
mx.d{n}.crowd.example.           A 10.26.1.{n + 1}
""" + (f"_25._tcp.mx.d{n}.crowd.example. TLSA 3 1 1 auto\n" if n % 2 else "") for n in range(DESTINATIONS))
FORGED = "198.51.100.66"
REFUSED = "550 5.7.1 rejected per DMARC policy"


def play(coroutine, seconds=300):
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


def memory_kb(sluisd, what="VmRSS"):
    return int(sluisd.status()[what][0])


def plain():
    """Memory is measured only where no sanitizer keeps its own books."""
    return not sanitizer.built_with(Sluisd.program)


def test_reload_under_load(dns):
    """Good mail and forgeries, while good and bad configurations come in turn: each message is judged by one of the good ones."""
    strict, milder, bad = "inbound { dmarc = reject }", "inbound { dmarc = quarantine }", "inbound { dmarc = sometimes }"
    with Sluisd(dns.anchor, strict) as sluisd:
        going, outcomes = True, []

        async def sender(number):
            while going:
                forged = (number + len(outcomes)) % 2
                outcome = await message_from(sluisd, "bob@sender.example", FORGED if forged else "203.0.113.5")
                outcomes.append((forged, outcome))

        async def reloads():
            nonlocal going
            for turn in range(18):
                sluisd.configure((milder, bad, strict)[turn % 3])
                before = len(sluisd.events("reload"))
                sluisd.send_signal(signal.SIGUSR1)
                while len(sluisd.events("reload")) == before:
                    await asyncio.sleep(0.02)
                await asyncio.sleep(0.05)
            going = False

        async def both():
            await asyncio.gather(reloads(), *(sender(number) for number in range(20)))
        begun = time.time()
        play(both())
        took = time.time() - begun
        def is_held(outcome):
            return any(edit[0] == "quarantine" for edit in outcome.edits)

        def is_refused(outcome):
            return (outcome.reply or "").startswith(REFUSED)
        wrong = [outcome for forged, outcome in outcomes if not
                 (is_refused(outcome) or is_held(outcome) if forged else outcome.verdict == "continue" and "dmarc=pass" in results(outcome))]
        tap.point(not wrong, f"{len(outcomes)} messages during 18 reloads, 6 of them of a bad file: each judged by a good configuration", *wrong[:3])
        held, refused = (sum(map(what, (outcome for _, outcome in outcomes))) for what in (is_held, is_refused))
        tap.point(held and refused, f"both of them were in force: {refused} refused, {held} held")
        lines = sluisd.wait_messages(len(outcomes))
        bad_ones = [event for event in sluisd.events("reload") if "why" in event]
        tap.point(len(lines) == len(outcomes) and len(bad_ones) == 6 and not sluisd.problems(), "a line for each, and for each reload", len(lines))
        tap.figures("18 reloads under load, 6 of a bad file", f"{len(outcomes)} answers, all by a good file", "a line for each", f"{took:.1f}",
                    f"{refused} refused, {held} held")


def test_connections(dns):
    """A thousand at once, all of them in mid-message before the first one ends."""
    with Sluisd(dns.anchor, "inbound { dmarc = reject }") as sluisd:
        before = memory_kb(sluisd)

        async def begin(number):
            milter = await greeted(sluisd, FORGED if number % 2 else "203.0.113.5")
            await envelope(milter)
            return milter

        async def thousand():
            milters = []
            for start in range(0, 1000, 100):
                milters += await asyncio.gather(*(begin(number) for number in range(start, start + 100)))
            peak = memory_kb(sluisd)
            outcomes = await asyncio.gather(*(milter.data(GOOD, f"4N{number}") for number, milter in enumerate(milters)))
            for milter in milters:
                await milter.quit()
            return outcomes, peak
        begun = time.time()
        outcomes, peak = play(thousand())
        took = time.time() - begun
        wrong = [outcome for number, outcome in enumerate(outcomes) if not
                 ((outcome.reply or "").startswith(REFUSED) if number % 2 else "dmarc=pass" in results(outcome))]
        tap.point(not wrong, f"1,000 connections in mid-message at once: all answered rightly, in {took:.1f} s", *wrong[:3])
        tap.point(len(sluisd.wait_messages(1000)) == 1000 and not sluisd.problems(), "a line for each")
        each = (peak - before) / 1000
        tap.point(not plain() or each < 200, f"{each:.0f} KB for each open message", before, peak)
        tap.figures("1,000 connections in mid-message at once", "500 × 250, 500 × 550", "a line for each", f"{took:.1f}", f"{each:.0f} KB for each")


def test_silent(dns):
    """Peers that connect and say nothing, or stop in the middle of a packet."""
    with Sluisd(dns.anchor) as sluisd:
        async def among_silent():
            idle, slowest = [], 0
            for number in range(800):
                milter = await Milter(sluisd.socket).open()
                if number % 16 == 1:
                    await milter.packet(b"\0\0")
                idle.append(milter)
            for _ in range(10):
                begun = time.time()
                outcomes = await asyncio.gather(*(message(sluisd) for _ in range(10)))
                slowest = max(slowest, time.time() - begun)
                if not all("dmarc=pass" in results(outcome) for outcome in outcomes):
                    return outcomes, slowest
            for milter in idle:
                milter.close()
            return [], slowest
        wrong, slowest = play(among_silent())
        tap.point(not wrong and slowest < 15, f"800 silent peers: 100 messages go on, ten of them in {slowest:.1f} s at most", *wrong)
        wait_until(lambda: sluisd.descriptors() < 40, 20)
        tap.point(sluisd.descriptors() < 40, "their descriptors are given back", sluisd.descriptors())
        tap.figures("800 peers that say nothing", "nothing; 100 other messages went on", "none for them", f"{slowest:.1f}", "ten messages, at most")


def test_descriptors(dns):
    """No file descriptors left: nobody passes unchecked, what is in hand is finished, and it recovers by itself."""
    sluisd = Sluisd(dns.anchor, "inbound { dmarc = reject } audit { required = true }")
    sluisd.before = ["prlimit", "--nofile=128:128"]
    sluisd.start()
    try:
        async def exhaust():
            in_hand = await greeted(sluisd, FORGED)
            await envelope(in_hand, "<bob@never-asked.sender.example>")
            idle = [await Milter(sluisd.socket).open() for _ in range(200)]
            await asyncio.sleep(0.5)
            full = sluisd.descriptors()
            outcome = await in_hand.data(GOOD.replace(b"bob@sender", b"bob@never-asked.sender"))
            await in_hand.quit()
            late = Milter(sluisd.socket, timeout=2)
            try:
                await late.open()
                await late.negotiate()
                answered = True
            except (Gone, asyncio.TimeoutError, TimeoutError, OSError):
                answered = False
            for milter in [late, *idle]:
                milter.close()
            return full, outcome, answered
        full, outcome, answered = play(exhaust())
        tap.point(full >= 120, "all descriptors are in use", full)
        tap.point((outcome.reply or "")[:4] in ("550 ", "451 "), "a forged message in hand is refused, or told to come again", outcome)
        begun = time.time()

        def serves():
            try:
                return "dmarc=pass" in results(play(message(sluisd), 5))
            except (Gone, asyncio.TimeoutError, TimeoutError, OSError):
                return False
        back = wait_until(serves, 60, step=0.2)
        took = time.time() - begun
        tap.point(back and sluisd.alive(), f"the others leave: it serves again, after {took:.1f} s", read(sluisd.log)[-2000:])
        tap.point(not sluisd.problems() and all(line["action"] != "accept" or line["client"]["ip"] != FORGED for line in sluisd.messages()),
                  "nothing forged was accepted, the audit log is whole", *sluisd.problems())
        tap.figures("no file descriptors left", f"{(outcome.reply or outcome.verdict)[:9]}; new ones wait", "a line for each", f"{took:.1f}",
                    "until it serves again" + ("" if not answered else "; a late one was served"))
    finally:
        sluisd.stop()


def test_body(dns):
    """100 MB, signed."""
    with Sluisd(dns.anchor, "inbound { dmarc = reject }") as sluisd:
        play(message(sluisd))
        before = memory_kb(sluisd, "VmHWM")
        lines = b"".join(b"%07d 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrst\r\n" % n for n in range(13000))
        body = lines * (100 if plain() else 10)          # sanitizers find in a tenth what they find in all of it
        data = b"From: bob@sender.example\r\nSubject: large\r\n\r\n" + body
        signed = mail.sign(data, "sender.example", "s1", "rsa2048", canon="relaxed/simple")
        begun = time.time()
        outcome = play(big(sluisd, signed, FORGED))
        took = time.time() - begun
        tap.point("dkim=pass" in results(outcome) and "dmarc=pass" in results(outcome),
                  f"{len(body) / 1e6:.0f} MB: the signature is verified, in {took:.1f} s", outcome)
        outcome = play(big(sluisd, signed[:-100] + b"x" + signed[-99:], FORGED))
        tap.point((outcome.reply or "").startswith(REFUSED), f"{len(body) / 1e6:.0f} MB, one octet is changed: refused", outcome)
        grown = (memory_kb(sluisd, "VmHWM") - before) / 1024
        tap.point(not plain() or grown < 16, f"memory grew by {grown:.1f} MB at most", grown)
        tap.figures(f"a body of {len(body) / 1e6:.0f} MB", "250; 550 where one octet was changed", "a line for each", f"{took:.1f}", f"memory +{grown:.1f} MB")


async def big(sluisd, data, address):
    milter = await greeted(sluisd, address)
    await envelope(milter)
    outcome = await milter.data(data)
    await milter.quit()
    return outcome


def test_fields(dns):
    """10,000 header fields; forged results among them, and the signature at the very end or the very top."""
    with Sluisd(dns.anchor, "inbound { dmarc = reject }") as sluisd:
        play(message(sluisd))
        before = memory_kb(sluisd, "VmHWM")
        signed = mail.sign(GOOD, "sender.example", "s1", "rsa2048")
        many = b"".join(b"X-Field-%d: some words in a field that nobody signed\r\n" % n for n in range(9990))
        forged = b"Authentication-Results: mx1.receiver.example; dmarc=pass\r\n"
        for name, data in (("behind the signed ones", signed.replace(b"\r\n\r\n", b"\r\n" + many[:-2] + b"\r\n" + forged + b"\r\n", 1)),
                           ("before the signed ones", many + forged + signed)):
            begun = time.time()
            outcome = play(big(sluisd, data, "203.0.113.5"))
            took = time.time() - begun
            line = sluisd.messages()[-1]
            deleted = [edit for edit in outcome.edits if edit[0] == "change"]
            tap.point(outcome.verdict == "continue" and len(deleted) == 1 and "dmarc=pass" in results(outcome),
                      f"10,000 fields, {name}: the forged result is taken out, in {took:.1f} s", outcome.verdict, outcome.reply, deleted)
            dkim = [fact["result"] for fact in line["dkim"]]
            tap.point(dkim and set(dkim) <= {"pass", "neutral", "permerror", "policy"}, f"10,000 fields, {name}: dkim={dkim}", line["dkim"])
            outcome = play(big(sluisd, data, FORGED))
            tap.point(outcome.reply or dkim == ["pass"], f"10,000 fields, {name}: they hide no forgery", outcome.reply, outcome.verdict)
        grown = (memory_kb(sluisd, "VmHWM") - before) / 1024
        tap.point(not plain() or grown < 16, f"memory grew by {grown:.1f} MB at most")
        tap.figures("10,000 header fields", "250, the forged one taken out", "a line for each", f"{took:.1f}", f"memory +{grown:.1f} MB")


def test_recipients(dns):
    """500 recipients at 25 destinations: each is told its own, the questions are bounded by the destinations."""
    with Sluisd(dns.anchor, "outbound { dane = reject }") as sluisd:
        async def crowd():
            milter = await Milter(sluisd.socket).open()
            await milter.negotiate()
            await milter.connect("client.receiver.example", "198.51.100.7", macros={"j": "mx1.receiver.example", "daemon_name": "ORIGINATING"})
            await milter.helo("client.receiver.example")
            await milter.mail("<user@receiver.example>")
            verdicts = []
            for number in range(500):
                domain = f"d{number % DESTINATIONS}.crowd.example"
                milter.reply = None
                verdicts.append(await milter.rcpt(f"<user{number}@{domain}>", macros={"rcpt_mailer": "smtp", "rcpt_host": domain}))
            outcome = await milter.data(b"From: user@receiver.example\r\nTo: user0@d0.crowd.example, user1@d1.crowd.example\r\n\r\nHello.\r\n")
            await milter.quit()
            return verdicts, outcome
        begun = time.time()
        verdicts, outcome = play(crowd())
        took = time.time() - begun
        right = all((verdict == "continue") == (number % DESTINATIONS % 2 == 1) for number, verdict in enumerate(verdicts))
        tap.point(right, f"500 recipients: each of them is answered by its destination, in {took:.1f} s", verdicts[:DESTINATIONS])
        line = sluisd.wait_messages(1)[-1]
        tap.point(len(line["recipients"]) == 500, "the line has all of them", len(line["recipients"]))
        bound = DESTINATIONS * 4
        tap.point(line["dns_queries"] <= bound, f"{line['dns_queries']} questions for {DESTINATIONS} destinations, at most {bound}", line["dns_queries"])
        field = " ".join(edit[3].strip() for edit in outcome.edits if edit[0] == "insert")
        tap.point("d1.crowd.example=dane" in field and "d3.crowd" not in field, "the header names the visible ones alone", outcome)
        accepted = sum(verdict == "continue" for verdict in verdicts)
        tap.figures("500 recipients", f"{accepted} × 250, {500 - accepted} × 550", "one line with 500", f"{took:.1f}", f"{line['dns_queries']} questions")


def main():
    tap.figures("fault", "the sender saw", "audit log", "seconds", "note")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with laboratory(ZONES) as dns:
        for test in (test_reload_under_load, test_connections, test_silent, test_descriptors, test_body, test_fields, test_recipients):
            tap.run(test, dns)
    tap.end()


if __name__ == "__main__":
    main()

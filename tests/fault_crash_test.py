#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A message that ends the daemon: it is known when it comes back, and held instead of ending it again, while others are served. The
real daemon dies by a real SIGSEGV, sent while it has the message in hand; with a real Postfix. Speaks TAP; skipped where the
machine allows no lab."""

import asyncio
import os
import signal
import time

from e2e_daemon import GOOD, Points, Sluisd, envelope, greeted, laboratory, message, results

import sanitizer
from client import Client
from inside import PKG, read, run
from milter_client import ADD, CHANGE
from mta import queue_id
from postfix import Postfix

tap = Points()
ZONES = """
zone crash.example signed
crash.example.              TXT v=spf1 -all
fault crash.example.        TXT timeout
zone quiet.example signed
quiet.example.              A 10.25.0.9
fault quiet.example.        MX timeout
"""
CULPRIT = b"From: bob@crash.example\r\nMessage-ID: <crash@crash.example>\r\nAuthentication-Results: mx1.receiver.example; dkim=pass\r\n" \
    b"Authentication-Results: other.example; spf=pass\r\nSubject: crash\r\n\r\nHello.\r\n"
OTHER = GOOD.replace(b"Subject:", b"Message-ID: <other@sender.example>\r\nSubject:")
NONE = "none (not examined)"


def play(coroutine, seconds=60):
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


def crash(sluisd):
    """A sanitizer would take a SIGSEGV for a finding of its own."""
    number = signal.SIGKILL if sanitizer.built_with(Sluisd.program) else signal.SIGSEGV
    return sluisd.stop(number) == -number


def send(client, sender, data):
    """A message up to its last octet, whose answer is not waited for."""
    client.ehlo("mail.sender.example")
    client.mail(sender)
    client.rcpt("alice@receiver.example")
    client.command("DATA")
    client.send(data)


def whole(mta, sender, data):
    """A whole message: the reply, and how long that took."""
    with Client(mta.address, source="203.0.113.5") as client:
        begun = time.time()
        send(client, sender, data + b".\r\n")
        return client.reply("data"), time.time() - begun


def crash_with(sluisd, mta, *others):
    """The daemon dies at the end of the culprit, which waits for the DNS there, with others in hand; the replies."""
    with Client(mta.address, source="203.0.113.5") as culprit:
        clients = [Client(mta.address, source="203.0.113.5") for _ in others]
        for client, (sender, data) in zip(clients, others):
            send(client, sender, data)
        send(culprit, "bob@crash.example", CULPRIT + b".\r\n")
        time.sleep(1)                                    # by then it waits
        died = crash(sluisd)
        for client in clients:
            client.send(b".\r\n")
        replies = [culprit.reply("data"), *(client.reply("data") for client in clients)]
        for client in clients:
            client.quit()
    return died, replies


def test_held(dns):
    """The whole story, from the first crash to the postmaster who looks at the held message."""
    sluisd = Sluisd(dns.anchor, "mode = annotate").start()
    with Postfix(milters=["unix:" + sluisd.socket]) as mta:
        died, replies = crash_with(sluisd, mta, ("bob@sender.example", OTHER))
        tap.point(died and [reply.code for reply in replies] == [451, 451], "the daemon dies with two messages in hand: both are deferred",
                  *replies)
        sluisd.start()
        tap.point("died with 2 messages in hand" in read(sluisd.log) and "died with 2 messages" in sluisd.events("start")[-1]["why"],
                  "the next one knows of them, and says so", read(sluisd.log))
        reply, took = whole(mta, "bob@sender.example", OTHER)
        tap.point(reply.code == 250, f"the innocent one comes again, and passes ({took:.1f} s)", reply)
        died, replies = crash_with(sluisd, mta)
        tap.point(died and replies[0].code == 451, "the culprit comes again, and the daemon dies again", *replies)
        sluisd.start()
        pid = sluisd.pid
        reply, took = whole(mta, "bob@crash.example", CULPRIT)
        identifier = queue_id(str(reply))
        tap.point(reply.code == 250 and mta.held(identifier), f"a third time it is held ({took:.1f} s)", reply, mta.log_of()[-2000:])
        tap.point(sluisd.alive() and sluisd.pid == pid and took < 3, "and the daemon lives: no question was asked", took)
        line = sluisd.messages()[-1]
        tap.point((line["action"], line["would"], line["rule"], line["queue_id"]) == ("quarantine", "quarantine", "crash-journal", identifier)
                  and not {"spf", "dkim", "dmarc"} & set(line), "the audit log says that it was held unexamined", line)
        held = run(PKG + "/usr/sbin/postcat", "-c", mta.conf, "-h", "-q", identifier)
        tap.point(NONE in " ".join(held.split()) and "dkim=pass" not in held and "other.example" in held,
                  "its header says so, a forged result is gone, a foreign one stays", held)
        for text in (OTHER, OTHER.replace(b"other@", b"another@")):
            reply, _ = whole(mta, "bob@sender.example", text)
            message_of = mta.delivered(queue_id(str(reply))) or b""
            tap.point(reply.code == 250 and b"dmarc=pass" in message_of, "other mail is examined and delivered", reply, message_of)
        tap.point(sluisd.stop() == 0, "the daemon ends in good order", read(sluisd.log)[-1000:])
        sluisd.start()
        tap.point(not sluisd.events("start")[-1].get("why"), "of which the next one knows nothing bad", sluisd.events("start")[-1])
        reply, _ = whole(mta, "bob@crash.example", CULPRIT)
        tap.point(reply.code == 250 and mta.held(queue_id(str(reply))), "but the culprit it knows still", reply)
        sluisd.stop()
        tap.figures("a message ends the daemon at its end, twice", "451, 451, then 250", "held unexamined the third time", f"{took:.2f}",
                    "an innocent one in hand at the first crash is delivered when it comes again")


async def up_to(sluisd, stage, sender="<bob@sender.example>", recipient="<alice@receiver.example>", data=CULPRIT, **negotiation):
    """A message up to a stage; the connection."""
    milter = await greeted(sluisd, **negotiation)
    await milter.mail(sender)
    if stage != "MAIL":
        await milter.rcpt(recipient)
    if stage not in ("MAIL", "RCPT"):
        for field in data.partition(b"\r\n\r\n")[0].split(b"\r\n")[:2 if stage == "field" else None]:
            name, _, value = field.partition(b":")
            await milter.header(name, value)
    if stage == "body":
        await milter.step("eoh", b"N", b"")
        await milter.body(b"Hello.\r\n")
    # The last steps have no answers: what has one shows that they were taken.
    await asyncio.sleep(0.2)
    return milter


def test_stages(dns):
    """It dies at other places than the end. With a milter client, as the daemon does not wait there for anything."""
    for stage in ("MAIL", "RCPT", "field", "fields", "body"):
        sluisd = Sluisd(dns.anchor).start()
        for _ in range(2):
            async def die():
                await up_to(sluisd, stage)
                crash(sluisd)
            play(die())
            sluisd.start()
        begun = time.time()
        outcome = play(message(sluisd, CULPRIT))
        took = time.time() - begun
        held, gone = outcome, [edit for edit in outcome.edits if edit[0] == "change"]
        tap.point(outcome.verdict == "continue" and any(edit[0] == "quarantine" for edit in outcome.edits) and NONE in results(outcome)
                  and len(gone) == {"body": 1, "fields": 1}.get(stage, 2), f"two crashes at {stage}: it is held, results that nobody read are gone",
                  outcome)
        if stage in ("field", "fields", "body"):
            outcome = play(message(sluisd, CULPRIT, actions=ADD | CHANGE))
            tap.point((outcome.reply or "").startswith("451 4.3.5"), f"two crashes at {stage}: an MTA that cannot hold is told to wait", outcome)
        outcome = play(message(sluisd, OTHER))
        tap.point("dmarc=pass" in results(outcome) and not any(edit[0] == "quarantine" for edit in outcome.edits),
                  f"two crashes at {stage}: another message of the sender is examined", outcome)
        tap.point(sluisd.stop() == 0, f"two crashes at {stage}: the daemon ends in good order", read(sluisd.log)[-1000:])
        tap.figures(f"a message ends the daemon at {stage}, twice", f"the milter gone, then {held.verdict}", "held unexamined the third time",
                    f"{took:.2f}", "another message of the sender is examined")


def test_outbound(dns):
    """It dies while it looks for the DANE of a destination."""
    sluisd = Sluisd(dns.anchor, "outbound { dane = reject }").start()
    data = b"From: carol@receiver.example\r\nMessage-ID: <out@receiver.example>\r\nTo: dan@quiet.example\r\n\r\nHello.\r\n"

    async def send_out(wait):
        milter = await greeted(sluisd, address="127.0.0.1")
        await milter.mail("<carol@receiver.example>")
        if wait:
            await milter.macros(b"R", {"rcpt_mailer": "smtp", "rcpt_host": "quiet.example"})
            await milter.send(b"R", b"<dan@quiet.example>\0")
            await asyncio.sleep(1)
            return crash(sluisd)
        verdict = await milter.rcpt("<dan@quiet.example>", macros={"rcpt_mailer": "smtp", "rcpt_host": "quiet.example"})
        return verdict, await milter.data(data)
    for _ in range(2):
        tap.point(play(send_out(True)), "outbound: the daemon dies at RCPT")
        sluisd.start()
    begun = time.time()
    verdict, outcome = play(send_out(False))
    took = time.time() - begun
    tap.point(verdict == "continue" and any(edit[0] == "quarantine" for edit in outcome.edits) and took < 3 and
              ("insert", 0, "Sluis-DANE", " not-examined") in outcome.edits, f"outbound: the third time it is held ({took:.1f} s)", verdict, outcome)
    tap.figures("a message of the house ends the daemon at RCPT, twice", f"the milter gone, then {outcome.verdict}", "held unexamined the third time",
                f"{took:.2f}", "")
    line = sluisd.wait_messages(1)[-1]
    tap.point(line["action"] == "quarantine" and line["direction"] == "outbound" and len(line["recipients"]) == 1, "outbound: the audit line",
              line)
    sluisd.stop()


def test_turns(dns):
    """Two suspects at once: one after the other."""
    sluisd = Sluisd(dns.anchor).start()

    async def die():
        await up_to(sluisd, "body", "<bob@crash.example>")
        await up_to(sluisd, "body", data=OTHER)
        crash(sluisd)

    async def both():
        begun = time.time()
        slow = await up_to(sluisd, "body", "<bob@crash.example>")
        end = asyncio.create_task(slow.end("4SLOW"))     # waits for the DNS
        await asyncio.sleep(0.5)
        meanwhile = await message(sluisd, OTHER)
        free = await message(sluisd, OTHER.replace(b"other@", b"free@"))
        return meanwhile, free, await end, await message(sluisd, OTHER), time.time() - begun
    play(die())
    sluisd.start()
    meanwhile, free, slow, after, took = play(both())
    tap.point((meanwhile.reply or "").startswith("451 4.3.5"), "two suspects: while one is in hand the other one is deferred", meanwhile)
    tap.figures("two suspects come back at once, the first waits for DNS", str(meanwhile.reply)[:9] + " for the second",
                "examined one after the other", f"{took:.2f}", "other mail does not wait")
    tap.point("dmarc=pass" in results(free), "mail that is not suspect does not wait", free)
    tap.point(slow.verdict == "continue" and "spf=temperror" in results(slow) and "dmarc=pass" in results(after), "then it is its turn", slow,
              after)
    lines = sluisd.wait_messages(4)
    deferred = [line for line in lines if line["action"] == "defer"]
    tap.point(len(deferred) == 1 and deferred[0]["rule"] == "crash-journal", "the audit log has it", *lines)
    tap.point(sluisd.stop() == 0 and not sluisd.problems(), "in good order", read(sluisd.log)[-1000:])


def test_no_journal(dns):
    for journal, word in (("/nonexistent/in-hand", "No such file"), ("", None)):
        with Sluisd(dns.anchor, f'crash-journal = "{journal}"') as sluisd:
            outcome = play(message(sluisd, OTHER))
            told = "will not be known again" in read(sluisd.log)
            tap.point("dmarc=pass" in results(outcome) and told == bool(word) and (not word or word in read(sluisd.log)),
                      f"crash-journal \"{journal}\": mail goes on{', and the log says what is lost' if word else ''}", read(sluisd.log))


def main():
    tap.figures("fault", "the sender saw", "message", "seconds", "note")
    with laboratory(ZONES) as dns:
        for test in (test_held, test_stages, test_outbound, test_turns, test_no_journal):
            tap.run(test, dns)
    tap.end()


if __name__ == "__main__":
    main()

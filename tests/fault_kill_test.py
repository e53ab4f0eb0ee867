#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon is killed at every stage of a message, and the MTA vanishes at every stage: what the sender saw, that each message
was delivered once and none unchecked, and what the audit log says of it afterwards. With a real Postfix. Speaks TAP; skipped where
the machine allows no lab."""

import asyncio
import glob
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time

from e2e_daemon import GOOD, Points, Sluisd, envelope, greeted, laboratory, message, results

import mail
from client import Client
from inside import read, wait_until
from milter_client import Milter
from mta import queue_id
from postfix import Postfix

tap = Points()
ZONES = """
zone waiting.example signed
waiting.example.            TXT v=spf1 ip4:203.0.113.5 -all
_dmarc.waiting.example.     TXT v=DMARC1; p=reject
fault waiting.example.      TXT delay:600
"""
STAGES = ("EHLO", "MAIL", "RCPT", "DATA", "half", "end")


def verify(sluisd):
    """What `sluisctl audit verify` finds: (exit status, {kind: count}, its words)."""
    program = os.path.join(os.path.dirname(os.path.dirname(Sluisd.program)), "ctl", "sluisctl")
    done = subprocess.run([program, "-c", sluisd.conf, "audit", "verify", "--json", sluisd.audit], capture_output=True, text=True)
    kinds = {}
    for line in done.stdout.splitlines():
        entry = json.loads(line)
        if entry["type"] == "finding":
            kinds[entry["kind"]] = kinds.get(entry["kind"], 0) + 1
    return done.returncode, kinds, done.stdout + done.stderr


def advance(client, stage, domain, subject):
    """Up to a stage of a message; at `end` the reply to it has not been read yet."""
    steps = {"EHLO": lambda: client.ehlo("mail.sender.example"), "MAIL": lambda: client.mail(f"bob@{domain}"),
             "RCPT": lambda: client.rcpt("alice@receiver.example"), "DATA": lambda: client.command("DATA"),
             "half": lambda: client.send(f"From: bob@{domain}\r\nSubject: {subject}\r\n\r\nHel"), "end": lambda: client.send("lo.\r\n.\r\n")}
    for name in STAGES[:STAGES.index(stage) + 1]:
        steps[name]()


def finish(client, stage, domain, subject):
    """The rest of the message; the last reply."""
    rest = STAGES[STAGES.index(stage) + 1:]
    if "DATA" in rest:
        if "MAIL" in rest:
            client.mail(f"bob@{domain}")
        if "RCPT" in rest and client.replies[-1].code == 250:
            client.rcpt("alice@receiver.example")
        if client.replies[-1].code != 250:
            return client.replies[-1]
        if client.command("DATA").code != 354:
            return client.replies[-1]
    if "half" in rest:
        client.send(f"From: bob@{domain}\r\nSubject: {subject}\r\n\r\nHel")
    if "end" in rest:
        client.send("lo.\r\n.\r\n")
    return client.reply("data")


def copies(mta, subject):
    found = [path for path in glob.glob(mta.maildir + "/new/*") if f"\nSubject: {subject}\n" in read(path)]
    return [read(path) for path in found]


def test_killed_at_each_stage(dns):
    sluisd = Sluisd(dns.anchor, "inbound { dmarc = reject }").start()
    with Postfix(milters=["unix:" + sluisd.socket]) as mta:
        for stage in STAGES:
            domain = "waiting.example" if stage == "end" else "sender.example"
            subject = f"killed at {stage}"
            with Client(mta.address, source="203.0.113.5") as client:
                advance(client, stage, domain, subject)
                if stage == "end":
                    time.sleep(0.3)                      # it waits for the DNS now, and has answered nothing
                begun = time.time()
                sluisd.stop(signal.SIGKILL)
                reply = finish(client, stage, domain, subject)
                took = time.time() - begun
            tap.point(reply.code == 451 and not copies(mta, subject), f"kill -9 at {stage}: come again, after {took:.1f} s", reply)
            begun = time.time()
            sluisd.start()
            started = time.time() - begun
            with Client(mta.address, source="203.0.113.5") as client:
                advance(client, "half", domain, subject)
                again = finish(client, "half", domain, subject)
            wait_until(lambda: copies(mta, subject), 10)
            time.sleep(0.1)
            kept = copies(mta, subject)
            tap.point(again.code == 250 and len(kept) == 1 and f"dmarc=pass (p=reject) header.from={domain}" in " ".join(kept[0].split()),
                      f"kill -9 at {stage}: started again, it comes again and is delivered once, checked", again, *kept)
            tap.figures(f"kill -9 at {stage}", str(reply)[:9], f"delivered {len(kept)} ×, when it came again", f"{took:.1f}", f"serves {started:.1f} s after its start")
    tap.point(sluisd.stop() == 0, "it ends in good order", read(sluisd.log)[-2000:])
    status, kinds, words = verify(sluisd)
    tap.point(status == 0 and kinds.get("killed") == len(STAGES), "sluisctl audit verify: no break, and each kill is explained", status, words)
    accepted = [line["queue_id"] for line in sluisd.messages() if line["action"] == "accept"]
    tap.point(len(accepted) == len(set(accepted)) == len(STAGES), "the audit log has each delivered message once", accepted)


def test_torn_line(dns):
    """A kill in the middle of a write: the rest of the line is lost, not more."""
    sluisd = Sluisd(dns.anchor).start()
    asyncio.run(message(sluisd))
    sluisd.stop(signal.SIGKILL)
    size = os.path.getsize(sluisd.audit)
    os.truncate(sluisd.audit, size - 100)
    sluisd.start()
    asyncio.run(message(sluisd))
    sluisd.stop()
    status, kinds, words = verify(sluisd)
    tap.point(status == 0 and kinds == {"torn": 1, "killed": 1}, "a torn line: verify says that it is torn, and finds no break", status, words)


def test_redelivery(dns):
    """Mail of a local program, which Postfix itself keeps and tries again."""
    sluisd = Sluisd(dns.anchor)
    with Postfix(milters=["unix:" + sluisd.socket]) as mta:
        begun = time.time()
        mta.submit("user@receiver.example", ["alice@receiver.example"], b"From: user@receiver.example\nSubject: kept\n\nHello.\n")
        deferred = mta.wait_log(r"milter-reject: |451 4\.7\.1|temporary|milter", 0, 10)
        tap.point(deferred and not copies(mta, "kept"), "sluisd is not there: Postfix keeps what a program handed in", mta.log_of()[-2000:])
        sluisd.start()
        mta.tool("postkick", "public", "pickup", "W")
        wait_until(lambda: copies(mta, "kept"), 20)
        took = time.time() - begun
        time.sleep(0.2)
        kept = copies(mta, "kept")
        tap.point(len(kept) == 1 and "Sluis-DANE:" in kept[0], f"sluisd is back: Postfix tries again and delivers it once, after {took:.1f} s",
                  mta.log_of()[-2000:], *kept)
        tap.figures("sluisd is away, mail by the sendmail command", "kept by Postfix", f"delivered {len(kept)} ×, checked", f"{took:.1f}", "")
    sluisd.stop()


def reset(milter):
    """The connection ends as with a crashed host: no FIN with what is unsent, but at once."""
    sock = milter.writer.get_extra_info("socket")
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    milter.writer.transport.abort()


def test_mta_vanishes(dns):
    """The MTA is gone at each stage: behind a whole packet, in the middle of one, while Sluis waits for the DNS."""
    data = mail.sign(GOOD, "sender.example", "s1", "rsa2048")
    head, _, body = data.partition(b"\r\n\r\n")

    async def vanish(sluisd, after, torn, domain):
        milter = await Milter(sluisd.socket).open()
        steps = [milter.negotiate, milter.connect, milter.helo, lambda: milter.mail(f"<bob@{domain}>"), milter.rcpt,
                 lambda: milter.step("data", b"T", b""), lambda: milter.fields(head), lambda: milter.body(body), lambda: milter.send(b"E")]
        for step in steps[:after]:
            await step()
        if torn:
            await milter.packet(struct.pack(">I", 4000) + b"B" + b"half a packet")
        await asyncio.sleep(0.05)
        reset(milter)
    with Sluisd(dns.anchor, "inbound { dmarc = reject }") as sluisd:
        begun = time.time()
        begun_transactions = 0
        for domain in ("sender.example", "waiting.example"):
            for torn in (False, True):
                for after in range(10):
                    asyncio.run(vanish(sluisd, after, torn, domain))
                    begun_transactions += after > 3
        lines = sluisd.wait_messages(begun_transactions, 20)
        took = time.time() - begun
        tap.point(len(lines) == begun_transactions, f"the MTA vanishes at 40 places ({took:.1f} s): a line for each transaction that had begun",
                  len(lines), begun_transactions)
        at_end = sum(line["action"] != "abort" for line in lines)
        tap.point(at_end <= 4, "aborted, all but those whose end had come", [line["action"] for line in lines])
        outcome = asyncio.run(message(sluisd))
        tap.point("dmarc=pass" in results(outcome), "and it goes on serving", outcome)
        wait_until(lambda: sluisd.descriptors() < 40, 10)
        tap.point(sluisd.descriptors() < 40, "no descriptor is left behind", sluisd.descriptors())
        tap.figures("the MTA vanishes at 40 places", "nothing", f"{len(lines)} lines for {begun_transactions} begun", f"{took:.1f}",
                    f"{sluisd.descriptors()} descriptors open at the end")


def test_postfix_killed(dns):
    """Postfix's own processes die in the middle of messages."""
    with Sluisd(dns.anchor, "inbound { dmarc = reject }") as sluisd, Postfix(milters=["unix:" + sluisd.socket]) as mta:
        for _ in range(2):                               # Postfix starts anew at once only what has served before
            clients = [Client(mta.address, source="203.0.113.5") for _ in range(len(STAGES) - 1)]
            for client in clients:
                client.quit()
        mark = len(mta.log_of())
        clients = [Client(mta.address, source="203.0.113.5") for _ in range(len(STAGES) - 1)]
        for client, stage in zip(clients, STAGES):
            advance(client, stage, "sender.example", "smtpd dies")
        begun = time.time()
        smtpds = set(re.findall(r"smtpd\[(\d+)\]: connect from", mta.log_of(mark)))
        for pid in smtpds:
            os.kill(int(pid), signal.SIGKILL)
        for client in clients:
            client.close()
        lines = sluisd.wait_messages(4)
        took = time.time() - begun
        tap.point(len(smtpds) == len(clients) and [line["action"] for line in lines] == ["abort"] * 4,
                  f"{len(smtpds)} smtpd processes are killed in mid-message: a line for each transaction", lines)
        with Client(mta.address, source="203.0.113.5") as client:
            advance(client, "half", "sender.example", "afterwards")
            reply = finish(client, "half", "sender.example", "afterwards")
        identifier = queue_id(str(reply))
        tap.point(reply.code == 250 and mta.delivered(identifier) and not copies(mta, "smtpd dies"), "and mail goes on", reply, mta.log_of()[-1500:])
        tap.figures("Postfix's smtpd is killed in mid-message", "connection closed", f"{len(lines)} lines, aborted", f"{took:.1f}", "")


def main():
    tap.figures("fault", "the sender saw", "message", "seconds", "note")
    with laboratory(ZONES) as dns:
        for test in (test_killed_at_each_stage, test_torn_line, test_redelivery, test_mta_vanishes, test_postfix_killed):
            tap.run(test, dns)
    tap.end()


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Everything at once: many sessions of all kinds in parallel, reloads, log rotation, and a resolver that is slow, dies and comes back,
for $SLUIS_RACE_SECONDS (5); then an end in the middle of it. What is to be found here is found by ThreadSanitizer
(`./bootstrap sanitize thread`); every answer and the audit log are checked as well. Speaks TAP; skipped where the machine allows
no lab."""

import asyncio
import os
import random
import signal
import threading
import time

from e2e_daemon import GOOD, Points, Sluisd, envelope, greeted, laboratory, results

import inside
import mail
from forwarder import Forwarder
from inside import read
from milter_client import Gone, Milter
from nameserver import Unbound

tap = Points()
SECONDS = float(os.environ.get("SLUIS_RACE_SECONDS", "5"))
SESSIONS = 40
RESOLVER = "10.53.99.1"
STRICT = f"""resolver {{ servers = {{"{RESOLVER}"}} timeout = 1  budget = 2 }}
inbound {{ spf = annotate  dkim = annotate  dmarc = reject }}  outbound {{ dane = reject }}  audit {{ required = true }}"""
OTHER = STRICT.replace("dmarc = reject", "dmarc = reject  spf = quarantine").replace("outbound { dane = reject }",
                                                                                      'outbound { dane = reject  contact = "help desk" }')
BAD = STRICT + "\ninbound { dmarc = sometimes }"
DESTINATIONS = ("dane", "partial", "none", "no-tlsa", "temperror", "bogus", "null-mx", "no-mail", "nxdomain", "silent")
FORGED = "198.51.100.66"


class Load:
    """Sessions until `over`; what came of them."""

    def __init__(self, sluisd):
        self.sluisd, self.over = sluisd, False
        self.counts, self.wrong = {}, []
        self.signed = mail.sign(GOOD, "sender.example", "s1", "rsa2048")

    def note(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    async def good(self):
        milter = await greeted(self.sluisd)
        await envelope(milter)
        outcome = await milter.data(self.signed)
        await milter.quit()
        passed = "dmarc=pass" in results(outcome) and outcome.verdict == "continue"
        if not passed and not (outcome.reply or "").startswith("451 4."):
            self.wrong.append(("good", outcome))
        self.note("good, passed" if passed else "good, told to come again")

    async def forged(self):
        milter = await greeted(self.sluisd, FORGED)
        for turn in range(2):
            domain = f"h{random.randrange(200)}.sender.example" if turn else "sender.example"
            await envelope(milter, f"<boss@{domain}>")
            outcome = await milter.data(GOOD.replace(b"sender.example", domain.encode()))
            if not (outcome.reply or "").startswith(("550 5.7.1", "451 4.")):
                self.wrong.append(("forged", outcome))
            self.note("forged, " + ("refused" if outcome.reply and outcome.reply[0] == "5" else "told to come again"))
        await milter.quit()

    async def out(self):
        milter = await Milter(self.sluisd.socket).open()
        await milter.negotiate()
        await milter.connect("client.receiver.example", "198.51.100.7", macros={"j": "mx1.receiver.example", "daemon_name": "ORIGINATING"})
        await milter.helo("client.receiver.example")
        await milter.mail("<user@receiver.example>")
        for name in random.sample(DESTINATIONS, 3):
            milter.reply = None
            verdict = await milter.rcpt(f"<user@{name}.example>", macros={"rcpt_mailer": "smtp", "rcpt_host": f"{name}.example"})
            if (verdict == "continue") and name != "dane":
                self.wrong.append((name, verdict))
            self.note("recipient, " + ("taken" if verdict == "continue" else "refused" if milter.reply[0] == "5" else "told to come again"))
        await milter.abort()
        await milter.quit()

    async def vanishing(self):
        milter = await greeted(self.sluisd)
        await envelope(milter)
        if random.random() < 0.5:
            await milter.fields(b"From: bob@sender.example")
        else:
            await milter.packet(b"\0\0\1\0Bhalf")
        milter.close()
        self.note("vanished")

    async def session(self, number):
        kinds = (self.good, self.forged, self.out, self.vanishing)
        while not self.over:
            try:
                await asyncio.wait_for(kinds[number % 4](), 60)
            except (Gone, ConnectionError, OSError) as error:
                if not self.over:
                    self.wrong.append((number, repr(error)))
                return

    async def all(self):
        await asyncio.gather(*(self.session(number) for number in range(SESSIONS)))


def trouble(sluisd, load, forwarder):
    """What happens around it, in a thread: a step each 200 ms."""
    end, turn, files = time.time() + SECONDS, 0, []
    while time.time() < end:
        time.sleep(0.2)
        turn += 1
        sluisd.configure((STRICT, OTHER, BAD)[turn % 3])
        sluisd.send_signal(signal.SIGUSR1)
        if turn % 5 == 0:
            files.append(f"{sluisd.audit}.{turn}")
            os.rename(sluisd.audit, files[-1])
        if turn % 10 == 4:
            forwarder.delay = 0.3
        elif turn % 10 == 6:
            forwarder.delay = 0
            forwarder.stop()
        elif turn % 10 == 8:
            forwarder.start()
    load.over = True
    sluisd.send_signal(signal.SIGTERM)
    return files


def test_everything(dns):
    forwarder = Forwarder(RESOLVER).start()
    with Unbound(dns.anchor, options=("val-permissive-mode: yes",)):
        sluisd = Sluisd(dns.anchor, STRICT).start()
        load, files = Load(sluisd), []
        thread = threading.Thread(target=lambda: files.extend(trouble(sluisd, load, forwarder)))
        thread.start()
        asyncio.run(asyncio.wait_for(load.all(), SECONDS + 120))
        thread.join()
        status = sluisd.stop()
    total = sum(load.counts.values())
    print("# " + ", ".join(f"{count} {what}" for what, count in sorted(load.counts.items())))
    tap.point(not load.wrong and total > SESSIONS, f"{total} sessions of all kinds: no good one was refused, no forged one accepted", *load.wrong[:5])
    tap.point(load.counts.get("good, passed") and load.counts.get("forged, refused"), "the resolver was there for some of them", load.counts)
    tap.point(status == 0, "SIGTERM in the middle of it: it ends in good order", status, read(sluisd.log)[-3000:])
    problems = sluisd.problems(*[path for path in files if inside.size(path)])
    tap.point(not problems, f"the audit log is whole over {len(files) + 1} files", *problems[:5])
    accepted = [line for line in sluisd.lines(*files) if line["event"] == "message" and line["action"] == "accept" and
                line["direction"] == "inbound" and line["client"]["ip"] == FORGED]
    tap.point(not accepted, "nor does it tell of one accepted", *accepted[:2])


def main():
    random.seed(20261126)
    with laboratory() as dns:
        tap.run(test_everything, dns)
    tap.end()


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon on the milter protocol, without an MTA: what it asks for, MTAs that offer less, many connections at once, and
packets that no MTA would send. Speaks TAP; skipped where the machine allows no lab."""

import asyncio
import random
import struct
import time

from e2e_daemon import GOOD, Points, Sluisd, envelope, greeted, laboratory, message, results

import inside
import mail
import milter_client
from milter_client import Gone, Milter

tap = Points()
SIMPLE = b"From: bob@sender.example\r\nTo: alice@receiver.example\r\nSubject: simple\r\nX-Fold: one\r\n  two\r\n\r\nA  body.\r\n"
PASS = "dmarc=pass (p=reject) header.from=sender.example"


def play(coroutine, seconds=60):
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


def signed(data, **options):
    return mail.sign(data, "sender.example", "s1", "rsa2048", **options)


async def whole(sluisd):
    """Does it still serve?"""
    outcome = await message(sluisd)
    return outcome.verdict == "continue" and PASS in results(outcome)


def test_negotiation(sluisd):
    async def ask():
        async with Milter(sluisd.socket) as milter:
            return await milter.negotiate()
    milter = play(ask())
    wanted = milter_client.ADD | milter_client.CHANGE | milter_client.QUARANTINE | milter_client.SYMBOLS
    tap.point(milter.actions == wanted, "it asks for the actions that it uses, and no others", hex(milter.actions))
    tap.point(milter.steps & milter_client.LEADING_SPACE and milter.steps & milter_client.SKIP, "it wants leading spaces and to skip bodies",
              hex(milter.steps))
    tap.point("{rcpt_host}" in milter.symbols.get(3, "") and "{auth_authen}" in milter.symbols.get(2, ""),
              "it asks for the macros itself", milter.symbols)


def test_message(sluisd):
    data = b"Authentication-Results: mx1.receiver.example; dkim=pass\r\nAuthentication-Results: other.example; none\r\n" \
        b"Authentication-Results:mx1.receiver.example; spf=pass\r\n" + signed(SIMPLE, canon="simple/simple")
    outcome = play(message(sluisd, data))
    tap.point(outcome.verdict == "continue" and [e[:3] for e in outcome.edits] ==
              [("change", 3, "Authentication-Results"), ("change", 1, "Authentication-Results"), ("insert", 0, "Authentication-Results")],
              "deletions from the highest number down, then the field on top", outcome)
    tap.point(outcome.edits[-1][3].startswith(" mx1.receiver.example;"), "its value has the space that the MTA leaves to it", outcome)
    tap.point("dkim=pass" in results(outcome) and PASS in results(outcome), "simple canonicalization with leading spaces", outcome)


def test_old_mta(sluisd):
    """Version 2: no leading spaces, no skip, no macros by wish, no quarantine."""
    old = {"steps": milter_client.OLD_STEPS, "version": 2}
    outcome = play(message(sluisd, signed(SIMPLE, canon="simple/simple"), actions=milter_client.ADD | milter_client.CHANGE, **old))
    tap.point("dkim=pass" in results(outcome), "an MTA that eats leading spaces: simple canonicalization passes", outcome)
    tap.point(outcome.edits[-1][3].startswith("mx1."), "and the MTA adds the space of the field", outcome)
    outcome = play(message(sluisd, b"Authentication-Results: mx1.receiver.example; none\r\n" + GOOD, actions=milter_client.CHANGE_BODY, **old))
    tap.point(outcome.verdict == "continue" and not outcome.edits, "an MTA that allows no edits gets none", outcome)
    outcome = play(message(sluisd, GOOD, actions=milter_client.ADD, **old))
    tap.point([e[0] for e in outcome.edits] == ["insert"], "an MTA that allows to add only", outcome)
    tap.point(sluisd.wait_log("does not let milters change header fields") or sluisd.wait_log("does not let milters add header fields"),
              "the log says so", inside.read(sluisd.log))

    async def without_macros():
        milter = await Milter(sluisd.socket).open()
        await milter.negotiate(actions=milter_client.ADD, **old)
        await milter.connect(macros={})
        await milter.helo()
        await envelope(milter)
        return await milter.data(GOOD, queue_id=None)
    outcome = play(without_macros())
    tap.point("spf=pass" in results(outcome), "an MTA that gives no macros at all", outcome)


def test_bodies(sluisd):
    def passes(data, **options):
        return "dkim=pass" in results(play(message_in(data, **options)))

    async def message_in(data, chunk=65535):
        milter = await greeted(sluisd)
        await envelope(milter)
        outcome = await milter.data(data, chunk=chunk)
        await milter.quit()
        return outcome
    head = b"From: bob@sender.example\r\nSubject: body\r\n\r\n"
    for canon in ("simple/simple", "relaxed/relaxed"):
        long = signed(head + b"line  of text \r\n" * 20 + b"x" * 3000 + b"\r\n\r\n\r\n", canon=canon)
        tap.point(passes(long, chunk=1), f"{canon}: a body in chunks of one octet")
        tap.point(passes(long, chunk=7), f"{canon}: a body in chunks of seven")
        whole_body = signed(head + b"no line end\r\n", canon=canon)
        tap.point(passes(whole_body[:-2]), f"{canon}: a body without a final line end")
        tap.point(passes(signed(head + b"\xc3\xa9\x80\xff\r\n", canon=canon)), f"{canon}: octets beyond ASCII")
        tap.point(passes(signed(head, canon=canon)), f"{canon}: no body at all")
    big = signed(head + b"0123456789abcdef" * 4 * 16 + b"\r\n" * 2 + b"line\r\n" * 400000)
    tap.point(passes(big), "2 MB of body")
    tap.point(not passes(signed(head + b"text\r\n").replace(b"text", b"test")), "a changed body fails")


def test_many_fields(sluisd):
    async def many():
        milter = await greeted(sluisd)
        await envelope(milter)
        for number in range(3000):
            await milter.header(b"Authentication-Results", b" mx1.receiver.example; none" if number % 3 else b" other.example; none")
        await milter.header(b"From", b" bob@sender.example")
        await milter.header(b"X-Long", b" " + b"y" * 60000)
        await milter.step("eoh", b"N", b"")
        return await milter.end("4MANY")
    outcome = play(many())
    deleted = [edit[1] for edit in outcome.edits if edit[0] == "change"]
    tap.point(deleted == [n for n in range(3000, 0, -1) if (n - 1) % 3], "2,000 forged fields among 3,000", len(deleted))


async def one_client(sluisd, number, messages):
    """A connection with several messages; how many came out wrong."""
    wrong = 0
    milter = await greeted(sluisd, address=f"198.51.{number // 200}.{number % 200 + 1}" if number % 2 else "203.0.113.5")
    for turn in range(messages):
        domain = ("sender", "none-sender", "plain-sender", "quarantine-sender")[(number + turn) % 4] + ".example"
        await envelope(milter, f"<bob@{domain}>")
        if (number + turn) % 7 == 3:
            await milter.abort()
            await envelope(milter, f"<bob@{domain}>")
        outcome = await milter.data(GOOD.replace(b"sender.example", domain.encode()), f"4N{number}T{turn}")
        text = results(outcome)
        good = {"plain-sender.example": "spf=none"}.get(domain) or \
            ("spf=pass" if number % 2 == 0 else "spf=softfail" if domain == "none-sender.example" else "spf=fail")
        wrong += outcome.verdict != "continue" or f"{good} smtp.mailfrom={domain}" not in text or f"header.from={domain}" not in text
    await milter.quit()
    return wrong


def test_many_connections(sluisd, connections=400, messages=3):
    before = len(sluisd.messages())

    async def all_of_them():
        return sum(await asyncio.gather(*(one_client(sluisd, number, messages) for number in range(connections))))
    begun = time.time()
    wrong = play(all_of_them(), 120)
    took = time.time() - begun
    print(f"# {connections} connections, {connections * messages} messages in {took:.1f} s")
    tap.point(wrong == 0, f"{connections} connections at once with {messages} messages each: all right", wrong)
    aborted = sum((n + t) % 7 == 3 for n in range(connections) for t in range(messages))
    lines = sluisd.wait_messages(before + connections * messages + aborted)[before:]
    tap.point(len(lines) == connections * messages + aborted and sum(l["action"] == "abort" for l in lines) == aborted,
              "a line of the audit log for each", len(lines))
    tap.point(len({l["queue_id"] for l in lines if l["action"] != "abort"}) == connections * messages, "each with its own queue id")


def test_silent(sluisd):
    """Peers that connect and say nothing, half a packet, or nothing after a command, while others go on."""
    async def among_silent():
        idle = []
        for number in range(60):
            milter = await Milter(sluisd.socket).open()
            if number % 4 == 1:
                await milter.packet(b"\0\0")
            elif number % 4 == 2:
                await milter.negotiate()
                await milter.packet(struct.pack(">I", 500) + b"L" + b"half a fie")
            elif number % 4 == 3:
                await milter.negotiate()
                await milter.connect()
                await milter.helo()
                await envelope(milter)
            idle.append(milter)
        begun = time.time()
        good = all(await asyncio.gather(*(whole(sluisd) for _ in range(20))))
        took = time.time() - begun
        for milter in idle:
            milter.close()
        return good and took < 10, took
    good, took = play(among_silent())
    tap.point(good, "60 silent peers do not keep others from their mail", f"{took:.1f} s")


def malformed():
    """(what, octets behind a good HELO)."""
    def packet(command, data=b""):
        return struct.pack(">I", len(data) + 1) + command + data
    mail_rcpt = packet(b"M", b"<a@b.example>\0") + packet(b"R", b"<c@d.example>\0")
    yield "a length of nothing", b"\0\0\0\0"
    yield "a length beyond reason", b"\xff\xff\xff\xffL"
    yield "a length of 2 GB", b"\x7f\xff\xff\xff" + b"B" * 1000
    yield "an unknown command", packet(b"?", b"what") + packet(b"z")
    yield "MAIL without an argument", packet(b"M") + packet(b"M", b"\0")
    yield "MAIL without a final zero", packet(b"M", b"<a@b.example>")
    yield "RCPT before MAIL", packet(b"R", b"<a@b.example>\0")
    yield "RCPT without an argument", packet(b"M", b"<a@b.example>\0") + packet(b"R") + packet(b"R", b"\0")
    yield "a message that had not begun", packet(b"L", b"From\0 x@y.example\0") + packet(b"N") + packet(b"B", b"x") + packet(b"E")
    yield "a field without a value", mail_rcpt + packet(b"L", b"From\0")
    yield "a field without a name", mail_rcpt + packet(b"L", b"\0\0") + packet(b"N") + packet(b"E")
    yield "a field without a zero", mail_rcpt + packet(b"L", b"Subject") + packet(b"L")
    yield "a field of control characters", mail_rcpt + packet(b"L", bytes(range(1, 32)) + b"\0" + bytes(range(127, 256)) + b"\0") + \
        packet(b"N") + packet(b"E")
    yield "macros that are cut off", packet(b"D") + packet(b"D", b"M") + packet(b"D", b"Mi\0") + packet(b"D", b"Mi") + mail_rcpt
    yield "HELO without a name", packet(b"H") + packet(b"H", b"\0") + mail_rcpt + packet(b"E")
    yield "CONNECT again, cut off", packet(b"C") + packet(b"C", b"x") + packet(b"C", b"x\0" + b"4")
    yield "CONNECT from no family", packet(b"C", b"x\0Znothing\0") + mail_rcpt + packet(b"E")
    yield "CONNECT from no address", packet(b"C", b"x\0" + b"4" + b"\0\x19" + b"999.1.2.3\0") + mail_rcpt + packet(b"E")
    yield "CONNECT from an unknown place", packet(b"C", b"x\0U") + mail_rcpt + packet(b"E")
    yield "an end behind an end", mail_rcpt + packet(b"N") + packet(b"E") + packet(b"E") + packet(b"E", b"more")
    yield "aborts without end", mail_rcpt + packet(b"A") * 500 + packet(b"E")
    yield "a second negotiation", packet(b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF)) + mail_rcpt
    yield "a negotiation that is cut off", packet(b"O", b"\0\0\0\6") + mail_rcpt
    yield "an address of 60,000 octets", packet(b"M", b"<" + b"a" * 30000 + b"@" + b"b." * 15000 + b">\0") + mail_rcpt
    yield "a HELO name of 60,000 octets", packet(b"H", b"h." * 30000 + b"\0") + mail_rcpt + packet(b"N") + packet(b"E")
    yield "an address of line ends", packet(b"M", b"<a\r\nb@c\n.example>\0") + packet(b"R", b"<%s%n@\r\n>\0") + packet(b"E")
    yield "a quit in mid-message", mail_rcpt + packet(b"N") + packet(b"Q")
    random.seed(20261124)
    for number in range(40):
        commands = b"".join(packet(random.choice(b"OCHMRTLNBEADUK?".decode()).encode(), random.randbytes(random.randrange(80)))
                            for _ in range(30))
        yield f"random packets {number}", commands


async def hurl(sluisd, octets, begun):
    """Send it and see what comes until it is quiet."""
    milter = await greeted(sluisd) if begun else await Milter(sluisd.socket).open()
    try:
        await milter.packet(octets)
        while True:
            if not await asyncio.wait_for(milter.reader.read(65536), 0.1):
                break
    except (Gone, ConnectionError, TimeoutError, asyncio.TimeoutError):
        pass
    milter.close()


def test_malformed(sluisd):
    async def one_after_another():
        bad = []
        for what, octets in malformed():
            for begun in (True, False):
                await hurl(sluisd, octets, begun)
            try:
                good = await whole(sluisd)
            except (Gone, OSError):
                good = False
            if not good:
                bad.append(what)
                if not sluisd.alive():
                    bad.append(f"it ended with {sluisd.process.process.returncode}")
                    return bad
        for number in range(100):
            await hurl(sluisd, random.randbytes(random.randrange(1, 300)), number % 2)
        return bad
    bad = play(one_after_another(), 120)
    tap.point(not bad, "malformed packets: it goes on serving", *bad, inside.read(sluisd.log)[-3000:])
    if sluisd.alive():
        tap.point(play(whole(sluisd)), "and after a hundred handfuls of noise")


def test_lost(sluisd):
    """Connections that are lost at every step leave one line where a transaction had begun, else none."""
    async def lose(after):
        milter = await Milter(sluisd.socket).open()
        steps = [milter.negotiate, milter.connect, milter.helo, milter.mail, milter.rcpt, lambda: milter.step("data", b"T", b""),
                 lambda: milter.fields(b"From: bob@sender.example"), lambda: milter.body(b"half a")]
        for step in steps[:after]:
            await step()
        if after == len(steps):
            await milter.send(b"E")                      # lost before the answer is read
        milter.close()
    before = len(sluisd.messages())
    for after in range(0, 9):
        play(lose(after))
    lines = sluisd.wait_messages(before + 5)[before:]
    time.sleep(0.3)
    lines = sluisd.messages()[before:]
    tap.point([line["action"] for line in lines[:4]] == ["abort"] * 4 and len(lines) == 5, "a connection lost at each step",
              [line["action"] for line in lines])


def test_left_behind(sluisd):
    """After all that, nothing is left open."""
    inside.wait_until(lambda: sluisd.descriptors() < 40, 10)
    tap.point(sluisd.descriptors() < 40, "no descriptors are left behind", sluisd.descriptors())
    tap.point(sluisd.stop() == 0, "it ends in good order", inside.read(sluisd.log)[-3000:])
    problems = sluisd.problems()
    tap.point(not problems, f"the audit log of {len(sluisd.lines())} lines is whole", *problems[:10])


def main():
    with laboratory() as dns, Sluisd(dns.anchor) as sluisd:
        for test in (test_negotiation, test_message, test_old_mta, test_bodies, test_many_fields, test_lost, test_silent, test_malformed,
                     test_many_connections, test_left_behind):
            tap.run(test, sluisd)
    tap.end()


if __name__ == "__main__":
    main()

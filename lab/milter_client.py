# SPDX-License-Identifier: BSD-2-Clause
"""The MTA's side of the milter protocol, for tests of a milter without an MTA (asyncio).

    async with Milter("/run/sluis.sock") as m:
        await m.negotiate()                                # m.steps, m.actions, m.symbols: what the milter wants
        await m.connect("mail.sender.example", "203.0.113.5", macros={"j": "mx1.receiver.example"})
        await m.helo("mail.sender.example"); await m.mail("<bob@sender.example>"); await m.rcpt("<alice@receiver.example>")
        outcome = await m.data(b"From: bob@sender.example\\r\\n\\r\\nHello.\\r\\n", queue_id="4X")
        outcome.verdict, outcome.reply, outcome.edits      # "continue", None, [("insert", 0, "Authentication-Results", " ...")]

`packet` sends any octets, also what no MTA would send.
"""

import asyncio
import re
import socket
import struct

# What an MTA may offer. Postfix 3.7 and Sendmail 8.17 offer all of it.
ADD, CHANGE_BODY, ADD_RCPT, DELETE_RCPT, CHANGE, QUARANTINE, CHANGE_FROM, ADD_RCPT_ARGS, SYMBOLS = (1 << n for n in range(9))
ALL_ACTIONS = 0x1FF
NR = {"header": 0x80, "connect": 0x1000, "helo": 0x2000, "mail": 0x4000, "rcpt": 0x8000, "data": 0x10000, "eoh": 0x40000,
      "body": 0x80000}
NO = {"connect": 0x1, "helo": 0x2, "mail": 0x4, "rcpt": 0x8, "body": 0x10, "header": 0x20, "eoh": 0x40, "data": 0x200}
SKIP, LEADING_SPACE = 0x400, 0x100000
ALL_STEPS = 0x1FFFFF
OLD_STEPS, OLD_ACTIONS = 0x7F, 0x3F               # protocol version 2, of before 2007

VERDICTS = {b"c": "continue", b"a": "accept", b"r": "reject", b"t": "tempfail", b"y": "reply", b"d": "discard", b"s": "skip"}


class Outcome:
    """What the milter said in the end, and what it wants changed before."""

    def __init__(self):
        self.verdict, self.reply, self.edits = None, None, []

    def __repr__(self):
        return f"{self.verdict} {self.reply or ''} {self.edits}"


class Gone(Exception):
    """The milter closed the connection."""


class Milter:
    def __init__(self, path, timeout=30):
        self.path, self.timeout = path, timeout
        self.steps = self.actions = 0
        self.symbols = {}

    async def open(self):
        self.reader, self.writer = await asyncio.wait_for(asyncio.open_unix_connection(self.path), self.timeout)
        return self

    async def __aenter__(self):
        return await self.open()

    async def __aexit__(self, *_):
        self.close()

    def close(self):
        """Without a word."""
        self.writer.close()

    async def packet(self, octets):
        """As they are, without a length."""
        self.writer.write(octets)
        try:
            await self.writer.drain()
        except ConnectionError:
            raise Gone from None

    async def send(self, command, data=b""):
        await self.packet(struct.pack(">I", len(data) + 1) + command + data)

    async def receive(self):
        """(code, data) of the next answer."""
        try:
            length, = struct.unpack(">I", await asyncio.wait_for(self.reader.readexactly(4), self.timeout))
            answer = await asyncio.wait_for(self.reader.readexactly(length), self.timeout)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Gone from None
        return answer[:1], answer[1:]

    async def negotiate(self, actions=ALL_ACTIONS, steps=ALL_STEPS, version=6):
        await self.send(b"O", struct.pack(">III", version, actions, steps))
        code, data = await self.receive()
        if code != b"O":
            raise Gone
        self.version, self.actions, self.steps = struct.unpack_from(">III", data)
        rest = data[12:]
        while len(rest) > 4:                              # the macros that it asks for, by stage
            names, _, after = rest[4:].partition(b"\0")
            self.symbols[struct.unpack_from(">I", rest)[0]] = names.decode()
            rest = after
        return self

    async def macros(self, command, values):
        await self.send(b"D", command + b"".join(f"{n if len(n) == 1 else '{' + n + '}'}\0{v}\0".encode() for n, v in values.items()))

    async def step(self, name, command, data, macros=None):
        """One step; its verdict, where it has an answer."""
        if macros:
            await self.macros(command, macros)
        if self.steps & NO.get(name, 0):
            return "continue"
        await self.send(command, data)
        if self.steps & NR.get(name, 0):
            return "continue"
        return (await self.answer()).verdict

    async def answer(self):
        """Edits up to a verdict."""
        outcome = Outcome()
        while True:
            code, data = await self.receive()
            if code in VERDICTS:
                outcome.verdict = VERDICTS[code]
                self.reply = outcome.reply = data.rstrip(b"\0").decode() if code == b"y" else None
                return outcome
            if code == b"i" or code == b"m":
                name, value = data[4:].split(b"\0")[:2]
                outcome.edits.append(("insert" if code == b"i" else "change", struct.unpack_from(">I", data)[0], name.decode(),
                                      value.decode()))
            elif code == b"h":
                outcome.edits.append(("add", *(part.decode() for part in data.split(b"\0")[:2])))
            elif code == b"q":
                outcome.edits.append(("quarantine", data.rstrip(b"\0").decode()))
            elif code != b"p":
                raise Gone(f"unknown answer {code}")

    async def connect(self, name="mail.sender.example", address="203.0.113.5", port=4711, macros=None):
        family = b"6" if ":" in address else b"4"
        data = name.encode() + b"\0" + family + struct.pack(">H", port) + address.encode() + b"\0"
        return await self.step("connect", b"C", data, {"j": "mx1.receiver.example"} if macros is None else macros)

    async def helo(self, name="mail.sender.example", macros=None):
        return await self.step("helo", b"H", name.encode() + b"\0", macros)

    async def mail(self, sender="<bob@sender.example>", *parameters, macros=None):
        return await self.step("mail", b"M", b"".join(a.encode() + b"\0" for a in (sender, *parameters)), macros)

    async def rcpt(self, recipient="<alice@receiver.example>", *parameters, macros=None):
        return await self.step("rcpt", b"R", b"".join(a.encode() + b"\0" for a in (recipient, *parameters)), macros)

    async def header(self, name, value):
        """The value as it stands behind the colon; without LEADING_SPACE one space is taken off, as MTAs do."""
        if not self.steps & LEADING_SPACE and value.startswith(b" "):
            value = value[1:]
        return await self.step("header", b"L", name + b"\0" + value.replace(b"\r\n", b"\n") + b"\0")

    async def body(self, octets, chunk=65535):
        for at in range(0, len(octets), chunk):
            verdict = await self.step("body", b"B", octets[at:at + chunk])
            if verdict != "continue":
                return verdict
        return "continue"

    async def fields(self, head):
        for field in re.split(rb"\r\n(?![ \t])", head):
            name, _, value = field.partition(b":")
            await self.header(name, value)
        return await self.step("eoh", b"N", b"")

    async def end(self, queue_id=None):
        if queue_id:
            await self.macros(b"E", {"i": queue_id})
        await self.send(b"E")
        return await self.answer()

    async def data(self, message, queue_id="4TEST", chunk=65535):
        """A whole message, as wire octets; its outcome."""
        head, _, body = message.partition(b"\r\n\r\n")
        await self.step("data", b"T", b"")
        await self.fields(head)
        await self.body(body, chunk)
        return await self.end(queue_id)

    async def abort(self):
        await self.send(b"A")

    async def quit(self):
        await self.send(b"Q")
        self.close()


def listens(path):
    """Does a milter answer there? A connection alone is a session for it, so it gets a QUIT."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(1)
        if s.connect_ex(path):
            return False
        s.sendall(struct.pack(">I", 1) + b"Q")
        return True

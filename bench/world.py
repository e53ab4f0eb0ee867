# SPDX-License-Identifier: BSD-2-Clause
"""What is sent and asked: the senders' and destinations' zones, and the mix of messages.

Of ten messages seven are aligned by SPF and DKIM, one is broken (body changed, wrong client), one is unsigned, one has two
signatures. Every sender has a zone of its own, signed, with an SPF record that includes another one, a key and a DMARC record.
"""

import os
import random

import inside
import mail

CLASSES = ["aligned"] * 7 + ["broken", "unsigned", "double"]
PROVIDERS = 5                                   # who send for others: SPF includes them, and they sign as well
SENDERS = 200
DESTINATIONS = 150
KEY = "rsa2048"
SIZES = {"5k": 5_000, "100k": 100_000, "1m": 1_000_000}
WORDS = "the quick brown fox jumps over a lazy dog while seven wise owls watch from old oak trees beside still water".split()


def client(number):
    return f"203.0.{100 + number // 250}.{number % 250 + 1}"


def sender_zones(count):
    """Zone text of the senders s0.example ... and their providers."""
    lines = []
    for p in range(PROVIDERS):
        zone = f"esp{p}.example"
        lines += [f"zone {zone} signed", f"spf.{zone}. TXT v=spf1 ip4:203.0.{100 + 4 * p}.0/24 ip4:203.0.{101 + 4 * p}.0/24 ~all",
                  f"k1._domainkey.{zone}. TXT dkim:{KEY}", f"_dmarc.{zone}. TXT v=DMARC1; p=none"]
    for n in range(count):
        zone = f"s{n}.example"
        lines += [f"zone {zone} signed", f"{zone}. MX 10 mail.{zone}.", f"mail.{zone}. A {client(n)}",
                  f"mail.{zone}. TXT v=spf1 a -all",
                  f"{zone}. TXT v=spf1 include:_spf.{zone} include:spf.esp{n % PROVIDERS}.example -all",
                  f"_spf.{zone}. TXT v=spf1 ip4:{client(n)} ?all", f"k1._domainkey.{zone}. TXT dkim:{KEY}",
                  f"_dmarc.{zone}. TXT v=DMARC1; p=quarantine; rua=mailto:dmarc@{zone}", f"ptr {client(n)} mail.{zone}"]
    lines += ["zone receiver.example signed", "mx1.receiver.example. A 10.25.0.1", "receiver.example. MX 10 mx1.receiver.example.",
              "receiver.example. TXT v=spf1 mx -all", "server 10.25.0.1 dead"]
    return "\n".join(lines)


def destination_zones(count):
    """Zone text of destinations with DANE, d0.example ..., and half as many without."""
    lines = []
    for n in range(count):
        zone = f"d{n}.example"
        signed = n % 3 != 2
        lines += [f"zone {zone} {'signed' if signed else 'unsigned'}",
                  f"{zone}. MX 10 mx1.{zone}.", f"mx1.{zone}. A 10.26.{n // 250}.{n % 250 + 1}",
                  f"{zone}. MX 20 mx2.{zone}.", f"mx2.{zone}. A 10.27.{n // 250}.{n % 250 + 1}"]
        if signed:
            lines += [f"_25._tcp.mx{host}.{zone}. TLSA 3 1 1 " + "5a" * 32 for host in (1, 2)]
    return "\n".join(lines)


def wildcard_zones():
    """As many destinations with DANE as one likes, dN.many.example, on one mail host."""
    return "\n".join(["zone many.example signed", "*.many.example. MX 10 mx.many.example.", "mx.many.example. A 10.28.0.1",
                      "_25._tcp.mx.many.example. TLSA 3 1 1 " + "5a" * 32])


def body(length, seed):
    rng = random.Random(seed)
    lines, size = [], 0
    while size < length:
        line = " ".join(rng.choice(WORDS) for _ in range(12))
        lines.append(line)
        size += len(line) + 2
    return "\n".join(lines) + "\n"


def message(number, kind, length):
    zone = f"s{number}.example"
    text = (f"Received: from mail.{zone} (mail.{zone} [{client(number)}])\n\tby mx1.receiver.example (Postfix) with ESMTPS id 4F\n"
            f"\tfor <user@receiver.example>; Mon, 01 Jan 2024 00:00:00 +0000 (UTC)\n"
            f"From: Sender {number} <news@{zone}>\nTo: User <user@receiver.example>\nSubject: A message about {WORDS[number % 20]}\n"
            f"Date: Mon, 01 Jan 2024 00:00:00 +0000\nMessage-ID: <{number}.{kind}@{zone}>\nMIME-Version: 1.0\n"
            f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nUser-Agent: bench\n"
            f"List-Unsubscribe: <https://{zone}/unsubscribe/{number}>\n\n")
    data = mail.wire(text + body(length - len(text) - 700, number))
    headers = ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"]
    if kind == "double":
        data = mail.sign(data, f"esp{number % PROVIDERS}.example", "k1", KEY, headers=headers)
    if kind != "unsigned":
        tamper = {"tamper": "body"} if kind == "broken" else {}
        data = mail.sign(data, zone, "k1", KEY, headers=headers, **tamper)
    return data


def corpus(folder, senders, size, kinds=CLASSES):
    """The folder that bench/load reads: one message of every sender."""
    os.makedirs(folder, exist_ok=True)
    lines = []
    for n in range(senders):
        kind = kinds[n % len(kinds)]
        name = f"{n}.eml"
        with open(f"{folder}/{name}", "wb") as out:
            out.write(message(n, kind, SIZES.get(size) or int(size)))
        source = client(n) if kind != "broken" else "198.51.100.99"
        lines.append(f"{name} {source} mail.s{n}.example mail.s{n}.example news@s{n}.example user@receiver.example")
    inside.write(folder + "/mix", "\n".join(lines) + "\n")
    return folder


def shaped_corpus(folder, body, signatures, recipients, fields, senders=20):
    """Messages that differ in one thing from the ordinary one: aligned, so many octets, signatures, recipients, further fields."""
    os.makedirs(folder, exist_ok=True)
    lines = []
    for n in range(senders):
        data = message(n, "aligned", body)
        for extra in range(signatures - 1):
            data = mail.sign(data, f"esp{(n + extra) % PROVIDERS}.example", "k1", KEY, headers=["from", "to", "subject", "date"])
        data = b"".join(b"X-Field-%d: some value of a field that nobody signed\r\n" % i for i in range(fields)) + data
        with open(f"{folder}/{n}.eml", "wb") as out:
            out.write(data)
        to = " ".join(f"user{r}@receiver.example" for r in range(recipients))
        lines.append(f"{n}.eml {client(n)} mail.s{n}.example mail.s{n}.example news@s{n}.example {to}")
    inside.write(folder + "/mix", "\n".join(lines) + "\n")
    return folder


def destinations(path, count):
    return inside.write(path, "\n".join(f"d{n}.example" for n in range(count)) + "\n")

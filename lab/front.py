#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The lab's DNS front server: between the resolvers and NSD. Counts queries, delays, and makes what NSD cannot: silence,
SERVFAIL, records that fail validation.

    front.py CONFIG.json        (see Dns in nameserver.py, which writes the configuration and starts this)

One UDP and one TCP socket per address on port 53. NSD's answers are kept, so a repeated question costs no round trip.
SIGHUP reads delay and faults again. Query log, one line each: SECONDS FROM TO NAME TYPE.
"""

import heapq
import json
import select
import signal
import socket
import struct
import sys
import threading
import time

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR", 43: "DS",
         48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 255: "ANY"}
RCODES = {"servfail": 2, "nxdomain": 3, "refused": 5}


def question(query):
    """(name, type, end of the question) of a query; None where it is none."""
    try:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
            at += query[at] + 1
            if at > 270:
                return None
        number, = struct.unpack_from(">H", query, at + 1)
        return ".".join(labels), TYPES.get(number, f"TYPE{number}"), at + 5
    except (IndexError, struct.error):
        return None


def refusal(query, rcode, end):
    """An empty answer with this code, with EDNS where the query had it."""
    flags = struct.unpack_from(">H", query, 2)[0]
    opt = b""
    if struct.unpack_from(">H", query, 10)[0] and query[end:end + 3] == b"\0\0\x29":
        opt = b"\0\0\x29" + query[end + 3:end + 5] + b"\0\0" + query[end + 7:end + 9] + b"\0\0"
    return query[:2] + struct.pack(">HHHHH", 0x8400 | flags & 0x7900 | rcode, 1, 0, 0, bool(opt)) + query[12:end] + opt


def tampered(answer, end):
    """The answer with its signatures spoilt: those of the answer section, or of the proof where that is empty."""
    data = bytearray(answer)
    counts = struct.unpack_from(">HHH", data, 6)
    at = end
    for section, count in enumerate(counts[:2]):
        for _ in range(count):
            while data[at] and data[at] < 0xC0:
                at += data[at] + 1
            at += 2 if data[at] >= 0xC0 else 1
            kind, _, _, length = struct.unpack_from(">HHIH", data, at)
            at += 10 + length
            if kind == 46 and (section == 0 or not counts[0]):
                data[at - 1] ^= 0x55
    return bytes(data)


def truncated(answer, end):
    """No records, and the word that there were some."""
    flags, = struct.unpack_from(">H", answer, 2)
    return answer[:2] + struct.pack(">HHHHH", flags | 0x0200, 1, 0, 0, 0) + answer[12:end]


def garbled(answer, end):
    """An answer that promises three records and holds noise."""
    return answer[:4] + struct.pack(">HHHH", 1, 3, 0, 0) + answer[12:end] + bytes(range(7, 250, 3)) * 5


def of_another(answer):
    """The answer to a question that nobody asked."""
    return answer[:13] + bytes([answer[13] ^ 1]) + answer[14:]


class Front:
    def __init__(self, path):
        self.path = path
        self.load()
        self.log = open(self.config["log"], "a", buffering=1 << 16)
        self.epoll = select.epoll()
        self.handlers = {}
        self.cache = {}                                  # (depth, query without its id): (answer without id, log text, delay)
        self.pending = {}                                # (depth, id towards NSD): what is waited for
        self.backends = {}
        self.ids = 0
        self.later = []                                  # (when, serial, socket, answer, to)
        self.serial = 0
        self.reload = False

    def load(self):
        with open(self.path) as f:
            self.config = json.load(f)
        self.delay = self.config["delay"] / 1000
        self.faults = {(name, kind): what for name, kind, what in self.config["faults"]}
        self.broken = {name: (depth, kind) for name, (depth, kind) in self.config["zones"].items()
                       if kind in ("servfail", "silent")}

    def fault(self, name, kind, depth):
        """What is to go wrong with this question: None for nothing."""
        what = self.faults.get((name, kind)) or self.faults.get((name, "*"))
        if what or not self.broken:
            return what
        zone = name
        while zone:
            hit = self.broken.get(zone)
            if hit and hit[0] == depth:
                return {"silent": "timeout", "servfail": "servfail"}[hit[1]]
            zone = zone.partition(".")[2]
        return None

    def listen(self):
        for address, depth in self.config["addresses"].items():
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            udp.bind((address, 53))
            udp.setblocking(False)
            self.watch(udp, lambda udp=udp, depth=depth, address=address: self.from_client(udp, depth, address))
            tcp = socket.create_server((address, 53), backlog=128)
            threading.Thread(target=self.accept, args=(tcp, depth, address), daemon=True).start()
        for depth, port in self.config["backends"].items():
            backend = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            backend.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            backend.connect(("127.0.0.1", port))
            backend.setblocking(False)
            self.backends[int(depth)] = backend
            self.watch(backend, lambda backend=backend, depth=int(depth): self.from_backend(backend, depth))

    def watch(self, sock, handler):
        self.handlers[sock.fileno()] = handler
        self.epoll.register(sock.fileno(), select.EPOLLIN)

    def serve(self):
        while True:
            timeout = -1
            if self.later:
                timeout = max(0, self.later[0][0] - time.monotonic())
            events = self.epoll.poll(0)
            if not events:
                self.log.flush()
                events = self.epoll.poll(timeout)
            if self.reload:
                self.reload = False
                self.load()
                self.cache.clear()
            for number, _ in events:
                self.handlers[number]()
            now = time.monotonic()
            while self.later and self.later[0][0] <= now:
                _, _, sock, answer, to = heapq.heappop(self.later)
                self.send(sock, answer, to, 0)

    def send(self, sock, answer, to, delay):
        if delay:
            self.serial += 1
            heapq.heappush(self.later, (time.monotonic() + delay, self.serial, sock, answer, to))
            return
        try:
            sock.sendto(answer, to)
        except OSError:
            pass

    def from_client(self, udp, depth, address):
        for _ in range(64):
            try:
                query, client = udp.recvfrom(4096)
            except BlockingIOError:
                return
            known = self.cache.get((depth, query[2:]))
            if known:
                answer, text, delay = known
                self.log.write(f"{time.time():.3f} {client[0]} {address} {text}\n")
                if answer is not None:
                    self.send(udp, query[:2] + answer, client, delay)
                continue
            asked = question(query)
            if not asked:
                continue
            name, kind, end = asked
            text = f"{name or '.'} {kind}"
            self.log.write(f"{time.time():.3f} {client[0]} {address} {text}\n")
            what = self.fault(name, kind, depth)
            if what == "timeout":
                self.cache[depth, query[2:]] = (None, text, 0)
            elif what in RCODES:
                answer = refusal(query, RCODES[what], end)
                self.cache[depth, query[2:]] = (answer[2:], text, self.delay)
                self.send(udp, answer, client, self.delay)
            else:
                self.ids = self.ids + 1 & 0xFFFF
                self.pending[depth, self.ids] = (udp, client, query, end, text, what)
                self.backends[depth].send(struct.pack(">H", self.ids) + query[2:])

    def from_backend(self, backend, depth):
        while True:
            try:
                answer = backend.recv(65535)
            except (BlockingIOError, ConnectionRefusedError):
                return
            waiting = self.pending.pop((depth, struct.unpack_from(">H", answer)[0]), None)
            if not waiting:
                continue
            udp, client, query, end, text, what = waiting
            answer, delay = self.treat(answer, end, what)
            if len(self.cache) > 500000:
                self.cache.clear()
            self.cache[depth, query[2:]] = (answer[2:], text, delay)
            self.send(udp, query[:2] + answer[2:], client, delay)

    def treat(self, answer, end, what, tcp=False):
        """NSD's answer as the fault wants it, and how long it is to wait."""
        if what == "bogus":
            answer = tampered(answer, end)
        elif what in ("truncated", "cut") and not tcp:
            answer = truncated(answer, end)
        elif what == "garbage":
            answer = garbled(answer, end)
        elif what == "other" and answer[12]:
            answer = of_another(answer)
        delay = int(what[6:]) / 1000 if what and what.startswith("delay:") else self.delay
        return answer, delay

    # TCP: rare, so a thread for each connection

    def accept(self, server, depth, address):
        while True:
            connection, client = server.accept()
            threading.Thread(target=self.tcp, args=(connection, client, depth, address), daemon=True).start()

    def tcp(self, connection, client, depth, address):
        try:
            with connection, socket.create_connection(("127.0.0.1", self.config["backends"][str(depth)]), 5) as backend:
                connection.settimeout(30)
                while True:
                    query = message(connection)
                    asked = query and question(query)
                    if not asked:
                        return
                    name, kind, end = asked
                    self.log.write(f"{time.time():.3f} {client[0]} {address} {name or '.'} {kind}\n")
                    self.log.flush()
                    what = self.fault(name, kind, depth)
                    if what == "timeout":
                        time.sleep(30)
                        return
                    if what in RCODES:
                        answer, delay = refusal(query, RCODES[what], end), self.delay
                    else:
                        backend.sendall(struct.pack(">H", len(query)) + query)
                        answer, delay = self.treat(message(backend), end, what, tcp=True)
                    time.sleep(delay)
                    wire = struct.pack(">H", len(answer)) + answer
                    if what == "cut":
                        connection.sendall(wire[:len(wire) // 2])
                        return
                    connection.sendall(wire)
        except OSError:
            pass


def message(connection):
    """One message of a TCP stream; empty at its end."""
    data = b""
    while len(data) < 2 or len(data) < 2 + struct.unpack_from(">H", data)[0]:
        more = connection.recv((2 if len(data) < 2 else 2 + struct.unpack_from(">H", data)[0]) - len(data))
        if not more:
            return b""
        data += more
    return data[2:]


def main():
    front = Front(sys.argv[1])

    def on_hangup(*_):
        front.reload = True
    signal.signal(signal.SIGHUP, on_hangup)
    front.listen()
    with open(front.config["ready"], "w"):
        pass
    front.serve()


if __name__ == "__main__":
    main()

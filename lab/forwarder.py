# SPDX-License-Identifier: BSD-2-Clause
"""A resolver between a daemon and the lab's unbound, for what only a resolver can do: it hands questions on, and may lie, be slow,
die and come back.

    with Unbound(anchor, options=("val-permissive-mode: yes",)): forwarder = Forwarder("10.53.99.1").start()
    forwarder.lies["liar.example", "TXT"] = "v=spf1 +all"; forwarder.delay = 0.5; forwarder.stop()
"""

import socket
import struct
import threading
import time

from front import message, question
from inside import connects, wait_until


class Forwarder:
    def __init__(self, address, upstream="127.0.0.53"):
        self.address, self.upstream = address, upstream
        self.lies = {}                                   # (name, type): text of the TXT record that it makes up
        self.delay = 0                                   # seconds before each answer

    def start(self):
        self.up = True
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.address, 53))
        self.tcp = socket.create_server((self.address, 53))
        self.threads = [threading.Thread(target=serve, daemon=True) for serve in (self._serve, self._accept)]
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        """From now on nothing listens there, and whoever asks is told so at once."""
        self.up = False
        self.tcp.shutdown(socket.SHUT_RDWR)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:      # wakes the reader
            s.sendto(b"", (self.address, 53))
        for thread in self.threads:
            thread.join()
        self.udp.close()
        self.tcp.close()
        wait_until(lambda: not connects(self.address, 53), 5, "the forwarder ends")

    def _serve(self):
        while self.up:
            query, client = self.udp.recvfrom(4096)
            asked = question(query)
            if asked:
                threading.Thread(target=self._answer, args=(query, asked, client), daemon=True).start()

    def _answer(self, query, asked, client):
        try:
            answer = self._of(query, asked, lambda: self._ask(query))
            if self.up:
                self.udp.sendto(answer, client)
        except OSError:
            pass

    def _of(self, query, asked, ask):
        time.sleep(self.delay)
        name, kind, end = asked
        lie = self.lies.get((name, kind))
        return _made_up(query, end, lie) if lie else ask()

    def _ask(self, query):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(10)
            s.connect((self.upstream, 53))
            s.send(query)
            return s.recv(65535)

    def _accept(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(connection,), daemon=True).start()

    def _relay(self, connection):
        try:
            with connection, socket.create_connection((self.upstream, 53), 5) as upstream:
                connection.settimeout(10)
                while query := message(connection):
                    asked = question(query)
                    if not asked or not self.up:
                        return

                    def ask():
                        upstream.sendall(struct.pack(">H", len(query)) + query)
                        return message(upstream)
                    answer = self._of(query, asked, ask)
                    connection.sendall(struct.pack(">H", len(answer)) + answer)
        except OSError:
            pass


def _made_up(query, end, text):
    """An unsigned record, and the bit that says it was validated."""
    data = bytes([len(text)]) + text.encode()
    return query[:2] + struct.pack(">HHHHH", 0x81A0, 1, 1, 0, 0) + query[12:end] + b"\xc0\x0c" + \
        struct.pack(">HHIH", 16, 1, 300, len(data)) + data

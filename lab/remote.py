# SPDX-License-Identifier: BSD-2-Clause
"""The remote mail servers: one small SMTP server for each address, which keeps what it receives.

An address is `tls` (STARTTLS with the lab's remote certificate), `plain` (no STARTTLS) or `dead` (nothing listens).
"""

import ipaddress
import re
import socket
import ssl
import threading

from inside import wait_until


class Received:
    """One message that came in: where, from whom, over which TLS (None without)."""

    def __init__(self, address, helo, tls, sender, recipients, data):
        self.address, self.helo, self.tls = address, helo, tls
        self.sender, self.recipients, self.data = sender, recipients, data


class RemoteMX:
    """`servers` is {address: "tls" | "plain" | "dead"}, `leaf` the (certificate, key) files. Messages come to `messages`."""

    def __init__(self, servers, leaf=None, port=25):
        self.servers, self.port = servers, port
        self.messages = []
        self.sockets = []
        if leaf:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*leaf)

    def start(self):
        for address, what in self.servers.items():
            if what == "dead":
                continue
            family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
            server = socket.create_server((address, self.port), family=family, backlog=50)
            self.sockets.append(server)
            threading.Thread(target=self._accept, args=(server, address, what), daemon=True).start()
        return self

    def stop(self):
        for server in self.sockets:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        self.sockets = []

    def _accept(self, server, address, what):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(connection, address, what), daemon=True).start()

    def _session(self, connection, address, what):
        try:
            connection.settimeout(60)
            self._talk(connection, address, what)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def _talk(self, connection, address, what):
        stream = connection.makefile("rb")
        tls, helo, sender, recipients = None, "", None, []

        def say(text):
            connection.sendall(text.encode() + b"\r\n")
        say("220 remote.example ESMTP lab")
        while line := stream.readline(4096):
            line = line.decode("utf-8", "replace").strip()
            verb = line.partition(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                helo = line[5:]
                offer = ["remote.example", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
                offer += ["STARTTLS"] if what == "tls" and not tls else []
                for word in offer[:-1]:
                    say("250-" + word)
                say("250 " + offer[-1])
            elif verb == "STARTTLS" and what == "tls" and not tls:
                say("220 2.0.0 go ahead")
                connection = self.context.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rb")
                tls = (connection.version(), connection.cipher()[0])
            elif verb == "MAIL":
                sender, recipients = _path(line), []
                say("250 2.1.0 ok")
            elif verb == "RCPT":
                recipients.append(_path(line))
                say("250 2.1.5 ok")
            elif verb == "DATA":
                say("354 go on")
                data = _data(stream)
                self.messages.append(Received(address, helo, tls, sender, recipients, data))
                say("250 2.0.0 kept")
            elif verb in ("RSET", "NOOP"):
                say("250 2.0.0 ok")
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("502 5.5.1 not here")

    def received(self, identifier, seconds=10):
        """The message that has this queue id in a Received field; None where none came in time."""
        mark = re.compile(rb"\bid " + identifier.encode() + rb"\b")
        return wait_until(lambda: next((m for m in self.messages if mark.search(m.data.partition(b"\r\n\r\n")[0])), None), seconds)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def _path(line):
    found = re.search(r"<([^>]*)>", line)
    return found[1] if found else line


def _data(stream):
    lines = []
    while (line := stream.readline()) not in (b".\r\n", b""):
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)

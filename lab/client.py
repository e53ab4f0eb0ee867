# SPDX-License-Identifier: BSD-2-Clause
"""A small SMTP client that comes from any address and keeps every reply.

    with Client("10.25.0.1", source="203.0.113.5") as c:
        c.ehlo("mail.sender.example"); c.starttls(); c.mail("bob@sender.example"); c.rcpt("alice@receiver.example")
        reply = c.data(message)                 # reply.code, reply.status ("5.7.1"), reply.text
"""

import base64
import ipaddress
import re
import socket
import ssl


class Reply:
    """`code` is 0 where the connection ended instead."""

    def __init__(self, verb, lines):
        self.verb, self.lines = verb, lines
        first = lines[0] if lines else ""
        self.code = int(first[:3]) if first[:3].isdigit() else 0
        texts = [line[4:] for line in lines]
        found = re.match(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)", texts[0]) if texts else None
        self.status = found[1] if found else ""
        self.text = " ".join(re.sub(r"^[245]\.\d{1,3}\.\d{1,3}(?: |$)", "", t) for t in texts).strip()

    def __str__(self):
        return " ".join(filter(None, (str(self.code), self.status, self.text))) if self.code else "connection closed"


def angle(path):
    return path if path.startswith("<") else f"<{path}>"


class Client:
    def __init__(self, host, port=25, source=None, timeout=60):
        self.replies = []                                # all of them, in order
        self.tls = None
        version = ipaddress.ip_address(host).version
        self.socket = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET)
        self.socket.settimeout(timeout)
        if source and ipaddress.ip_address(source).version == version:
            self.socket.bind((source, 0))
        self.socket.connect((host, port))
        self.stream = self.socket.makefile("rb")
        self.greeting = self.reply("connect")

    def send(self, data):
        """Octets, or text lines, as they are; no reply is read."""
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))

    def reply(self, verb):
        lines = []
        try:
            while True:
                line = self.stream.readline().decode("utf-8", "replace").rstrip("\r\n")
                if not line:
                    break
                lines.append(line)
                if line[3:4] != "-":
                    break
        except OSError:
            lines = []
        self.replies.append(Reply(verb, lines))
        return self.replies[-1]

    def command(self, line, verb=None):
        try:
            self.send(line + "\r\n")
        except OSError:
            pass
        return self.reply(verb or line.partition(" ")[0].lower())

    def pipeline(self, lines):
        """All commands at once, then their replies."""
        self.send("".join(line + "\r\n" for line in lines))
        return [self.reply(line.partition(" ")[0].lower()) for line in lines]

    def ehlo(self, name):
        reply = self.command("EHLO " + name)
        self.offered = [line[4:] for line in reply.lines[1:]]
        return reply

    def helo(self, name):
        return self.command("HELO " + name)

    def xclient(self, **attributes):
        """Play another client (Postfix): addr=, name=, helo=, proto=; the greeting comes again."""
        return self.command("XCLIENT " + " ".join(f"{k.upper()}={v}" for k, v in attributes.items()))

    def starttls(self, version=None, ciphers=None):
        """Nothing about the server's certificate is checked. `version`: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3."""
        reply = self.command("STARTTLS")
        if reply.code != 220:
            return reply
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        old = version in ("TLSv1", "TLSv1.1")
        if version:
            wanted = {"TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1, "TLSv1.2": ssl.TLSVersion.TLSv1_2,
                      "TLSv1.3": ssl.TLSVersion.TLSv1_3}[version]
            context.minimum_version, context.maximum_version = wanted, wanted
        if ciphers or old:
            context.set_ciphers((ciphers or "ALL") + ":@SECLEVEL=0")
        self.socket = context.wrap_socket(self.socket)
        self.stream = self.socket.makefile("rb")
        self.tls = (self.socket.version(), self.socket.cipher()[0])
        return reply

    def auth(self, user, password):
        return self.command("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())

    def mail(self, sender, *parameters):
        return self.command(" ".join(("MAIL FROM:" + angle(sender), *parameters)))

    def rcpt(self, recipient, *parameters):
        return self.command(" ".join(("RCPT TO:" + angle(recipient), *parameters)))

    def data(self, message):
        """The reply to the final dot, or to DATA where that was refused; both under the verb data."""
        reply = self.command("DATA")
        if reply.code != 354:
            return reply
        self.replies.pop()
        dotted = re.sub(rb"(?m)^\.", b"..", message)
        try:
            self.send(dotted + b".\r\n")
        except OSError:
            pass
        return self.reply("data")

    def rset(self):
        return self.command("RSET")

    def quit(self):
        reply = self.command("QUIT")
        self.close()
        return reply

    def close(self):
        """Without a word."""
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

# SPDX-License-Identifier: BSD-2-Clause
"""Plays the session of a case against one MTA and keeps all that came of it."""

import re
import time

import mail
from client import Client, Reply
from mta import PASSWORD, USER, queue_id

CLIENT = {"inbound": "203.0.113.5", "submission": "198.51.100.7", "internal": "127.0.0.1", "sendmail-command": "127.0.0.1"}


class Message:
    """One message that was sent: as it went out, the reply to it, the MTA's queue id (None: refused)."""

    def __init__(self, data, message_id, reply):
        self.data, self.message_id, self.reply = data, message_id, reply
        self.queue_id = queue_id(str(reply))


class Session:
    def __init__(self, case, mta):
        self.case, self.mta = case, mta
        self.replies, self.messages = [], []
        self.client = None
        self.address = CLIENT[case.way]
        self.hello = "mail.sender.example"
        self.greeted = False
        self.log_start = len(mta.log_of().encode())
        self.sender, self.recipients = "", []

    def play(self):
        """Run all steps; an exception only for what is the lab's own failure."""
        verbs = {step.verb for step in self.case.session}
        self.automatic = self.case.way == "submission" and not verbs & {"starttls", "auth", "no-auth"}
        try:
            for step in self.case.session:
                getattr(self, "do_" + step.verb.replace("-", "_"))(step)
            if self.client:
                self._keep(self.client.command("QUIT", "quit"))
        finally:
            self._leave()
        return self

    def _keep(self, reply):
        self.replies.append(reply)
        return reply

    def _leave(self):
        if self.client:
            self.client.close()
            self.client = None

    def _open(self, greet=True):
        """The connection, opened and greeted where that was not done yet."""
        if not self.client:
            address = self.mta.address6 if ":" in self.address else self.mta.address
            port = 587 if self.case.way == "submission" else 25
            self.client = Client(address, port, source=self.address)
            self._keep(self.client.greeting)
            self.greeted = False
        if greet and not self.greeted:
            self._greet()
        return self.client

    def _greet(self):
        self.greeted = True
        self._keep(self.client.command("EHLO " + self.hello, "helo"))
        if self.automatic and not self.client.tls:
            self._keep(self.client.starttls())
            self.client.command("EHLO " + self.hello, "helo")
            self._keep(self.client.auth(USER, PASSWORD))

    def do_via(self, step):
        pass

    def do_client(self, step):
        self.address = step.text.split()[0]

    def do_xclient(self, step):
        self._keep(self._open().command("XCLIENT " + step.text))
        self.greeted = False

    def do_helo(self, step):
        self.hello = step.text
        if self.case.way != "sendmail-command":
            self._open(greet=False)
            self._greet()

    def do_old_helo(self, step):
        self.hello = step.text
        self._keep(self._open(greet=False).command("HELO " + step.text, "helo"))
        self.greeted = True

    def do_starttls(self, step):
        reply = self._keep(self._open().starttls(*step.text.split()))
        if reply.code == 220:
            self._keep(self.client.command("EHLO " + self.hello, "helo"))

    def do_auth(self, step):
        user, password = step.text.split() or (USER, PASSWORD)
        self._keep(self._open().auth(user, password))

    def do_no_auth(self, step):
        pass

    def do_mail(self, step):
        if self.case.way == "sendmail-command":
            self.sender, self.recipients = step.text.strip("<>"), []
        else:
            self._keep(self._open().command("MAIL FROM:" + step.text, "mail"))

    def do_rcpt(self, step):
        if self.case.way == "sendmail-command":
            self.recipients.append(step.text.strip("<>"))
        else:
            self._keep(self._open().command("RCPT TO:" + step.text, "rcpt"))

    def do_message(self, step):
        identifier = f"{self.case.name}.{self.mta.name}.{len(self.messages)}.{time.time_ns()}"
        data = mail.wire(step.message if step.raw else mail.complete(step.message, identifier))
        for domain, selector, key, options in reversed(step.signatures):
            data = mail.sign(data, domain, selector, key, **options)
        found = re.search(rb"(?mi)^Message-ID:\s*(<[^>]*>)", data)
        if self.case.way == "sendmail-command":
            reply = self._submit(data, found and found[1].decode())
        else:
            reply = self._open().data(data)
        self.messages.append(Message(data, found and found[1].decode("utf-8", "replace"), self._keep(reply)))

    def _submit(self, data, message_id):
        """Hand it to the sendmail command; the queue id is in the MTA's log."""
        try:
            self.mta.submit(self.sender, self.recipients, data)
        except RuntimeError as error:
            return Reply("data", ["554 " + str(error).replace("\n", " ")])
        entry = r"([0-9A-Za-z]{6,}): (?:from=.*msgid=|message-id=)" + re.escape(message_id or "<none>")
        found = self.mta.wait_log(entry, self.log_start, 3)
        return Reply("data", [f"250 2.0.0 queued as {found[1]}" if found else "250 2.0.0 taken"])

    def do_send(self, step):
        self._keep(self._open().command(step.text, "send"))

    def do_send_only(self, step):
        self._open().send(step.text + "\r\n")

    def do_rset(self, step):
        self._keep(self._open().rset())

    def do_quit(self, step):
        self._keep(self._open().command("QUIT", "quit"))
        self._leave()

    def do_disconnect(self, step):
        self._leave()

    def do_connect(self, step):
        self._leave()
        self._open(greet=False)

    def do_sleep(self, step):
        time.sleep(float(step.text))

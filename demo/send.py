#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Send one message to the demo's Postfix, and print the conversation.

    demo/send.py --from ADDRESS --to ADDRESS... [--client IP] [--author ADDRESS] [--submission] [--no-tls]
                 [--sign DOMAIN SELECTOR KEY] [FILE]

FILE is a message (header, empty line, body; "-" is standard input); without one a short message is made.
"""

import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

import mail  # noqa: E402
from client import Client  # noqa: E402
from mta import PASSWORD, USER  # noqa: E402
from postfix import Postfix  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="Send one message to the demo's Postfix.")
    parser.add_argument("--from", dest="sender", required=True)
    parser.add_argument("--to", nargs="+", required=True)
    parser.add_argument("--client", default="203.0.113.5", help="address that the message comes from")
    parser.add_argument("--helo", default="mail.sender.example")
    parser.add_argument("--author", help="the From field (default: --from)")
    parser.add_argument("--submission", action="store_true", help="as our own user, port 587")
    parser.add_argument("--no-tls", action="store_true")
    parser.add_argument("--sign", nargs=3, metavar=("DOMAIN", "SELECTOR", "KEY"), help="e.g. sender.example s1 rsa2048")
    parser.add_argument("file", nargs="?")
    options = parser.parse_args()
    if options.file:
        text = sys.stdin.read() if options.file == "-" else open(options.file).read()
    else:
        text = f"From: {options.author or options.sender}\nTo: {', '.join(options.to)}\nSubject: A test\n\nHello!\n"
    message = mail.wire(mail.complete(text, f"demo-{os.getpid()}"))
    if options.sign:
        message = mail.sign(message, *options.sign)
    with Client(Postfix.address, 587 if options.submission else 25, source=options.client) as client:
        client.ehlo(options.helo)
        if not options.no_tls:
            client.starttls()
            client.ehlo(options.helo)
        if options.submission:
            client.auth(USER, PASSWORD)
        client.mail(options.sender)
        for recipient in options.to:
            client.rcpt(recipient)
        client.data(message)
        client.quit()
        for reply in client.replies:
            print(f"{reply.verb:<10}{reply}")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""From real mail to proven classes: sluisd, a real Postfix and a real Sendmail deliver to servers with and without DANE, over real
TLS; their logs are imported, and each recipient must have the class that its destination asks for. Speaks TAP; skipped where the
machine allows no lab.

Postfix delivers four times: with certmatch lines; with the summary alone and `postconf -n`; over connections that tlsproxy(8)
keeps; and without any line about TLS.
"""

import json
import os
import sqlite3
import subprocess
import sys
import time

from e2e_daemon import Points, Sluisd

import certs
import inside
import run_cases
from client import Client
from inside import read, wait_until, write
from mta import queue_id
from nameserver import Dns, Unbound
from postfix import Postfix
from remote import RemoteMX
from sendmail import Sendmail
from zones import Tree

TOP = os.environ.get("top_builddir") or os.path.dirname(inside.HERE)
ZONE = """
zone cleartext.example unsigned
cleartext.example.          MX 10 mx1.cleartext.example.
mx1.cleartext.example.      A 10.25.5.9
server 10.25.5.9 plain
"""
RECIPIENTS = ["a@dane.example", "b@insecure-mx.example", "c@none.example", "d@cleartext.example", "e@mismatch.example",
              "f@notls.example", "alice@receiver.example"]
TLSPROXY = "tlsproxy  unix  - - n - 0 tlsproxy\n"

# What each must become: with certmatch lines, with the summary and postconf, with reused connections, with no word on TLS.
CLASSES = {
    "a@dane.example": ("dane-verified", "dane-verified", "dane-verified", "unknown"),
    "b@insecure-mx.example": ("half-dane", "tls-trusted", "half-dane", "unknown"),
    "c@none.example": ("tls-only", "tls-only", "tls-only", "unknown"),
    "d@cleartext.example": ("plaintext", "plaintext", "plaintext", "unknown"),
    "e@mismatch.example": ("not-sent", "dane-failed-deferred", "not-sent", "not-sent"),
    "f@notls.example": ("not-sent", "dane-failed-deferred", "not-sent", "not-sent"),
    "alice@receiver.example": ("local", "local", "local", "local"),
}
SENDMAIL = {
    "a@dane.example": "dane-available-not-used", "b@insecure-mx.example": "tls-only", "c@none.example": "tls-only",
    "d@cleartext.example": "plaintext", "e@mismatch.example": "dane-available-not-used",
    "f@notls.example": "dane-available-not-used", "alice@receiver.example": "local",
}

tap = Points()


def sluisctl(*words):
    done = subprocess.run([TOP + "/ctl/sluisctl", *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def send(mta, recipients=RECIPIENTS):
    """One message from the inside; its queue id."""
    with Client(mta.address, source="127.0.0.1") as client:
        client.ehlo("host.receiver.example")
        client.mail("bob@receiver.example")
        for recipient in recipients:
            client.rcpt(recipient)
        reply = client.data(b"From: bob@receiver.example\r\nTo: a@dane.example\r\nSubject: hello\r\n\r\nHello.\r\n")
        client.command("QUIT")
    return queue_id(str(reply)) or queue_id(" ".join(reply.lines))


def attempts(log, identifier):
    """What was tried, a line for each recipient: Sendmail tells of several in one."""
    lines = [line for line in read(log).splitlines() if f": {identifier}: to=" in line and ("status=" in line or "mailer=" in line)]
    return [line for line in lines for _ in range(line.partition(" delay=")[0].count("<"))]


def classes(database, identifier):
    """{address: (class, why)} of what was the last attempt."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT address, class, why, message_id, recipient FROM delivery WHERE queue_id = ? AND last = 1",
                                  (identifier,)).fetchall()
    return {row[0]: row[1:] for row in rows}


def import_logs(name, sluisd, log, *options):
    database = f"{inside.WORK}/{name}.db"
    conf = write(f"{inside.WORK}/{name}.conf", f'audit {{ log = "{sluisd.audit}" addresses = full }}\n')
    status, output = sluisctl("-c", conf, "audit", "import", "--database", database, *options, log, sluisd.audit)
    tap.point(status == 0, f"{name}: both logs are imported", f"exit status {status}", output)
    return database


def compare(name, database, identifier, expected, log):
    found = classes(database, identifier)
    for address, word in expected.items():
        row = found.get(address)
        tap.point(row and row[0] == word, f"{name}: {address} is {word}", row, *attempts(log, identifier), read(log)[-6000:])
    joined = [address for address, row in found.items() if row[2] is not None and row[3] is not None]
    tap.point(sorted(joined) == sorted(expected), f"{name}: all recipients are joined to the audit line", found)


def deliver(name, mta, sluisd):
    """A message to all, and the log when all have been tried."""
    identifier = send(mta)
    wait_until(lambda: len(attempts(mta.log, identifier)) >= len(RECIPIENTS), 30)
    sluisd.wait_messages(1)
    tap.point(len(attempts(mta.log, identifier)) >= len(RECIPIENTS), f"{name}: every recipient was tried", read(mta.log)[-3000:])
    return identifier


def run_postfix(name, column, sluisd, more, services="", options=(), twice=False):
    with Postfix(milters=["unix:" + sluisd.socket], more=more, services=services) as mta:
        identifier = deliver(name, mta, sluisd)
        again = send(mta, RECIPIENTS[:1]) if twice else None
        if again:
            wait_until(lambda: attempts(mta.log, again), 20)
        settings = write(f"{inside.WORK}/{name}.postconf", mta.tool("postconf", "-n"))
        log = f"{inside.WORK}/{name}.log"
        os.rename(mta.log, log)
    words = ["--postconf", settings] if "postconf" in options else []
    database = import_logs(name, sluisd, log, *words)
    compare(name, database, identifier, {address: row[column] for address, row in CLASSES.items()}, log)
    return database, log, again


def show_story(sluisd, database, log):
    """audit show, from the database and from the logs themselves: each delivery has its class and the line that tells of it."""
    identifier = sluisd.messages()[0]["queue_id"]
    for name, words in (("database", ("--database", database)), ("logs", ("--log", log, sluisd.audit))):
        status, output = sluisctl("-c", f"{inside.WORK}/certmatch.conf", "audit", "show", "--json", identifier, *words)
        story = json.loads(output) if status == 0 else {"recipients": []}
        told = {row["address"]: row["deliveries"] for row in story["recipients"]}
        wanted = {address: row[0] for address, row in CLASSES.items()}
        tap.point({address: rows and rows[-1]["class"] for address, rows in told.items()} == wanted, f"show, {name}: the classes", output)
        lines = {path: read(path).splitlines() for path in (log, sluisd.audit)}
        places = [story, *(row for rows in told.values() for row in rows)]
        tap.point(places[0] and all(identifier in lines[place["file"]][place["line"] - 1] for place in places),
                  f"show, {name}: each fact has the line that tells it", output)
    status, output = sluisctl("-c", sluisd.conf, "audit", "show", identifier, "--database", database)
    tap.point(status == 0 and "dane-verified (over TLS with a server that DANE authenticated)" in " ".join(output.split())
              and "what was assessed and what is proven fit" in output, "show: in plain words", output)
    status, output = sluisctl("-c", sluisd.conf, "audit", "show", "dane.example", "--database", database)
    tap.point(status == 0 and "proven dane-verified 1" in output, "show: the destination", output)


def test_certmatch(dns):
    with Sluisd(dns.anchor, 'mode = "annotate"') as sluisd:
        database, log, _ = run_postfix("certmatch", 0, sluisd, "smtp_tls_loglevel = summary,certmatch")
        status, output = sluisctl("-c", sluisd.conf, "audit", "report", "--database", database, "--format", "json")
        tables = {table: rows for section in json.loads(output).values() if isinstance(section, dict)
                  for table, rows in section.items()} if status == 0 else {}
        tap.point(status == 0 and "dane-verified" in json.dumps(tables), "certmatch: the report tells of it", output[-3000:])
        show_story(sluisd, database, log)
        tap.point("Matched DANE" in read(log), "Postfix has told what the certificate matched", read(log)[-3000:])


def test_summary(dns):
    with Sluisd(dns.anchor, 'mode = "annotate"') as sluisd:
        run_postfix("summary", 1, sluisd, "smtp_tls_loglevel = 1", options=["postconf"])


def test_reuse(dns):
    with Sluisd(dns.anchor, 'mode = "annotate"') as sluisd:
        more = "smtp_tls_loglevel = summary,certmatch\nsmtp_tls_connection_reuse = yes\nsmtp_connection_cache_destinations = dane.example\n" \
            "tlsproxy_client_loglevel = summary,certmatch"
        database, log, again = run_postfix("reuse", 2, sluisd, more, TLSPROXY, twice=True)
        tap.point("TLS connection reused to" in read(log), "reuse: the second message went over the same connection", read(log)[-6000:])
        found = classes(database, again).get("a@dane.example")
        tap.point(found and found[0] == "dane-verified", "reuse: and is dane-verified", found, read(log)[-6000:])


def test_silent(dns):
    with Sluisd(dns.anchor, 'mode = "annotate"') as sluisd:
        run_postfix("silent", 3, sluisd, "smtp_tls_loglevel = 0")


def test_sendmail(dns):
    """The package of Debian 12 knows no DANE, and its log names no host here."""
    with Sluisd(dns.anchor, 'mode = "annotate"') as sluisd, Sendmail(milters=["unix:" + sluisd.socket]) as mta:
        identifier = deliver("sendmail", mta, sluisd)
        log = f"{inside.WORK}/sendmail.log"
        time.sleep(0.2)
        write(log, read(mta.syslog.path))
        database = import_logs("sendmail", sluisd, log, "--host", "mx1.receiver.example")
        compare("sendmail", database, identifier, SENDMAIL, log)


def main():
    class Options:
        milter, sluisd = None, (sys.argv[1:] or [None])[0]
    Sluisd.program = run_cases.find_daemon(Options)[1][0]
    inside.enter(tap=True)
    tree = Tree()
    tree.add(read(inside.HERE + "/zones/base.zone"), "base.zone")
    tree.add(ZONE, "cleartext")
    authority = certs.Authority(inside.fresh("certs"))
    leaf = authority.leaf("remote", tree.mail_hosts())
    with Dns(tree, 0, authority, leaf[0]) as dns, Unbound(dns.anchor), RemoteMX(tree.mail_servers(), leaf):
        for test in (test_certmatch, test_summary, test_reuse, test_silent, test_sendmail):
            tap.run(test, dns)
    tap.end()


main()

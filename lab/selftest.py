#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The lab tests itself; prints TAP. What the end-to-end cases rest on: each kind of zone validates as it should, mail comes in and
goes out through both MTAs, with and without TLS and DANE, and a signature verifies."""

import re
import sys
import time

import certs
import inside
import mail
from client import Client
from mta import PASSWORD, USER, queue_id
from nameserver import Dns, Unbound, ask
from postfix import Postfix
from remote import RemoteMX
from sendmail import Sendmail
from zones import Tree, ZoneError

EXTRA = """
zone island.example island
island.example. TXT signed, but without a DS record
zone unknown.example unknown-algorithm
unknown.example. TXT a DS record of an algorithm that nobody knows
zone hashed.example signed nsec3
hashed.example. TXT its denials are NSEC3
zone child.sender.example bogus
child.sender.example. TXT a broken zone below a good one
zone late.example signed
late.example. TXT slow
fault late.example TXT delay:300
zone refused.example signed
refused.example. TXT nobody may read this
fault refused.example TXT refused
"""

# name, type, rcode, authenticated, number of answers (with their signatures, as the question has no DO bit: without)
ANSWERS = [
    ("dane.example", "MX", "noerror", True, 2),
    ("_25._tcp.mx1.dane.example", "TLSA", "noerror", True, 1),
    ("_25._tcp.mx2.partial.example", "TLSA", "nxdomain", True, 0),
    ("none.example", "MX", "noerror", False, 1),
    ("insecure-mx.example", "MX", "noerror", False, 1),
    ("temperror.example", "MX", "noerror", True, 1),
    ("mx1.temperror.example", "A", "noerror", True, 1),
    ("_25._tcp.mx1.temperror.example", "TLSA", "servfail", False, 0),
    ("servfail.example", "MX", "servfail", False, 0),
    ("bogus.example", "MX", "servfail", False, 0),
    ("bogus-ds.example", "MX", "servfail", False, 0),
    ("mx1.bogus-tlsa.example", "A", "noerror", True, 1),
    ("_25._tcp.mx1.bogus-tlsa.example", "TLSA", "servfail", False, 0),
    ("nxdomain.example", "MX", "nxdomain", True, 0),
    ("no-mail.example", "MX", "noerror", True, 0),
    ("null-mx.example", "MX", "noerror", True, 1),
    ("s1._domainkey.sender.example", "TXT", "noerror", True, 1),
    ("island.example", "TXT", "noerror", False, 1),
    ("unknown.example", "TXT", "noerror", False, 1),
    ("hashed.example", "TXT", "noerror", True, 1),
    ("nothing.hashed.example", "TXT", "nxdomain", True, 0),
    ("child.sender.example", "TXT", "servfail", False, 0),
    ("late.example", "TXT", "noerror", True, 1),
    ("refused.example", "TXT", "servfail", False, 0),
    ("5.113.0.203.in-addr.arpa", "PTR", "noerror", True, 1),
]

points = []


def point(ok, text, came=""):
    points.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(points)} - {text}")
    if not ok:
        print("# came: " + str(came).replace("\n", "\n# "))
    sys.stdout.flush()


def test_names(dns):
    for name, kind, *wanted in ANSWERS:
        came = ask(name, kind)
        point(came == tuple(wanted), f"{name} {kind}: {' '.join(map(str, wanted))}", came)
    for name in ("bogus.example", "bogus-ds.example"):
        point(ask(name, "MX", checking_disabled=True)[0] == "noerror", f"{name} answers where nobody validates")
    start = dns.mark()
    point(ask("silent.example", "MX", timeout=1.5)[0] == "timeout", "silent.example is silent")
    point(len(dns.queries("silent.example", since=start, every=True)) >= 1, "its queries are counted")
    point(not dns.queries("silent.example", since=start), "but not among those of the daemon under test")
    begun = time.time()
    ask("late.example", "TXT", server="10.53.2.1")
    point(time.time() - begun >= 0.29, "a delayed answer takes its time", time.time() - begun)
    dns.change(delay=150)
    begun = time.time()
    ask("dane.example", "MX", server="10.53.2.1")
    point(time.time() - begun >= 0.14, "all answers can be delayed", time.time() - begun)
    dns.change(delay=0)


def test_zone_text():
    for text, what in (("zone a.example odd", "an unknown kind of zone"),
                       ("fault _25._tcp.a.example TLSA servfail", "a fault of nothing"),
                       ("a.example. A", "half a record"),
                       ("zone a.example signed\na.example. MX 10", "a record that cannot be signed")):
        try:
            tree = Tree()
            tree.add(text)
            tree.build(inside.fresh("refused"))
            point(False, f"{what} is refused", "no error")
        except ZoneError as error:
            point(True, f"{what} is refused: {error}".replace("\n", " "))


def message(subject):
    text = f"From: bob@sender.example\nTo: alice@receiver.example\nSubject: {subject}\n\nHello.\n"
    return mail.wire(mail.complete(text, f"{subject}.{time.time_ns()}"))


def verifies(data):
    """Does dkimpy, with the lab's own records, accept every signature?"""
    import dkim
    keys = {"s1": "rsa2048", "e1": "ed25519", "s5": "rsa512", "s0": "rsa1024"}
    verifier = dkim.DKIM(data, minkey=512)
    count = data.lower().count(b"dkim-signature:")

    def lookup(name, timeout=5):
        return mail.record(keys[name.split(b".")[0].decode()]).encode()
    return count and all(verifier.verify(idx=n, dnsfunc=lookup) for n in range(count))


def test_signatures():
    plain = message("signed")
    for key, selector, options in (("rsa2048", "s1", {}), ("ed25519", "e1", {}), ("rsa1024", "s0", {"canon": "simple/simple"}),
                                   ("rsa512", "s5", {"l": True}), ("rsa2048", "s1", {"x": "3600"})):
        point(verifies(mail.sign(plain, "sender.example", selector, key, **options)), f"a signature by {key} {options} verifies")
    for tamper in ("body", "subject", "signature"):
        try:
            good = verifies(mail.sign(plain, "sender.example", "s1", "rsa2048", tamper=tamper))
        except Exception:
            good = False
        point(not good, f"one with a changed {tamper} does not")
    point(b" x=" in mail.sign(plain, "sender.example", "s1", "rsa2048", x="-60", t="-120"), "a signature can have expired")
    point(b"a=rsa-sha1" in mail.sign(plain, "sender.example", "s1", "rsa2048", algorithm="rsa-sha1"), "and be of SHA-1")


def send(mta, port, source, recipients, login=False, tls=True):
    """One message: (replies to RCPT, reply to the message, its queue id)."""
    with Client(mta.address, port, source) as client:
        client.ehlo("mail.sender.example")
        if tls:
            client.starttls()
            client.ehlo("mail.sender.example")
        if login:
            client.auth(USER, PASSWORD)
        client.mail("bob@sender.example")
        replies = [client.rcpt(r) for r in recipients]
        reply = client.data(message("through " + mta.name))
        client.quit()
    return replies, reply, queue_id(str(reply))


def test_in(mta):
    _, reply, identifier = send(mta, 25, "203.0.113.5", ["alice@receiver.example"])
    delivered = (identifier and mta.delivered(identifier)) or b""
    point(b"Subject: through" in delivered, f"{mta.name}: a message comes into the mailbox", reply)
    point(b"TLSv1.3" in delivered, f"{mta.name}: over TLS", delivered.decode())
    point(b"mail.sender.example (mail.sender.example [203.0.113.5])" in delivered, f"{mta.name}: from the client's address and name")      # by its PTR record
    _, reply, identifier = send(mta, 25, "2001:db8::5", ["alice@receiver.example"], tls=False)
    delivered = (identifier and mta.delivered(identifier)) or b""
    point(delivered and b"TLSv1" not in delivered, f"{mta.name}: and without TLS", reply)
    replies, _, _ = send(mta, 25, "203.0.113.5", ["x@dane.example"])
    point(replies[0].code in (550, 554), f"{mta.name}: a stranger may not relay", replies[0])


def test_out(mta, remote):
    hosts = ["dane", "none", "mismatch", "notls"]
    _, reply, identifier = send(mta, 587, "198.51.100.7", [f"x@{h}.example" for h in hosts], login=True)
    point(identifier, f"{mta.name}: a message is submitted after AUTH", reply)
    verified = mta.name == "postfix"                         # it does DANE; Sendmail is opportunistic
    far = inside.wait_until(lambda: _arrived(remote, "x@none.example", mta))
    point(far and far.tls, f"{mta.name}: it goes to a remote server over TLS", far)
    far = inside.wait_until(lambda: _arrived(remote, "x@dane.example", mta))
    point(far and far.tls, f"{mta.name}: and to one with DANE", far)
    if verified:
        point(mta.wait_log(r"Verified TLS connection established to mx1\.dane\.example"), "postfix: whose certificate is verified",
              mta.log_of())
        point(mta.wait_log(r"<x@mismatch\.example>.*status=deferred \(Server certificate not verified"),
              "postfix: but not to one with another certificate", mta.log_of())
        point(mta.wait_log(r"<x@notls\.example>.*status=deferred \(TLS is required"), "postfix: nor to one without TLS",
              mta.log_of())
        point(any(identifier == entry["queue_id"] for entry in mta.queue()), "postfix: these wait in the queue", mta.queue())
    else:
        far = inside.wait_until(lambda: _arrived(remote, "x@notls.example", mta))
        point(far and not far.tls, f"{mta.name}: and to one without TLS", far)


def _arrived(remote, recipient, mta):
    return next((m for m in remote.messages if recipient in m.recipients and b"through " + mta.name.encode() in m.data), None)


def test_command(mta):
    data = message("command " + mta.name)
    identifier = re.search(rb"Message-ID: <([^>]*)>", data)[1].decode()
    mta.submit("root@receiver.example", ["alice@receiver.example"], data)
    found = mta.wait_log(r"([0-9A-Za-z]+): (?:from=.*msgid=|message-id=)<" + re.escape(identifier))
    point(found and mta.delivered(found[1]), f"{mta.name}: the sendmail command delivers", mta.log_of())


def main():
    inside.enter(tap=True)
    tree = Tree()
    tree.add(inside.read(inside.HERE + "/zones/base.zone"), "base.zone")
    tree.add(EXTRA, "extra")
    authority = certs.Authority(inside.fresh("certs"))
    leaf = authority.leaf("remote", tree.mail_hosts())
    begun = time.time()
    with Dns(tree, 0, authority, leaf[0]) as dns, Unbound(dns.anchor), RemoteMX(tree.mail_servers(), leaf) as remote:
        print(f"# {len(tree.zones)} zones built, signed and served in {time.time() - begun:.1f} s")
        test_zone_text()
        test_names(dns)
        test_signatures()
        for kind in (Postfix, Sendmail):
            begun = time.time()
            with kind() as mta:
                print(f"# {mta.name} started in {time.time() - begun:.1f} s")
                test_in(mta)
                test_out(mta, remote)
                test_command(mta)
    print(f"1..{len(points)}")
    sys.exit(0 if all(points) else 1)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""DANE against real signed zones: one verdict from `sluisctl dane`, the daemon and Postfix's own client. Prints TAP.

    tests/dane_test.py [SLUISCTL SLUISD]      (default: of $top_builddir, or of the current folder)

The unit tests hold the rules against made-up answers; this holds them against what libunbound makes of NSD's answers: aliases that
leave signed space, NSEC3 opt-out, unknown algorithms, expired signatures. Each destination is asked for three times:

- `sluisctl dane` gives the verdict that the row expects, and no query that the row forbids leaves it: where RFC 7672 says not
  to ask, that is counted at the name servers;
- sluisd, as a milter that requires DANE, answers RCPT with the reply that belongs to the verdict, and its audit line tells the
  same chain, link for link;
- posttls-finger, at level dane-only, verifies a server exactly where a host has usable TLSA records (NOT_POSTFIX says where it
  rightly differs).
"""

import asyncio
import json
import os
import re
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TOP, "lab"))

import certs
import inside
import sanitizer
from inside import PKG, Daemon, read, write
from milter_client import Milter, listens
from nameserver import Dns, Unbound
from postfix import Postfix
from remote import RemoteMX
from zones import Tree

ZONES = """
zone alias.example signed
secure.alias.example.       CNAME dane.example.
unsigned.alias.example.     CNAME insecure-mx.example.
nowhere.alias.example.      CNAME nxdomain.example.
loop.alias.example.         CNAME pool.alias.example.
pool.alias.example.         CNAME loop.alias.example.
host.alias.example.         MX 10 mx.alias.example.
mx.alias.example.           CNAME mx1.dane.example.
out.alias.example.          MX 10 mx-out.alias.example.
mx-out.alias.example.       CNAME mx1.none.example.
_25._tcp.mx-out.alias.example. TLSA 3 1 1 auto
plain-out.alias.example.    MX 10 mx-plain.alias.example.
mx-plain.alias.example.     CNAME mx1.none.example.
tlsa-out.alias.example.     MX 10 mx-tlsa.alias.example.
mx-tlsa.alias.example.      A 10.25.9.1
_25._tcp.mx-tlsa.alias.example. CNAME tlsa.unsigned-alias.example.
zone unsigned-alias.example unsigned
unsigned-alias.example.     MX 10 mx.unsigned-alias.example.
mx.unsigned-alias.example.  CNAME mx1.dane.example.
to-signed.unsigned-alias.example. CNAME dane.example.
tlsa.unsigned-alias.example. TLSA 3 1 1 auto
host-in.alias.example.      MX 10 mx.unsigned-alias.example.
zone dname.example signed
dname.example.              TXT a whole tree elsewhere
below.dname.example.        DNAME alias.example.
zone optout.example signed optout
optout.example.             MX 10 mx.optout.example.
mx.optout.example.          A 10.25.9.2
zone old.example unknown-algorithm
old.example.                MX 10 mx1.dane.example.
zone mixed.example signed
mixed.example.              MX 10 mx1.dane.example.
mixed.example.              MX 20 mx1.bogus.example.
mixed.example.              MX 30 gone.dane.example.
zone half.example signed
half.example.               MX 10 mx.half.example.
mx.half.example.            A 10.25.9.3
mx.half.example.            AAAA 2001:db8:25:9::3
_25._tcp.mx.half.example.   TLSA 3 1 1 auto
fault mx.half.example       AAAA servfail
zone port.example signed
port.example.               MX 10 mx.port.example.
mx.port.example.            A 10.25.9.4
_587._tcp.mx.port.example.  TLSA 3 1 1 auto
server 10.25.9.4 tls
zone literal.example signed
literal.example.            MX 10 10.25.1.1.
zone null-unsigned.example unsigned
null-unsigned.example.      MX 0 .
zone null-mixed.example signed
null-mixed.example.         MX 0 .
null-mixed.example.         MX 10 mx1.dane.example.
zone implicit-unsigned.example unsigned
implicit-unsigned.example.  A 10.25.9.5
zone refused.example signed
refused.example.            MX 10 mx1.dane.example.
fault refused.example       MX refused
zone worse.example signed
worse.example.              MX 10 mx1.no-tlsa.example.
worse.example.              MX 20 mx1.dane.example.
zone dead-host.example signed
dead-host.example.          MX 10 gone.dead-host.example.
dead-host.example.          MX 20 empty.dead-host.example.
empty.dead-host.example.    TXT no address
zone address.example signed
failing.address.example.    MX 10 mx-failing.address.example.
mx-failing.address.example. A 10.25.9.6
_25._tcp.mx-failing.address.example. TLSA 3 1 1 auto
fault mx-failing.address.example A servfail
v6.address.example.         MX 10 mx-v6.address.example.
mx-v6.address.example.      AAAA 2001:db8:25:9::7
_25._tcp.mx-v6.address.example. TLSA 3 1 1 auto
bogus-host.address.example. MX 10 mx-bogus.address.example.
mx-bogus.address.example.   A 10.25.9.8
fault mx-bogus.address.example A bogus
fault mx-bogus.address.example AAAA bogus
zone first.example unsigned
first.example.              MX 10 mx.first.example.
mx.first.example.           A 10.25.9.9
_25._tcp.mx.first.example.  TLSA 3 1 1 auto
fault _25._tcp.mx.first.example TLSA servfail
zone signed-first.example signed
signed-first.example.       MX 10 mx.first.example.
zone base.example signed
stop.base.example.          MX 10 mx-stop.base.example.
mx-stop.base.example.       CNAME real-stop.base.example.
real-stop.base.example.     A 10.25.9.10
server 10.25.9.10 tls
_25._tcp.mx-stop.base.example. TLSA 3 1 1 auto
_25._tcp.real-stop.base.example. TLSA 3 1 1 auto
fault _25._tcp.real-stop.base.example TLSA servfail
next.base.example.          MX 10 mx-next.base.example.
mx-next.base.example.       CNAME real-next.base.example.
real-next.base.example.     A 10.25.9.11
server 10.25.9.11 tls
_25._tcp.mx-next.base.example. TLSA 3 1 1 auto
worn.base.example.          MX 10 mx-worn.base.example.
mx-worn.base.example.       CNAME real-worn.base.example.
real-worn.base.example.     A 10.25.9.12
server 10.25.9.12 tls
_25._tcp.mx-worn.base.example. TLSA 3 1 1 auto
_25._tcp.real-worn.base.example. TLSA 0 0 1 wrong
alias-tlsa.base.example.    MX 10 mx-tlsa.base.example.
mx-tlsa.base.example.       A 10.25.9.13
_25._tcp.mx-tlsa.base.example. CNAME elsewhere.base.example.
elsewhere.base.example.     TLSA 3 1 1 auto
zone usable.example signed
mixed.usable.example.       MX 10 mx-mixed.usable.example.
mx-mixed.usable.example.    A 10.25.9.14
_25._tcp.mx-mixed.usable.example. TLSA 1 1 1 auto
_25._tcp.mx-mixed.usable.example. TLSA 3 1 1 auto
digest.usable.example.      MX 10 mx-digest.usable.example.
mx-digest.usable.example.   A 10.25.9.15
_25._tcp.mx-digest.usable.example. TLSA 3 1 1 wrong
_25._tcp.mx-digest.usable.example. TLSA 3 1 2 auto
private.usable.example.     MX 10 mx-private.usable.example.
mx-private.usable.example.  A 10.25.9.16
_25._tcp.mx-private.usable.example. TLSA 255 1 1 auto
_25._tcp.mx-private.usable.example. TLSA 3 1 255 abcdef
_25._tcp.mx-private.usable.example. TLSA 3 1 1 abcdef
_25._tcp.mx-private.usable.example. TLSA 3 1 0 abcdef
cert.usable.example.        MX 10 mx-cert.usable.example.
mx-cert.usable.example.     A 10.25.9.17
_25._tcp.mx-cert.usable.example. TLSA 3 0 1 auto
authority.usable.example.   MX 10 mx-authority.usable.example.
mx-authority.usable.example. A 10.25.9.18
_25._tcp.mx-authority.usable.example. TLSA 2 0 1 auto
zone islands.example island
islands.example.            MX 10 mx1.dane.example.
zone nsec3.example signed nsec3
nsec3.example.              MX 10 mx.nsec3.example.
mx.nsec3.example.           A 10.25.9.19
zone two-of-three.example signed
two-of-three.example.       MX 10 mx1.temperror.example.
two-of-three.example.       MX 20 mx1.dane.example.
two-of-three.example.       MX 30 mx1.unusable.example.
zone failing-all.example signed
failing-all.example.        MX 10 mx1.temperror.example.
failing-all.example.        MX 20 mx1.bogus.example.
"""

ROWS = (  # destination, verdict, link, exit status, first host's address, TLSA and base; names that must not be asked for (as TLSA)
    ("dane.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("partial.example", "partial", "no-tlsa", 1, "secure usable mx1.partial.example"),
    ("unusable.example", "unusable", "tlsa-unusable", 1, "secure unusable mx1.unusable.example"),
    ("insecure-mx.example", "insecure-mx", "domain-unsigned", 1, "secure usable mx1.dane.example"),
    ("none.example", "none", "domain-unsigned", 1, "insecure not-asked None", "_25._tcp.mx1.none.example"),
    ("no-tlsa.example", "none", "no-tlsa", 1, "secure none None"),
    ("host-unsigned.example", "none", "host-unsigned", 1, "insecure not-asked None", "_25._tcp.mx1.none.example"),
    ("temperror.example", "temperror", "dns-failure", 2, "secure temperror None"),
    ("servfail.example", "temperror", "dns-failure", 2, None),
    ("bogus.example", "bogus", "bogus", 2, None),
    ("bogus-ds.example", "bogus", "bogus", 2, None),
    ("bogus-tlsa.example", "bogus", "bogus", 2, "secure bogus None"),
    ("nxdomain.example", "nxdomain", None, 1, None),
    ("no-mail.example", "no-mail", None, 1, "none not-asked None"),
    ("null-mx.example", "null-mx", None, 1, None),
    ("implicit.example", "dane", None, 0, "secure usable implicit.example"),
    ("[mx1.dane.example]", "dane", None, 0, "secure usable mx1.dane.example"),
    ("secure.alias.example", "dane", None, 0, "secure usable mx1.dane.example", "_25._tcp.secure.alias.example"),
    ("unsigned.alias.example", "insecure-mx", "mx-insecure", 1, "secure usable mx1.dane.example"),
    ("to-signed.unsigned-alias.example", "insecure-mx", "domain-unsigned", 1, "secure usable mx1.dane.example"),
    ("nowhere.alias.example", "nxdomain", None, 1, None),
    ("loop.alias.example", "temperror", "dns-failure", 2, None),
    ("host.alias.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("out.alias.example", "dane", None, 0, "insecure usable mx-out.alias.example", "_25._tcp.mx1.none.example"),
    ("plain-out.alias.example", "none", "no-tlsa", 1, "insecure none None", "_25._tcp.mx1.none.example"),
    ("tlsa-out.alias.example", "none", "no-tlsa", 1, "secure insecure None"),
    ("host-in.alias.example", "none", "host-unsigned", 1, "insecure not-asked None"),
    ("unsigned-alias.example", "none", "domain-unsigned", 1, "insecure not-asked None", "_25._tcp.mx.unsigned-alias.example"),
    ("host.below.dname.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("optout.example", "none", "no-tlsa", 1, "secure none None"),
    ("old.example", "insecure-mx", "domain-unsigned", 1, "secure usable mx1.dane.example"),
    ("mixed.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("half.example", "dane", None, 0, "secure usable mx.half.example"),
    # 1: the next hop
    ("[mx.port.example]:587", "dane", None, 0, "secure usable mx.port.example", "_25._tcp.mx.port.example",
     "mx.port.example MX"),
    ("port.example", "none", "no-tlsa", 1, "secure none None", "_587._tcp.mx.port.example"),
    ("[10.25.1.1]", "not-applicable", None, 1, None),
    ("literal.example", "none", "host-unsigned", 1, "insecure not-asked None", "_25._tcp.10.25.1.1"),
    # 2: MX
    ("gone.none.example", "nxdomain", None, 1, None),
    ("null-unsigned.example", "null-mx", None, 1, None),
    ("null-mixed.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("implicit-unsigned.example", "none", "domain-unsigned", 1, "insecure not-asked None", "_25._tcp.implicit-unsigned.example"),
    ("refused.example", "temperror", "dns-failure", 2, None),
    ("islands.example", "insecure-mx", "domain-unsigned", 1, "secure usable mx1.dane.example"),
    # 3: every host counts, the better one too
    ("worse.example", "partial", "no-tlsa", 1, "secure none None"),
    # 4: addresses before TLSA
    ("dead-host.example", "no-mail", None, 1, "none not-asked None", "_25._tcp.gone.dead-host.example", "_25._tcp.empty.dead-host.example"),
    ("failing.address.example", "temperror", "dns-failure", 2, "temperror not-asked None", "_25._tcp.mx-failing.address.example"),
    ("v6.address.example", "dane", None, 0, "secure usable mx-v6.address.example"),
    ("bogus-host.address.example", "bogus", "bogus", 2, "bogus not-asked None", "_25._tcp.mx-bogus.address.example"),
    ("first.example", "none", "domain-unsigned", 1, "insecure not-asked None", "_25._tcp.mx.first.example"),
    ("signed-first.example", "none", "host-unsigned", 1, "insecure not-asked None", "_25._tcp.mx.first.example"),
    # 5: the TLSA base domain
    ("stop.base.example", "temperror", "dns-failure", 2, "secure temperror None", "_25._tcp.mx-stop.base.example"),
    ("next.base.example", "dane", None, 0, "secure usable mx-next.base.example"),
    ("worn.base.example", "unusable", "tlsa-unusable", 1, "secure unusable real-worn.base.example", "_25._tcp.mx-worn.base.example"),
    ("alias-tlsa.base.example", "dane", None, 0, "secure usable mx-tlsa.base.example"),
    # 6, 7: usable records
    ("mixed.usable.example", "dane", None, 0, "secure usable mx-mixed.usable.example"),
    ("digest.usable.example", "dane", None, 0, "secure usable mx-digest.usable.example"),
    ("private.usable.example", "unusable", "tlsa-unusable", 1, "secure unusable mx-private.usable.example"),
    ("cert.usable.example", "dane", None, 0, "secure usable mx-cert.usable.example"),
    ("authority.usable.example", "dane", None, 0, "secure usable mx-authority.usable.example"),
    # 8: hosts that fail are skipped, unless all do
    ("two-of-three.example", "partial", "tlsa-unusable", 1, "secure temperror None"),
    ("failing-all.example", "temperror", "dns-failure", 2, "secure temperror None"),
    # 11: what is secure
    ("nsec3.example", "none", "no-tlsa", 1, "secure none None"),
)

REPLIES = {"dane": "", "not-applicable": "550 5.7.4", "none": "550 5.7.4", "partial": "550 5.7.4", "unusable": "550 5.7.4",
           "insecure-mx": "550 5.7.4", "temperror": "451 4.4.3", "bogus": "451 4.7.5", "nxdomain": "550 5.1.2", "no-mail": "550 5.1.2",
           "null-mx": "556 5.1.10"}

# Where Postfix's client does otherwise, and why that is no mistake of either.
NOT_POSTFIX = {
    "null-mixed.example": ("", "RFC 7505 3 forbids `.` beside other MX records: Postfix takes it for a null MX, Sluis leaves it out"),
    "worse.example": ("", "posttls-finger looks at the first host that answers, Sluis at all"),
}

CONFIG = """socket-group = "" user = "root" mode = "enforce" authserv-id = "mx1.receiver.example" listen = "unix:{folder}/sluis.sock"
crash-journal = "{folder}/in-hand"
resolver {{ servers = {{"recursive"}} trust-anchor = "{anchor}" timeout = 20 budget = 25 }}
outbound {{ dane = reject }}
audit {{ log = "{folder}/audit.jsonl" addresses = full }}
"""


class World:
    """The zones, the remote servers, Postfix's configuration, and sluisd as a milter."""

    def __init__(self, sluisctl, sluisd):
        self.sluisctl, self.sluisd = sluisctl, sluisd
        self.tree = Tree()
        with open(os.path.join(inside.HERE, "zones", "base.zone")) as stream:
            self.tree.add(stream.read(), "base.zone")
        self.tree.add(ZONES, "dane_test.py")
        self.authority = certs.Authority(inside.fresh("certs"))
        self.leaf = self.authority.leaf("remote", self.tree.mail_hosts())
        self.folder = inside.fresh("sluis")
        self.conf = self.folder + "/sluis.conf"

    def __enter__(self):
        self.dns = Dns(self.tree, 0, self.authority, self.leaf[0]).start()
        self.unbound = Unbound(self.dns.anchor).start()
        self.remote = [RemoteMX(self.tree.mail_servers(), self.leaf).start(),
                       RemoteMX({"10.25.9.4": "tls"}, self.leaf, port=587).start()]
        self.postfix = Postfix()  # not started: only its configuration is used
        write(self.conf, CONFIG.format(folder=self.folder, anchor=self.dns.anchor))
        self.daemon = Daemon(self.sluisd, "-f", "-c", self.conf, log=self.folder + "/log", env=sanitizer.environment())
        self.daemon.ready(lambda: listens(self.folder + "/sluis.sock"), 30)
        return self

    def __exit__(self, *_):
        self.status = self.daemon.stop(seconds=15)
        for remote in self.remote:
            remote.stop()
        self.unbound.stop()
        self.dns.stop()

    def by_command(self, name):
        """(exit status, verdict as JSON or None, {"name TYPE" that was asked for})"""
        mark = self.dns.mark()
        done = subprocess.run([self.sluisctl, "-c", self.conf, "dane", "--json", name], capture_output=True, text=True, timeout=120)
        asked = {" ".join(query[3:5]) for query in self.dns.queries(since=mark)}
        try:
            return done.returncode, json.loads(done.stdout)["dane"], asked
        except ValueError:
            return done.returncode, None, asked

    async def _recipient(self, name):
        async with Milter(self.folder + "/sluis.sock", timeout=60) as milter:
            await milter.negotiate()
            await milter.connect("client.receiver.example", "198.51.100.7",
                                 macros={"j": "mx1.receiver.example", "daemon_name": "ORIGINATING"})
            await milter.helo("client.receiver.example")
            await milter.mail("<user@receiver.example>", macros={"daemon_name": "ORIGINATING"})
            milter.reply = None
            verdict = await milter.rcpt(f"<user@{name}>", macros={"rcpt_mailer": "smtp", "rcpt_host": name, "rcpt_addr": f"user@{name}"})
            reply = milter.reply or ""
            await milter.abort()
            await milter.quit()
            return verdict, reply

    def by_daemon(self, name):
        """(verdict of the milter, reply, recipient in the audit line)"""
        before = inside.size(self.folder + "/audit.jsonl")
        verdict, reply = asyncio.run(self._recipient(name))
        line = inside.wait_until(lambda: [json.loads(text) for text in inside.read(self.folder + "/audit.jsonl", before).splitlines()
                                          if '"event":"message"' in text], what="the audit line")
        return verdict, reply, line[-1]["recipients"][0]

    def by_postfix(self, name):
        """"verified", "trusted" (the same, by way of an insecure MX record) or "", and what posttls-finger says."""
        done = subprocess.run([PKG + "/usr/sbin/posttls-finger", "-c", "-l", "dane-only", "-t", "5", "-T", "5", name], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              env=inside.environment(MAIL_CONFIG=self.postfix.conf))
        found = re.search(r"(Verified|Trusted) TLS connection established", done.stdout)
        return found[1].lower() if found and "Matched DANE" in done.stdout else "", done.stdout.strip()


def complaints(world, name, verdict, link, status, first, *never):
    found, dane, asked = world.by_command(name)
    if not dane:
        return [f"{name}: sluisctl says nothing, exit {found}"]
    host = dane["hosts"][0] if dane["hosts"] else None
    came = (dane["verdict"], dane["link"], found, host and f"{host['address']} {host['tlsa']} {host['base']}")
    wrong = [] if came == (verdict, link, status, first) else [f"sluisctl: {came}", json.dumps(dane)]
    for forbidden in never:
        if (forbidden if " " in forbidden else forbidden + " TLSA") in asked:
            wrong.append(f"sluisctl asked for {forbidden}")
    answer, reply, recipient = world.by_daemon(name)
    told = recipient["dane"]
    for key in ("verdict", "link", "mx", "hosts"):
        if told is None or told.get(key) != dane.get(key):
            wrong.append(f"sluisd: {key} is {told and told.get(key)}, sluisctl says {dane.get(key)}")
    if not reply.startswith(REPLIES[verdict]) or bool(reply) != (answer == "reply") or bool(reply) != bool(REPLIES[verdict]):
        wrong.append(f"sluisd: {answer} {reply}")
    wanted = ""
    if any(host["tlsa"] == "usable" for host in dane["hosts"]):
        wanted = "trusted" if dane["verdict"] == "insecure-mx" else "verified"
    verified, said = world.by_postfix(name)
    if verified != (NOT_POSTFIX[name][0] if name in NOT_POSTFIX else wanted):
        wrong += [f"posttls-finger: {verified or 'neither verified nor trusted'}, expected {wanted or 'neither'}", said]
    return wrong


def main():
    build = os.environ.get("top_builddir", ".")
    programs = [os.path.abspath(path) for path in sys.argv[1:3]] or [os.path.abspath(f"{build}/{p}") for p in ("ctl/sluisctl", "milter/sluisd")]
    sys.argv[1:] = programs
    inside.enter(tap=True)
    failed = 0
    print(f"1..{len(ROWS) + 1}")
    with World(*programs) as world:
        for number, row in enumerate(ROWS, 1):
            wrong = complaints(world, *row)
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {row[0]}: {row[1]}", flush=True)
            for line in "\n".join(wrong).splitlines():
                print("# " + line)
    found = sanitizer.findings(read(world.folder + "/log")) + ([f"exit status {world.status}"] if world.status else [])
    print(f"{'not ok' if found else 'ok'} {len(ROWS) + 1} - the daemon ends in good order")
    print("".join(f"# {line}\n" for line in "\n".join(found).splitlines()), end="")
    return 1 if failed or found else 0


if __name__ == "__main__":
    sys.exit(main())

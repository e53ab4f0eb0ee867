#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""sluisctl dane against real signed zones; prints TAP.

    ctl/dane_lab.py [SLUISCTL]      (default ctl/sluisctl)

The unit tests hold the rules against made-up answers; this holds them against what libunbound makes of NSD's answers: aliases that
leave signed space, NSEC3 opt-out, unknown algorithms, expired signatures.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import certs
import inside
from nameserver import Dns
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
"""

ROWS = (  # destination, verdict, link, exit status, first host's address, TLSA and base
    ("dane.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("partial.example", "partial", "no-tlsa", 1, "secure usable mx1.partial.example"),
    ("unusable.example", "unusable", "tlsa-unusable", 1, "secure unusable mx1.unusable.example"),
    ("insecure-mx.example", "insecure-mx", "domain-unsigned", 1, "secure usable mx1.dane.example"),
    ("none.example", "none", "domain-unsigned", 1, "insecure not-asked None"),
    ("no-tlsa.example", "none", "no-tlsa", 1, "secure none None"),
    ("host-unsigned.example", "none", "host-unsigned", 1, "insecure not-asked None"),
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
    ("secure.alias.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("unsigned.alias.example", "insecure-mx", "mx-insecure", 1, "secure usable mx1.dane.example"),
    ("to-signed.unsigned-alias.example", "insecure-mx", "domain-unsigned", 1, "secure usable mx1.dane.example"),
    ("nowhere.alias.example", "nxdomain", None, 1, None),
    ("loop.alias.example", "temperror", "dns-failure", 2, None),
    ("host.alias.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("out.alias.example", "dane", None, 0, "insecure usable mx-out.alias.example"),
    ("plain-out.alias.example", "none", "no-tlsa", 1, "insecure none None"),
    ("tlsa-out.alias.example", "none", "no-tlsa", 1, "secure insecure None"),
    ("host-in.alias.example", "none", "host-unsigned", 1, "insecure not-asked None"),
    ("unsigned-alias.example", "none", "domain-unsigned", 1, "insecure not-asked None"),
    ("host.below.dname.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("optout.example", "none", "no-tlsa", 1, "secure none None"),
    ("old.example", "insecure-mx", "domain-unsigned", 1, "secure usable mx1.dane.example"),
    ("mixed.example", "dane", None, 0, "secure usable mx1.dane.example"),
    ("half.example", "dane", None, 0, "secure usable mx.half.example"),
)


def main():
    sluisctl = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "ctl/sluisctl")
    sys.argv[1:] = [sluisctl]
    inside.enter(tap=True)
    tree = Tree()
    with open(os.path.join(inside.HERE, "zones", "base.zone")) as f:
        tree.add(f.read(), "base.zone")
    tree.add(ZONES, "dane_lab.py")
    authority = certs.Authority(inside.fresh("certs"))
    leaf, _ = authority.leaf("remote", tree.mail_hosts())
    config = os.path.join(inside.fresh("ctl"), "sluis.conf")
    failed = 0
    print(f"1..{len(ROWS)}")
    with Dns(tree, 0, authority, leaf) as dns:
        inside.write(config, f'resolver {{ servers = {{"recursive"}} trust-anchor = "{dns.anchor}" }}\n')
        for number, (name, *expected) in enumerate(ROWS, 1):
            done = subprocess.run([sluisctl, "-c", config, "dane", "--json", name], capture_output=True, text=True, timeout=120)
            try:
                dane = json.loads(done.stdout)["dane"]
                host = dane["hosts"][0] if dane["hosts"] else None
                found = [dane["verdict"], dane["link"], done.returncode,
                         host and f"{host['address']} {host['tlsa']} {host['base']}"]
            except ValueError:
                found = ["no JSON"]
            failed += found != expected
            print("not ok" if found != expected else "ok", number, "-", name)
            if found != expected:
                print(f"# {found}\n# {done.stdout.strip()}\n# {done.stderr.strip()}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

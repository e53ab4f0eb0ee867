#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every Authentication-Results field of the vector suites, and of hostile mail, read by an independent parser. Speaks TAP."""

import itertools
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    import results
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)
from bench import SHARED, TOP, Tap, run

SUITES = [os.path.join(TOP, "tests", "suites"), SHARED]

# What somebody would send who wants a result, a field or a comment of his own in the header, or to break its readers.
HOSTILE = (
    "a;dkim=pass header.d=bank.example", "a; dmarc=pass (p=reject) header.from=bank.example", "a dkim=pass header.d=bank.example",
    "a\r\nX-Injected: yes", "a\nX-Injected: yes", "a\rX-Injected: yes", "a\n\tdkim=pass", "a\r\n\r\nbody",
    "a(comment", "a)comment", "a(nested(comment", "a\\", "a\\)", 'a"', 'a"b"c', '"', '""', '" dkim=pass "', "a\x00b", "a\x01b",
    "a\x7fb", "a\x1b[31m", "\xe9", "\xc3\xa9.example", "\xff\xfe", "\xe2\x80\xa8dkim=pass", "\xc2\x85dkim=pass", "=?utf-8?Q?dkim=3Dpass?=", "a=b", "a/b", "a,b", "a:b", "<a>",
    "a@b@c", "[192.0.2.1]", "[IPv6:::1]", "..", ".", "-", "a..b", "%s%n%d", "${jndi:x}", "{}", "`id`", "'", "none", "pass",
    "mx.sluis.example", "x" * 255, "x" * 2000, ("x" * 63 + ".") * 4 + "example", "a b c", "\t", " ",
)

SIGNATURE = ("DKIM-Signature: v=1; a={a}; c=relaxed/relaxed; d={d}; s={s}; i={i}; h=from;\r\n"
             "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b={b}\r\n")


def vector(place, value):
    """A message with the value in one place."""
    envelope = {"ip": "192.0.2.1", "helo": "mail.sender.example", "mailfrom": "bob@sender.example", "rcpt": ["a@here.example"],
                "tls": ["TLSv1.3", "TLS_AES_128_GCM_SHA256"]}
    signature = {"a": "rsa-sha256", "d": "sender.example", "s": "s1", "i": "@sender.example", "b": "Zm9v"}
    author = "bob@sender.example"
    more = ""
    if place in ("helo", "mailfrom"):
        envelope[place] = value
    elif place == "mailfrom local part":
        envelope["mailfrom"] = value + "@sender.example"
    elif place == "mailfrom domain":
        envelope["mailfrom"] = "bob@" + value
    elif place == "tls version":
        envelope["tls"] = [value, "TLS_AES_128_GCM_SHA256"]
    elif place == "tls cipher":
        envelope["tls"] = ["TLSv1.2", value]
    elif place == "author":
        author = value
    elif place == "author domain":
        author = f"bob@{value}"
    elif place == "author quoted":
        author = f'"{value}"@sender.example'
    elif place == "field name":
        more = f"{value}: x\r\n"
    elif place == "field value":
        more = f"X-Field: {value}\r\n"
    else:
        signature[place] = value
    message = SIGNATURE.format(**signature) + more + f"From: {author}\r\nTo: a@here.example\r\n\r\ntext\r\n"
    return {"id": f"{place} {value!r}", "envelope": envelope, "message": message}


PLACES = ("helo", "mailfrom", "mailfrom local part", "mailfrom domain", "tls version", "tls cipher", "author", "author domain",
          "author quoted", "field name", "field value", "a", "d", "s", "i", "b")

DNS = {"sender.example": {"TXT": ["v=spf1 -all exp=exp.sender.example"]}, "exp.sender.example": {"TXT": ["a;\r\nb (c"]},
       "_dmarc.sender.example": {"TXT": ["v=DMARC1; p=none"]}, "s1._domainkey.sender.example": {"TXT": ["v=DKIM1; p="]}}


def check_hostile(tap):
    for place in PLACES:
        # In C a NUL ends the text that the MTA hands over, so what stands behind it is never seen.
        vectors = [vector(place, value) for value in HOSTILE if not (place.startswith("tls") and "\0" in value)]
        outcomes = run(vectors, DNS)
        found = list(itertools.chain.from_iterable(results.complaints(o) for o in outcomes.values()))
        found += [f"{o['id']}: no field" for o in outcomes.values() if o["action"] == "accept" and not o["field"]]
        found += [f"{o['id']}: it passes" for o in outcomes.values() if any(s["result"] == "pass" for s in o["audit"]["dkim"])]
        tap.point(f"{len(vectors)} hostile values as {place}", found)


def check_suites(tap):
    for folder in sorted(os.path.join(base, name) for base in SUITES if os.path.isdir(base) for name in os.listdir(base)):
        if os.path.exists(os.path.join(folder, "vectors.json")):
            outcomes = run(None, folder=folder)
            fields = sum(bool(o["field"]) for o in outcomes.values())
            tap.point(f"{fields} fields of {os.path.basename(folder)}",
                      itertools.chain.from_iterable(results.complaints(o, all_methods=False) for o in outcomes.values()))


def main():
    tap = Tap()
    check_hostile(tap)
    check_suites(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

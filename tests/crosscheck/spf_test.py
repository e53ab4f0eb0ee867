#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""SPF against pyspf: random records on random small worlds, of both identities, and random explanations. Speaks TAP.

Compared is the result of RFC 7208 2.6 and, for fail, the explanation. A case's kind says what is odd about its record, so that
a disagreement can be named in disagreements.md.
"""

import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    import results
    import spf
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)
from bench import NOW, Disagreements, Tap, run

SEED = 7208
WORLDS = 1500
IP4 = ("192.0.2.1", "192.0.2.200", "198.51.100.7", "::ffff:192.0.2.1")
IP6 = ("2001:db8::1", "2001:db8:0:1::ff")
HOSTS = tuple(f"h{number}.host.example" for number in range(6))
DOMAINS = tuple(f"d{number}.example" for number in range(6))
SENDER = "d0.example"
MACROS = ("%{s}", "%{l}", "%{o}", "%{d}", "%{i}", "%{v}", "%{h}", "%{d1}", "%{d2}", "%{dr}", "%{d1r}", "%{ir}", "%{l-}", "%{lr-}", "%{l1r+-}",
          "%{S}", "%{L}", "%{o9}", "%{p}", "%{p1r}", "%%", "%_", "%-", "%{d.}", "%{l,/}")
REJECT = ("mode = \"enforce\"\nauthserv-id = \"mx.sluis.example\"\ninternal-networks = {}\n"
          "inbound { spf = reject dkim = off dmarc = off tls = off author = off }\n")


class World:
    """A zone as the vectors have it, asked as pyspf asks."""

    def __init__(self):
        self.zone = {}

    def add(self, name, kind, value):
        self.zone.setdefault(name, {}).setdefault(kind, []).append(value)

    def has(self, name):
        records = self.zone.get(name.lower().rstrip("."))
        return records is not None and ("CNAME" not in records or self.has(records["CNAME"][0]))

    def look_up(self, name, kind, strict=True, timeout=None):
        found, name = [], name.lower().rstrip(".")
        for _ in range(20):
            records = self.zone.get(name, {})
            failure = records.get("RCODE") or records.get(kind + "_RCODE")
            if failure == "NXDOMAIN":
                return found
            if failure:
                raise spf.TempError("DNS " + failure)
            if "CNAME" not in records:
                break
            found.append(((name, "CNAME"), records["CNAME"][0]))
            name = records["CNAME"][0]
        for value in records.get(kind, []):
            if kind == "TXT":
                value = [part.encode("latin-1") for part in ([value] if isinstance(value, str) else value)]
            elif kind == "MX":
                preference, host = value.split()
                value = (int(preference), host)
            found.append(((name, kind), value))
        return found


def address(rnd):
    return rnd.choice(IP4[:3]), rnd.choice(IP6)


def host_world(rnd, world):
    """Hosts with addresses, or none, or an alias, or a failure; MX records; names of the clients."""
    for host in HOSTS:
        what = rnd.random()
        if what < 0.6:
            four, six = address(rnd)
            world.add(host, "A", four)
            if rnd.random() < 0.5:
                world.add(host, "AAAA", six)
        elif what < 0.7:
            # Not to a name that does not exist: pyspf counts that as two void lookups.
            there = [other for other in HOSTS[:3] if other in world.zone]
            world.zone[host] = {"CNAME": [rnd.choice(there)]} if there and host in HOSTS[3:] else {"A": ["192.0.2.9"]}
        elif what < 0.8:
            world.zone[host] = {"TXT": ["nothing"]}
        elif what < 0.83:
            world.zone[host] = {"RCODE": rnd.choice(("SERVFAIL", "TIMEOUT"))}
    for domain in DOMAINS:
        if rnd.random() < 0.7:
            for _ in range(rnd.choice((1, 1, 2, 4))):
                world.add(domain, "MX", f"{rnd.choice((0, 10, 20))} {rnd.choice(HOSTS)}")
        if rnd.random() < 0.6:
            world.add(domain, "A", rnd.choice(IP4[:3]))
    for reverse in ("1.2.0.192.in-addr.arpa", "7.100.51.198.in-addr.arpa"):
        for _ in range(rnd.choice((0, 1, 2))):
            world.add(reverse, "PTR", rnd.choice(HOSTS + DOMAINS))


def domain_spec(rnd):
    what = rnd.random()
    if what < 0.45:
        return rnd.choice(DOMAINS[1:] + HOSTS)
    if what < 0.8:
        return rnd.choice(MACROS) + "." + rnd.choice(DOMAINS + ("host.example", "_spf.d1.example"))
    return rnd.choice(("%{d}", "%{o}", "%{h}", "%{l}.%{o}", "none.example", "%{ir}.%{v}.d2.example", "x.%{d2}"))


def mechanism(rnd):
    prefix = rnd.choice(("", "", "", "/24", "/0", "/32", "//64", "/24//64", "//0"))
    return rnd.choice((
        lambda: "ip4:" + rnd.choice(("192.0.2.0/24", "192.0.2.1", "198.51.100.0/25", "0.0.0.0/0", "203.0.113.9/8", "192.0.2.1/32")),
        lambda: "ip6:" + rnd.choice(("2001:db8::/32", "2001:db8::1", "::/0", "fe80::1/10", "::ffff:192.0.2.1")),
        lambda: "a" + prefix,
        lambda: "a:" + domain_spec(rnd) + prefix,
        lambda: "mx" + prefix,
        lambda: "mx:" + domain_spec(rnd) + prefix,
        lambda: "include:" + domain_spec(rnd),
        lambda: "include:" + rnd.choice(DOMAINS[1:]),
        lambda: "include:" + rnd.choice(DOMAINS[1:]),
        lambda: "exists:" + domain_spec(rnd),
        lambda: "ptr" + rnd.choice(("", ":" + domain_spec(rnd))),
    ))()


def record(rnd):
    terms = [rnd.choice(("", "", "", "-", "~", "?", "+")) + mechanism(rnd) for _ in range(rnd.choice((0, 1, 1, 2, 3, 5)))]
    if rnd.random() < 0.6:
        terms.append(rnd.choice(("-all", "~all", "?all", "all", "-ALL")))
    if rnd.random() < 0.3:
        terms.insert(rnd.randint(0, len(terms)), "redirect=" + rnd.choice((domain_spec(rnd), rnd.choice(DOMAINS[1:]))))
    if rnd.random() < 0.1:
        terms.insert(rnd.randint(0, len(terms)), rnd.choice(("x-y.z_1=%{d}", "unknown=", "moo=a/b", "exp=" + domain_spec(rnd))))
    return rnd.choice(("v=spf1", "v=spf1", "V=SPF1")) + "".join(rnd.choice((" ", " ", "  ")) + term for term in terms) + rnd.choice(("", "", " "))


def damage(rnd, text):
    """(kind, text): a small thing is wrong, or turns out not to be."""
    at = rnd.randint(7, len(text)) if len(text) > 7 else len(text)
    piece = rnd.choice((":", "/", "%", "%{", "}", "=", "\t", "\xe9", "\x00", ".", "-", " all", "0", "ip4:", " a:", " include:", "//", "%{x}", "%{d0}", " redirect=",
                        "%{d", " exp=", "::", "*", "_", " +", " v=spf1", " ip4:192.0.2.1/33", " ip4:1.2.3", " a/033", " a:.", " a:x..y.example", " mx:example"))
    if rnd.random() < 0.3:
        return "cut", text[:at - 1] + text[at:]
    return f"with {piece!r}", text[:at] + piece + text[at:]


def random_world(rnd):
    """(kind, World)"""
    world, kind = World(), "random"
    host_world(rnd, world)
    for domain in DOMAINS:
        if domain != SENDER and rnd.random() < 0.1:
            continue
        text = record(rnd)
        if domain == SENDER and rnd.random() < 0.3:
            kind, text = damage(rnd, text)
            kind = "damaged " + kind
        world.add(domain, "TXT", [text[i:i + 200] for i in range(0, len(text), 200)] if rnd.random() < 0.2 else text)
        if rnd.random() < 0.1:
            world.add(domain, "TXT", rnd.choice(("other text", "v=spf10", "v=spf1", "v=spf2.0/pra")))
        if domain != SENDER and rnd.random() < 0.03:
            world.zone[domain] = {"TXT_RCODE": "SERVFAIL"}
    return kind, world


def random_envelope(rnd):
    local = rnd.choice(("bob", "strong-bad", "a.b+c", "", "x_y", "B\xc3\xb6b", "\"a b\""))
    return {"ip": rnd.choice(IP4 + IP6), "helo": rnd.choice((HOSTS[0], SENDER, "d1.example")), "mailfrom": f"{local}@{SENDER}" if local else SENDER,
            "rcpt": ["a@here.example"]}


class Query(spf.query):
    """pyspf, but for what RFC 7208 leaves open.

    4.6.4, void lookups: pyspf counts every lookup without an answer; Sluis does not count that a host of mx has no address of
    the client's family, or lookups that find out the client's names, which a sender cannot help. 5.4: pyspf asks for all hosts
    of mx, by preference; Sluis in the order of the answer, until one matches.
    """

    world = None

    def dns(self, name, kind, cnames=None, ignore_void=False):
        """An alias without data is one void lookup: pyspf counts each name of the chain."""
        return super().dns(name, kind, cnames, ignore_void or cnames is not None)

    def dns_mx(self, domain):
        hosts = self.dns(domain, "MX")
        if len(hosts) > spf.MAX_MX:
            raise spf.PermError("too many MX records")
        return (found for _, host in hosts for found in self.dns(host, self.A, ignore_void=self.world.has(host)))

    def validated_ptrs(self):
        reverse = f"{spf.reverse_dots(self.i)}.{self.v}.arpa"
        names = self.dns(reverse, "PTR", ignore_void=self.for_macro)[:spf.MAX_PTR]
        return [name for name in names if self.leads_back(name)]

    def leads_back(self, name):
        try:
            return self.cidrmatch(self.dns(name, self.A, ignore_void=True), self.cidrmax)
        except spf.TempError:  # RFC 7208 5.5: that name is skipped
            return False

    def cidrmatch(self, addresses, length):
        return any(super(Query, self).cidrmatch([found], length) for found in addresses)

    for_macro = False

    def getp(self):
        self.for_macro = True
        try:
            return super().getp()
        finally:
            self.for_macro = False


def theirs(world, ip, sender, helo):
    """(result and reason, explanation)"""
    spf.DNSLookup = world.look_up
    try:
        query = Query(i=ip, s=sender, h=helo, receiver="mx.sluis.example", strict=True)
        query.world = world
        query.set_default_explanation("DEFAULT")
        query.t = str(NOW)
        result, _, text = query.check()
        return (f"{result}: {query.prob}" if result.endswith("error") else result), text
    except Exception as error:  # it stumbles over some records
        return f"error {type(error).__name__}", ""


def check_results(tap, known, rnd):
    kinds, vectors = {}, []
    for number in range(WORLDS):
        kind, world = random_world(rnd)
        kinds[str(number)] = kind, world
        vectors.append({"id": str(number), "now": NOW, "dns": world.zone, "envelope": random_envelope(rnd)})
    outcomes = run(vectors)
    complaints, fields, counts = [], [], {}
    for vector in vectors:
        outcome, envelope = outcomes[vector["id"]], vector["envelope"]
        kind, world = kinds[vector["id"]]
        if not envelope["mailfrom"].isascii():
            kind = "8-bit local part, " + kind
        fields += results.complaints(outcome)
        for fact in outcome["audit"]["spf"]:
            sender = envelope["mailfrom"] if fact["identity"] == "mailfrom" else ""
            other, _ = theirs(world, envelope["ip"], sender, envelope["helo"])
            counts[fact["result"]] = counts.get(fact["result"], 0) + 1
            ours = fact["result"] + (f": {fact['why']}" if fact["result"].endswith("error") else "")
            if fact["result"] != other.partition(":")[0] and not known.explains(kind, ours, other):
                complaints.append(f"{vector['id']} {kind} {fact['identity']}: ours {ours} ({fact['why']}), theirs {other}: {envelope} "
                                  + str({name: records for name, records in world.zone.items()}))
    tap.point(f"{WORLDS} random worlds: {', '.join(f'{n} {r}' for r, n in sorted(counts.items()))}", complaints)
    tap.point("their Authentication-Results fields", fields)


# ---- explanations (RFC 7208 6.2, 7) ----

PIECES = ("text", " ", "  ", "%%", "%_", "%-", "<>", "%{c}", "%{r}", "http://x/?%{L}=%{O}", "(", "\"", ",") + MACROS
ODD_PIECES = ("%", "%{", "%{x}", "%{d", "%(d)", "%{d0}", "\xe9", "\x01", "%{t}", "%{ir0}")
EXPLANATIONS = 400


def explanation_world(rnd):
    """(kind, World): everything fails, and why."""
    world, kind = World(), "explanation"
    host_world(rnd, world)
    pieces = [rnd.choice(PIECES) for _ in range(rnd.randint(1, 6))]
    if rnd.random() < 0.2:
        piece = rnd.choice(ODD_PIECES)
        kind = f"explanation with {piece!r}"
        pieces.insert(rnd.randint(0, len(pieces)), piece)
    world.zone[SENDER] = {"TXT": [f"v=spf1 -all exp={rnd.choice(('why.' + SENDER, 'why.%{d}', 'why.%{o}'))}"]}
    world.zone["why." + SENDER] = {"TXT": ["".join(pieces)] * rnd.choice((1, 1, 1, 1, 2))}
    return kind, world


def check_explanations(tap, known, rnd):
    kinds, vectors = {}, []
    for number in range(EXPLANATIONS):
        kind, world = explanation_world(rnd)
        kinds[str(number)] = kind, world
        # pyspf was not made for 8-bit local parts, and %{s} without one lacks its "postmaster@" (RFC 7208 4.3).
        envelope = {**random_envelope(rnd), "mailfrom": rnd.choice(("bob", "strong-bad", "a.b+c", '"a b"')) + "@" + SENDER}
        vectors.append({"id": str(number), "now": NOW, "dns": world.zone, "config": REJECT, "envelope": envelope})
    outcomes = run(vectors)
    complaints, given = [], 0
    for vector in vectors:
        kind, world = kinds[vector["id"]]
        envelope = vector["envelope"]
        ours = outcomes[vector["id"]]["reply"].partition("explains: ")[2] or "DEFAULT"
        _, other = theirs(world, envelope["ip"], envelope["mailfrom"], envelope["helo"])
        given += ours != "DEFAULT"
        # The reply must be one line of printable ASCII; what is odd in a text that is right is made a question mark.
        other = "".join(c if " " <= c <= "~" else "?" for c in other) if other.strip() else "DEFAULT"
        if ours.split() != other.split() and not known.explains(kind, ours, other):
            complaints.append(f"{vector['id']} {kind}: ours {ours!r}, theirs {other!r}: {envelope} {world.zone['why.' + SENDER]}")
    tap.point(f"{EXPLANATIONS} explanations, {given} given", complaints)


def main():
    tap, known = Tap(), Disagreements("spf")
    rnd = random.Random(SEED)
    check_results(tap, known, rnd)
    check_explanations(tap, known, rnd)
    tap.point("every known disagreement still exists", known.unused())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: BSD-2-Clause
"""The lab's zone tree: reads the readable zone text, adds what every tree needs, writes and signs all zones.

    zone NAME KIND [nsec3 | optout]   signed | unsigned | island | bogus | bogus-ds | unknown-algorithm | servfail | silent
    NAME [TTL] TYPE DATA              a record; names are absolute, the final dot may be left out in NAME
    fault NAME TYPE WHAT              servfail | timeout | refused | nxdomain | bogus | truncated | cut | garbage | other |
                                      delay:MS; TYPE may be *
    server ADDRESS WHAT               how the remote mail server there behaves: tls | plain | dead
    ptr ADDRESS NAME                  a reverse name

`TLSA 3 1 1 auto` is the certificate that the lab's remote servers show (usage 2: their authority), `wrong` is another one.
`TXT dkim:rsa2048` is the record of a generated key (see mail.py). Other TXT text may go without quotes.
The root, top-level domains (signed), root-servers.net, reverse zones, SOA and NS records are made. A zone is served on an address
that depends on how many zones are above it, so a parent and its child are never on one server.
"""

import base64
import hashlib
import ipaddress
import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import certs
import mail
from inside import CACHE, PKG, environment, write

KINDS = ("signed", "unsigned", "island", "bogus", "bogus-ds", "unknown-algorithm", "servfail", "silent")
FAULTS = ("servfail", "timeout", "refused", "nxdomain", "bogus", "truncated", "cut", "garbage", "other")
ROOT_SERVERS = ("198.41.0.4", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4",
                "198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129", "199.7.83.42", "202.12.27.33",
                "199.9.14.201")                 # the last one is b's address of before 2023, in older root hints
DAY = 86400


class ZoneError(Exception):
    """Something is wrong in the zone text; says where."""


def fold(name):
    """A name as the tree keeps it: lower case, no final dot; the root is empty."""
    return name.lower().rstrip(".")


def under(name, zone):
    return name == zone or zone == "" or name.endswith("." + zone)


class Zone:
    def __init__(self, name, kind="signed", denial="nsec", origin="made"):
        self.name, self.kind, self.denial, self.origin = name, kind, denial, origin
        self.records = []                       # (name, ttl, type, data)
        self.depth = 0

    @property
    def signed(self):
        return self.kind != "unsigned"


class Tree:
    """All zones, faults and remote servers of a lab. `add` any number of texts, then `build` once."""

    def __init__(self):
        self.zones = {}                         # name: Zone
        self.faults = {}                        # (name, type or "*"): what
        self.servers = {}                       # address: what
        self._records = []                      # (name, ttl, type, data, origin)
        self._ptr = {}

    def add(self, text, origin="zone"):
        for number, line in enumerate(text.splitlines(), 1):
            where = f"{origin}:{number}"
            line = line.strip() if '"' in line else re.sub(r"(^|\s)#.*", "", line).strip()
            if line and not line.startswith("#"):
                self._line(line.split(), line, where)

    def _line(self, words, line, where):
        def need(count, what):
            if len(words) < count:
                raise ZoneError(f"{where}: expected {what}")
        if words[0] == "zone":
            need(3, "zone NAME KIND [nsec3|optout]")
            name, denial = fold(words[1]), (words[3:4] or ["nsec"])[0]
            if words[2] not in KINDS or denial not in ("nsec", "nsec3", "optout"):
                raise ZoneError(f"{where}: unknown kind of zone: {' '.join(words[2:])}")
            old = self.zones.get(name)
            if old and (old.kind, old.denial) != (words[2], denial):
                raise ZoneError(f"{where}: zone {name} was declared otherwise at {old.origin}")
            self.zones.setdefault(name, Zone(name, words[2], denial, where))
        elif words[0] == "fault":
            need(4, "fault NAME TYPE WHAT")
            if words[3] not in FAULTS and not re.fullmatch(r"delay:\d+", words[3]):
                raise ZoneError(f"{where}: unknown fault: {words[3]}")
            self.faults[fold(words[1]), words[2].upper()] = words[3]
        elif words[0] == "server":
            need(3, "server ADDRESS tls|plain|dead")
            self.servers[words[1]] = words[2]
        elif words[0] == "ptr":
            need(3, "ptr ADDRESS NAME")
            self.ptr(words[1], words[2])
        else:
            match = re.match(r"(\S+)\s+(?:(\d+)\s+)?(?:IN\s+)?([A-Z][A-Z0-9-]*)\s+(.*)", line)
            if not match:
                raise ZoneError(f"{where}: not a record: {line}")
            name, ttl, kind, data = match.groups()
            record = (fold(name), int(ttl or 3600), kind, data.strip(), where)
            if record[:4] not in [r[:4] for r in self._records if r[0] == record[0]]:
                self._records.append(record)

    def ptr(self, address, name):
        self._ptr[ipaddress.ip_address(address).reverse_pointer] = fold(name)

    def zone_of(self, name):
        """The most specific zone that a name lies in."""
        while name not in self.zones:
            name = name.partition(".")[2]
        return self.zones[name]

    def mail_servers(self):
        """{address: what} of the remote mail servers: of all names that an MX record points to, and of all `server` lines."""
        targets = {fold(data.split()[1]) for _, _, kind, data, _ in self._records if kind == "MX" and len(data.split()) == 2}
        found = {data: "tls" for name, _, kind, data, _ in self._records if kind in ("A", "AAAA") and name in targets}
        return {**found, **self.servers}

    def addresses(self, name):
        return {data for owner, _, kind, data, _ in self._records if owner == fold(name) and kind in ("A", "AAAA")}

    def mail_hosts(self):
        """Names that a remote server's certificate must have: all that has an address."""
        return sorted({name for name, _, kind, _, _ in self._records if kind in ("A", "AAAA") and not name.startswith("*")})

    # Building

    def build(self, folder, authority=None, leaf=None):
        """Write and sign all zones into `folder`; the configuration of the front server. FOLDER/root.key is the trust anchor."""
        os.makedirs(folder, exist_ok=True)
        self._complete()
        for name, ttl, kind, data, where in self._records:
            self.zone_of(name).records.append((name, ttl, kind, self._data(kind, data, where, authority, leaf)))
        self._check_faults()
        key = _zone_key()
        for zone in self.zones.values():
            self._infrastructure(zone)
            if zone.name:
                self._delegate(zone, key)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda zone: _write(zone, folder, key), self.zones.values()))
        write(folder + "/root.key", f". IN DNSKEY {key.public}\n")
        return {
            "zones": {z.name: [z.depth, z.kind] for z in self.zones.values()},
            "files": {z.name: _file(zone=z, folder=folder) for z in self.zones.values()},
            "addresses": {a: 0 for a in ROOT_SERVERS} | {_address(d): d for d in {z.depth for z in self.zones.values()} if d},
            "faults": [[name, kind, what] for (name, kind), what in self.faults.items()],
        }

    def _complete(self):
        """The zones that nobody wrote: the root, its servers' zone, reverse zones, a top-level domain for every name."""
        self.zones.setdefault("", Zone(""))
        self.zones.setdefault("root-servers.net", Zone("root-servers.net", "unsigned"))
        for zone in ("in-addr.arpa", "ip6.arpa"):
            self.zones.setdefault(zone, Zone(zone))
        for name in [*self.zones, *(r[0] for r in self._records)]:
            top = name.rpartition(".")[2]
            self.zones.setdefault(top, Zone(top))
        for zone in self.zones.values():
            zone.depth = sum(zone.name != other and under(zone.name, other) for other in self.zones)
        for letter, address in zip("abcdefghijklm", ROOT_SERVERS):
            self._records.append((letter + ".root-servers.net", 3600, "A", address, "made"))
        for reverse, name in self._ptr.items():
            self._records.append((reverse, 3600, "PTR", name + ".", "made"))

    def _data(self, kind, data, where, authority, leaf):
        """A record's data as the zone file has it."""
        if kind == "TXT":
            return quote(mail.record(data[5:])) if data.startswith("dkim:") else data if data.startswith('"') else quote(data)
        if kind == "TLSA" and data.split()[-1] in ("auto", "wrong"):
            usage, selector, matching, word = data.split()
            if word == "wrong":
                return f"{usage} {selector} {matching} " + "5a" * (64 if matching == "2" else 32)
            if not leaf:
                raise ZoneError(f"{where}: TLSA auto, but this lab has no remote servers")
            certificate = authority.ca if usage in "02" else leaf
            return f"{usage} {selector} {matching} {certs.tlsa_data(certificate, int(selector), int(matching))}"
        return data

    def _check_faults(self):
        """A resolver may make up the denial of a TLSA record out of another proof, and then never meets the fault."""
        have = {(r[0], r[2]) for r in self._records}
        for (name, kind), what in self.faults.items():
            if kind == "TLSA" and (name, kind) not in have and (name, "CNAME") not in have:
                raise ZoneError(f"fault {name} TLSA {what}: the record must exist, or the resolver may never ask")

    def _infrastructure(self, zone):
        if zone.name == "":
            servers = [f"{letter}.root-servers.net." for letter in "abcdefghijklm"]
            glue = [(f"{letter}.root-servers.net", 3600, "A", a) for letter, a in zip("abcdefghijklm", ROOT_SERVERS)]
        else:
            servers = [f"ns1.{zone.name}."]
            glue = [(f"ns1.{zone.name}", 3600, "A", _address(zone.depth))]
        soa = f"{servers[0]} hostmaster.{zone.name or 'root-servers.net'}. 1 7200 3600 1209600 300"
        zone.records = [(zone.name, 3600, "SOA", soa), *((zone.name, 3600, "NS", s) for s in servers), *glue, *zone.records]

    def _delegate(self, zone, key):
        parent = self.zone_of(zone.name.partition(".")[2])
        records = [(zone.name, 3600, "NS", f"ns1.{zone.name}."), (f"ns1.{zone.name}", 3600, "A", _address(zone.depth))]
        if zone.kind not in ("unsigned", "island") and parent.signed:
            digest = hashlib.sha256(_wire(zone.name) + key.rdata).hexdigest()
            algorithm = 13
            if zone.kind == "bogus-ds":
                digest = digest[::-1]
            elif zone.kind == "unknown-algorithm":
                algorithm = 200
            records.append((zone.name, 3600, "DS", f"{key.tag} {algorithm} 2 {digest}"))
        parent.records += records


def quote(text):
    """TXT text as character-strings of at most 255 octets."""
    data = text.encode("latin-1", "replace").decode("latin-1")
    parts = [data[i:i + 255] for i in range(0, len(data), 255)] or [""]
    escape = lambda c: "\\" + c if c in '"\\' else c if " " <= c <= "~" else f"\\{ord(c):03d}"
    return " ".join('"' + "".join(map(escape, part)) + '"' for part in parts)


class _Key:
    """The lab's zone key. All zones share one key pair: its tag depends on the key alone, so making it once is enough."""

    def __init__(self, private, public):
        self.private, self.public = private, public
        flags, protocol, algorithm, data = public.split(None, 3)
        self.rdata = int(flags).to_bytes(2, "big") + bytes([int(protocol), int(algorithm)]) + base64.b64decode(data)
        total = sum(b if i % 2 else b << 8 for i, b in enumerate(self.rdata))       # RFC 4034 appendix B
        self.tag = (total + (total >> 16)) & 0xFFFF


def _zone_key():
    folder = CACHE + "/zone-key"
    if not os.path.exists(folder):
        new = f"{folder}.{os.getpid()}"
        os.makedirs(new)
        done = subprocess.run([PKG + "/usr/bin/ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "lab"], cwd=new, check=True,
                              env=environment(), text=True, stdout=subprocess.PIPE)
        for end in ("key", "private"):
            os.rename(f"{new}/{done.stdout.strip()}.{end}", f"{new}/Klab.{end}")
        try:
            os.rename(new, folder)
        except OSError:                                      # another lab was faster; its key will do
            shutil.rmtree(new)
    with open(folder + "/Klab.private") as private, open(folder + "/Klab.key") as public:
        return _Key(private.read(), re.search(r"DNSKEY\s+([^;\n]+)", public.read()).group(1).strip())


def _wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def _address(depth):
    return f"10.53.{depth}.1"


def _file(zone, folder):
    return f"{folder}/{zone.name or 'root'}.zone" + (".signed" if zone.signed else "")


def _write(zone, folder, key):
    plain = f"{folder}/{zone.name or 'root'}.zone"
    seen, lines = set(), []
    for name, ttl, kind, data in zone.records:
        line = f"{name}. {ttl} IN {kind} {data}" if name else f". {ttl} IN {kind} {data}"
        if line not in seen:
            seen.add(line)
            lines.append(line)
    write(plain, "\n".join(lines) + "\n")
    if not zone.signed:
        return
    base = f"{folder}/K{zone.name or 'root'}"
    write(base + ".private", key.private)
    write(base + ".key", f"{zone.name}. IN DNSKEY {key.public}\n")
    now = int(time.time())
    begin, end = (now - 60 * DAY, now - 30 * DAY) if zone.kind == "bogus" else (now - DAY, now + 30 * DAY)
    denial = {"nsec": [], "nsec3": ["-n", "-t", "0"], "optout": ["-n", "-t", "0", "-p"]}[zone.denial]
    done = subprocess.run([PKG + "/usr/bin/ldns-signzone", *denial, "-i", str(begin), "-e", str(end), "-o", zone.name or ".",
                           "-f", plain + ".signed", plain, base], env=environment(), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode or not os.path.exists(plain + ".signed"):
        raise ZoneError(f"zone {zone.name} ({zone.origin}) cannot be signed: {done.stdout.strip()}")

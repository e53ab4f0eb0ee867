#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The lab's DNS: NSD for every level of the tree behind the front server, and a validating unbound for the lab's own programs.

    lab/nameserver.py [--delay MS] [--unbound] ZONEFILE... [-- COMMAND...]

builds the zones, serves them on port 53 of the root servers' addresses, and runs the command (default: a shell), with
$SLUIS_LAB_ANCHOR naming the trust anchor. A resolver inside the lab that starts from the built-in root hints finds this tree.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import inside
from inside import PKG, Daemon, write
from zones import Tree

RESOLVER_SOURCE = "10.53.53.53"          # where the lab's own unbound asks from; its queries are not counted


class Dns:
    """Serves a built tree. `with Dns(tree) as dns:` or start/stop; `anchor` is the file of the trust anchor."""

    def __init__(self, tree, delay=0, authority=None, leaf=None, work="dns"):
        self.folder = inside.fresh(work)
        self.config = tree.build(self.folder + "/zones", authority, leaf)
        self.anchor = self.folder + "/zones/root.key"
        self.log = self.folder + "/queries.log"
        self.delay = delay
        self.daemons = []

    def start(self):
        depths = sorted({depth for depth, _ in self.config["zones"].values()})
        backends = {depth: 5300 + depth for depth in depths}
        for depth in depths:
            zones = [(name, f) for name, f in self.config["files"].items() if self.config["zones"][name][0] == depth]
            self.daemons.append(self._nsd(depth, backends[depth], zones))
        self.config |= {"backends": backends, "log": self.log, "delay": self.delay, "ready": self.folder + "/ready"}
        self._write_config()
        front = Daemon("/usr/bin/python3", inside.HERE + "/front.py", self.folder + "/front.json", log=self.folder + "/front.out")
        self.front = front
        self.daemons.append(front)
        for depth, daemon in zip(depths, self.daemons):
            daemon.ready(lambda: _answers("127.0.0.1", backends[depth]))
        front.ready(lambda: os.path.exists(self.folder + "/ready"))
        return self

    def _nsd(self, depth, port, zones):
        lines = [f"""server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{self.folder}/zones"
  zonelistfile: "{self.folder}/zone.list.{depth}"
  xfrdfile: ""
  xfrdir: "{self.folder}"
  pidfile: "{self.folder}/nsd.{depth}.pid"
  hide-version: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  tcp-count: 200
remote-control:
  control-enable: no"""]
        lines += [f'zone:\n  name: "{name or "."}"\n  zonefile: "{file}"' for name, file in zones]
        conf = write(f"{self.folder}/nsd.{depth}.conf", "\n".join(lines) + "\n")
        return Daemon(PKG + "/usr/sbin/nsd", "-d", "-c", conf, log=f"{self.folder}/nsd.{depth}.out")

    def _write_config(self):
        write(self.folder + "/front.json.new", json.dumps(self.config))
        os.rename(self.folder + "/front.json.new", self.folder + "/front.json")

    def change(self, delay=None, faults=None):
        """Another delay, or another list of faults [[name, type, what]], from now on."""
        if delay is not None:
            self.config["delay"] = delay
        if faults is not None:
            self.config["faults"] = faults
        self._write_config()
        self.front.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)

    def mark(self):
        """A place in the query log, for `queries`."""
        time.sleep(0.02)
        return inside.size(self.log)

    def queries(self, name=None, kind=None, since=0, every=False):
        """The queries since a mark as (seconds, from, to, name, type), without those of the lab's own unbound."""
        time.sleep(0.02)
        name = name and name.lower().rstrip(".") or name
        found = []
        for line in inside.read(self.log, since).splitlines():
            words = line.split()
            if len(words) == 5 and (every or words[1] != RESOLVER_SOURCE) and name in (None, words[3]) and kind in (None, words[4]):
                found.append((float(words[0]), *words[1:]))
        return found

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.stop()
        self.daemons = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Unbound:
    """A validating resolver on 127.0.0.53, which /etc/resolv.conf of the lab names."""

    def __init__(self, anchor, address="127.0.0.53", options=()):
        self.folder = inside.fresh("unbound")
        self.address = address
        extra = "".join(f"  {line}\n" for line in options)
        self.conf = write(self.folder + "/unbound.conf", f"""server:
  interface: {address}
  port: 53
  access-control: 127.0.0.0/8 allow
  outgoing-interface: {RESOLVER_SOURCE}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  logfile: ""
  log-time-ascii: yes
  val-log-level: 1
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  do-not-query-localhost: no
  unblock-lan-zones: yes
  trust-anchor-file: "{anchor}"
  module-config: "validator iterator"
  num-threads: 1
{extra}remote-control:
  control-enable: no
""")

    def start(self):
        self.daemon = Daemon(PKG + "/usr/sbin/unbound", "-d", "-c", self.conf, log=self.folder + "/unbound.log")
        self.daemon.ready(lambda: _answers(self.address, 53))
        return self

    def stop(self):
        self.daemon.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def ask(name, kind="A", server="127.0.0.53", timeout=10, checking_disabled=False):
    """One question to a resolver: (rcode, authenticated data?, number of answers of that type); rcode "timeout" for silence."""
    number = {"A": 1, "NS": 2, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "DS": 43, "DNSKEY": 48, "TLSA": 52}[kind]
    wire = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"
    flags = 0x0120 | (0x10 if checking_disabled else 0)
    query = struct.pack(">HHHHHH", os.getpid() & 0xFFFF, flags, 1, 0, 0, 1) + wire + struct.pack(">HH", number, 1)
    query += b"\0\0\x29\x10\0\0\0\0\0\0\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect((server if isinstance(server, str) else server[0], 53 if isinstance(server, str) else server[1]))
        try:
            s.send(query)
            answer = s.recv(65535)
        except TimeoutError:
            return "timeout", False, 0
    flags, _, count = struct.unpack_from(">HHH", answer, 2)
    rcode = {0: "noerror", 2: "servfail", 3: "nxdomain", 5: "refused"}.get(flags & 15, str(flags & 15))
    return rcode, bool(flags & 0x20), count


def _answers(address, port):
    try:
        return ask(".", "SOA", (address, port), timeout=0.3)[0] != "timeout"
    except OSError:
        return False


def main():
    args, command = sys.argv[1:], []
    if "--" in args:
        command, args = args[args.index("--") + 1:], args[:args.index("--")]
    delay = 0
    if "--delay" in args:
        at = args.index("--delay")
        delay = int(args[at + 1])
        del args[at:at + 2]
    unbound = "--unbound" in args
    args = [a for a in args if a != "--unbound"]
    if not args or args[0].startswith("-"):
        print(__doc__)
        sys.exit(64)
    inside.enter()
    tree = Tree()
    for path in args:
        with open(path) as f:
            tree.add(f.read(), path)
    import certs
    authority = certs.Authority(inside.fresh("certs"))
    leaf, _ = authority.leaf("remote", tree.mail_hosts())
    with Dns(tree, delay, authority, leaf) as dns:
        os.environ["SLUIS_LAB_ANCHOR"] = dns.anchor
        resolver = Unbound(dns.anchor).start() if unbound else None
        status = subprocess.run(command or [os.environ.get("SHELL", "/bin/sh")]).returncode
        if resolver:
            resolver.stop()
    sys.exit(status)


if __name__ == "__main__":
    main()

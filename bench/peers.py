# SPDX-License-Identifier: BSD-2-Clause
"""The filters under test: how each is started, with its configuration out of peers/ (or above, for Sluis).

A filter has `sockets` (milters in their order), `policies` (Postfix policy services), `roots` (process ids), start and stop. All
log one line or more for each message, as they would in production.
"""

import glob
import os
import shutil
import string

import inside
from inside import PKG, Daemon, connects, connects_unix, write

HERE = os.path.dirname(os.path.abspath(__file__))

SLUIS = """
listen = "{listen}"
socket-mode = "0666"
socket-group = ""
user = "sluis"
crash-journal = "{folder}/in-hand"
mode = annotate
local-domains = {{"receiver.example"}}
resolver {{ servers = {{"recursive"}} trust-anchor = "{anchor}" timeout = 5 budget = 20 cache-size = {cache} }}
outbound {{ dane = reject }}
audit {{ log = "{folder}/audit.jsonl" addresses = domain }}
{more}
"""


class Filter:
    """`name` is its row in the tables."""

    name = ""
    patience = 30                                # seconds until it must listen
    uses_resolver = True                         # asks the lab's unbound, whose CPU time is then its own

    def __init__(self, inet=False):
        self.inet = inet
        self.folder = inside.fresh("bench-" + type(self).__name__.lower())
        os.chmod(self.folder, 0o777)
        self.daemons, self.sockets, self.policies = [], [], []

    def socket(self, name, port):
        """A milter socket's name as the MTA and bench/load have it; `self.inet`: TCP."""
        where = f"inet:{port}@127.0.0.1" if self.inet else f"unix:{self.folder}/{name}"
        self.sockets.append(where)
        return where

    def config(self, name, target=None, **values):
        """A file out of peers/ with its ${...} filled in, under the same name or `target`."""
        with open(f"{HERE}/peers/{name}") as f:
            text = string.Template(f.read()).safe_substitute(folder=self.folder, pkg=PKG, **values)
        return write(f"{self.folder}/{target or name}", text)

    def daemon(self, *command, where, env=None, **options):
        daemon = Daemon(*command, log=f"{self.folder}/{os.path.basename(command[0])}.log", env=env, umask=0, **options)
        daemon.ready(lambda: listens(where), self.patience)
        self.daemons.append(daemon)
        return daemon

    @property
    def roots(self):
        return [d.process.pid for d in self.daemons]

    def stop(self):
        for daemon in self.daemons:
            daemon.stop(seconds=30)
        self.daemons = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


def listens(where):
    if where.startswith("unix:"):
        return os.path.exists(where[5:]) and connects_unix(where[5:])
    port, _, host = where[5:].partition("@")
    return connects(host, int(port))


class Sluis(Filter):
    name, uses_resolver = "sluis", False

    def __init__(self, program, anchor, cache=16, more="", **options):
        super().__init__(**options)
        self.program, self.values = program, {"anchor": anchor, "cache": cache, "more": more}

    def start(self):
        shutil.chown(self.folder, "sluis", "sluis")
        where = self.socket("sluis.sock", 8891)
        conf = write(self.folder + "/sluis.conf", SLUIS.format(listen=where, folder=self.folder, **self.values))
        self.daemon(self.program, "-f", "-c", conf, where=where, env=dict(os.environ))


class Floor(Filter):
    """libmilter that does nothing, and libopendkim verifying with a key from a file: nobody can be faster who uses them."""

    name, uses_resolver = "floor", False

    def __init__(self, program, key, **options):
        super().__init__(**options)
        self.program, self.key = program, key

    def start(self):
        where = self.socket("floor.sock", 8890)
        key = write(self.folder + "/key", self.key)
        self.daemon(self.program, where, key, where=where, env=dict(os.environ))


class OpenDkim(Filter):
    name = "opendkim"

    def start(self):
        where = self.socket("opendkim.sock", 8892)
        conf = self.config("opendkim.conf", socket=where.replace("unix:", "local:"))
        self.daemon(PKG + "/usr/sbin/opendkim", "-f", "-x", conf, where=where)


class OpenDkimDmarc(OpenDkim):
    """opendmarc does SPF by itself here, because the policy service that does it in `Chain` needs Postfix."""

    name = "opendkim + opendmarc"
    spf = "yes"

    def start(self):
        super().start()
        where = self.socket("opendmarc.sock", 8893)
        conf = self.config("opendmarc.conf", socket=where.replace("unix:", "local:"), spf=self.spf)
        self.daemon(PKG + "/usr/sbin/opendmarc", "-f", "-c", conf, where=where)


class Chain(OpenDkimDmarc):
    """The whole chain, through Postfix only: SPF by the policy service, whose field opendmarc reads."""

    name = "opendkim + opendmarc + policyd-spf"
    spf = "no"

    def start(self):
        super().start()
        conf = self.config("policyd-spf.conf")
        modules = f"PYTHONPATH={PKG}/usr/lib/python3/dist-packages"
        self.policies.append(("policyd-spf", f"/usr/bin/env {modules} /usr/bin/python3 {PKG}/usr/bin/policyd-spf {conf}"))


class Rspamd(Filter):
    """As Debian has it, with all modules off but SPF, DKIM, DMARC and the one that writes the results."""

    name = "rspamd (these modules)"
    patience = 120                               # the first start compiles patterns, which later ones find again
    keep = ("spf", "dkim", "dmarc", "milter_headers")

    def start(self):
        where = self.socket("rspamd.sock", 8894)
        bind = "127.0.0.1:8894" if self.inet else where[5:] + " mode=0666"
        self.share = PKG + "/usr/share/rspamd"
        compiled = inside.WORK + "/rspamd-compiled"
        os.makedirs(compiled, exist_ok=True)
        os.chmod(compiled, 0o777)
        variables = {"CONFDIR": PKG + "/etc/rspamd", "LOCAL_CONFDIR": self.folder, "RUNDIR": self.folder, "DBDIR": compiled,
                     "LOGDIR": self.folder, "PLUGINSDIR": self.share + "/plugins", "RULESDIR": self.share + "/rules",
                     "LUALIBDIR": self.share + "/lualib", "SHAREDIR": self.share, "WWWDIR": self.share + "/www"}
        env = inside.environment()
        env["LD_LIBRARY_PATH"] += ":" + PKG + "/usr/lib/rspamd"
        self.daemon(PKG + "/usr/bin/rspamd", "-f", "-u", "sluis", "-g", "sluis", "-c", self.main_config(bind),
                    *(f"--var={k}={v}" for k, v in variables.items()), where=where, env=env)

    def main_config(self, bind):
        modules = [os.path.basename(path)[:-5] for path in glob.glob(PKG + "/etc/rspamd/modules.d/*.conf")]
        for module in set(modules) - set(self.keep):
            write(f"{self.folder}/override.d/{module}.conf", "enabled = false;\n")
        for path in glob.glob(HERE + "/peers/rspamd/override.d/*"):
            self.config("rspamd/override.d/" + os.path.basename(path), "override.d/" + os.path.basename(path), bind=bind)
        return PKG + "/etc/rspamd/rspamd.conf"


class RspamdBare(Rspamd):
    """With a configuration of its own that loads nothing else at all: no rules, no composites, no lists. Nobody runs it so."""

    name = "rspamd (bare)"

    def main_config(self, bind):
        return self.config("rspamd-bare.conf", bind=bind, compiled=inside.WORK + "/rspamd-compiled")

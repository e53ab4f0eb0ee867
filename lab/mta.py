# SPDX-License-Identifier: BSD-2-Clause
"""What both MTAs under test have in common: addresses, the mailbox, accounts, how a test asks where its message is."""

import glob
import os
import pwd
import re

import certs
import inside
from inside import PKG, run, wait_until, write

HOSTNAME = "mx1.receiver.example"           # of both MTAs: header and log expectations are then the same
LOCAL_DOMAINS = ("receiver.example",)
USER, PASSWORD = "user", "secret"           # for AUTH on the submission port

QUEUED = re.compile(r"queued as ([0-9A-Za-z]+)|250 2\.0\.0 ([0-9A-Za-z]+) Message accepted")


def queue_id(text):
    """The queue id in an MTA's reply to the end of a message; None where there is none."""
    found = QUEUED.search(text)
    return found and (found[1] or found[2])


class Mta:
    """A receiving and sending MTA with ports 25 and 587 on addresses of its own.

    milters: sockets as sluisd's `listen` has them ("unix:/path"), in order. Every message for a local domain ends in one maildir.
    routes: (domain, "host" | "[host]" | "mailer:host") where mail for it goes; (@domain, ...) for mail from there (Postfix only).
    """

    name = address = address6 = ""

    def __init__(self, milters=(), local_domains=LOCAL_DOMAINS, certificate=None, routes=()):
        self.milters, self.local_domains, self.routes = list(milters), list(local_domains), list(routes)
        self.folder = inside.fresh(self.name)
        self.log = self.folder + "/log"
        self.maildir = self.folder + "/mail"
        self.certificate = certificate or certs.Authority(self.folder + "/certs").leaf("mx1", [HOSTNAME])
        account = pwd.getpwnam("labmail")
        self.uid, self.gid = account.pw_uid, account.pw_gid
        for part in ("", "/tmp", "/new", "/cur"):
            os.makedirs(self.maildir + part)
            os.chown(self.maildir + part, self.uid, self.gid)

    def route_table(self, mailer, gap):
        """The routes of domains as the MTA's table has them."""
        lines = [f"{domain}{gap}{hop if re.match('[a-z]+:', hop) else mailer + ':' + hop}"
                 for domain, hop in self.routes if not domain.startswith("@")]
        return "".join(line + "\n" for line in lines)

    def sasl(self, path, application):
        """Cyrus SASL: an account in a database of the lab."""
        database = inside.WORK + "/sasldb2"
        if not os.path.exists(database):
            for realm in (HOSTNAME, "receiver.example"):
                run(PKG + "/usr/sbin/saslpasswd2", "-p", "-c", "-f", database, "-u", realm, USER, input=PASSWORD)
            os.chmod(database, 0o640)
            os.chown(database, 0, _group("postfix"))
        write(f"{path}/{application}.conf", f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {database}\n"
              "mech_list: PLAIN LOGIN\n")

    def delivered(self, identifier, seconds=10):
        """The delivered message that has this queue id in its Received field, as octets; None where none came in time."""
        seen = set()
        mark = re.compile(rb"\bid " + identifier.encode() + rb"\b")

        def look():
            for path in set(glob.glob(self.maildir + "/new/*")) - seen:
                seen.add(path)
                with open(path, "rb") as f:
                    message = f.read()
                if mark.search(message.partition(b"\n\n")[0]):
                    return message
            return None
        return wait_until(look, seconds)

    def forget_submitted(self):
        """Nothing to do where the sendmail command speaks SMTP."""

    def log_of(self, since=0):
        return inside.read(self.log, since)

    def wait_log(self, pattern, since=0, seconds=10):
        """The first match in the log; None where none came in time."""
        return wait_until(lambda: re.search(pattern, self.log_of(since)), seconds)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def _group(name):
    import grp
    return grp.getgrnam(name).gr_gid

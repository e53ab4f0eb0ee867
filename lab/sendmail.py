# SPDX-License-Identifier: BSD-2-Clause
"""A private Sendmail: sendmail.cf made by m4, own queue; inbound on port 25, submission on port 587."""

import glob
import os
import shutil

import inside
from inside import PKG, Daemon, connects, run, sasl_path, write
from mta import HOSTNAME, Mta

BINARY = PKG + "/usr/libexec/sendmail/sendmail"
CF = PKG + "/usr/share/sendmail/cf"

MC = """divert(0)dnl
VERSIONID(`lab')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{hostname}')dnl
define(`MAIL_SETTINGS_DIR', `{folder}/')dnl
define(`ALIAS_FILE', `')dnl
define(`STATUS_FILE', `{folder}/statistics')dnl
define(`HELP_FILE', `')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`confPID_FILE', `{folder}/sendmail.pid')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confCW_FILE', `-o {folder}/local-host-names')dnl
define(`confCT_FILE', `-o {folder}/trusted-users')dnl
define(`confLOG_LEVEL', `10')dnl
define(`confDEF_USER_ID', `{uid}:{gid}')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confDELAY_LA', `0')dnl
define(`confTO_IDENT', `0')dnl
define(`confTO_ICONNECT', `5s')dnl
define(`confTO_CONNECT', `5s')dnl
define(`confBAD_RCPT_THROTTLE', `0')dnl
define(`confDONT_PROBE_INTERFACES', `true')dnl
define(`confPRIVACY_FLAGS', `noetrn')dnl
define(`confSERVER_CERT', `{certificate}')dnl
define(`confSERVER_KEY', `{key}')dnl
define(`confCLIENT_CERT', `{certificate}')dnl
define(`confCLIENT_KEY', `{key}')dnl
define(`confCACERT_PATH', `{folder}/certs')dnl
define(`confCACERT', `{certificate}')dnl
define(`confTLS_SRV_OPTIONS', `V')dnl
define(`confCIPHER_LIST', `ALL:@SECLEVEL=0')dnl
define(`confSERVER_SSL_OPTIONS', `+SSL_OP_ALL')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
define(`confAUTH_REALM', `{hostname}')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`mailertable', `text -k0 -v1 {folder}/mailertable')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
DAEMON_OPTIONS(`Family=inet, Addr={address}, Port=25, Name=MTA')dnl
DAEMON_OPTIONS(`Family=inet6, Addr={address6}, Port=25, Name=MTA6')dnl
DAEMON_OPTIONS(`Family=inet, Addr={address}, Port=587, Name=ORIGINATING')dnl
{domains}
RELAY_DOMAIN(`127.0.0.1')dnl
{milters}
define(`confMILTER_LOG_LEVEL', `10')dnl
define(`LOCAL_MAILER_PATH', `{folder}/deliver')dnl
define(`LOCAL_MAILER_ARGS', `deliver $u')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-Aw5:/|@')dnl
{more}
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
ESASL_PATH={sasl}
"""

# What `sendmail -t` and the like use: hands the message to the daemon by SMTP.
SUBMIT = """divert(0)dnl
VERSIONID(`lab submission')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{hostname}')dnl
define(`MSP_QUEUE_DIR', `{folder}/client-queue')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confPID_FILE', `{folder}/client.pid')dnl
define(`STATUS_FILE', `')dnl
define(`confTIME_ZONE', `USE_TZ')dnl
define(`confDONT_PROBE_INTERFACES', `true')dnl
define(`confCT_FILE', `-o {folder}/trusted-users')dnl
FEATURE(`use_ct_file')dnl
FEATURE(`msp', `[{address}]', `25')dnl
"""

# One file for each message, in maildir fashion.
DELIVER = """#!/bin/sh
name=$(date +%s.%N).$$
cat >{maildir}/tmp/$name && mv {maildir}/tmp/$name {maildir}/new/$name || exit 75
"""


class Sendmail(Mta):
    """`more`: further lines for the .mc file."""

    name, address, address6 = "sendmail", "10.25.0.2", "2001:db8:25::2"

    def __init__(self, milters=(), more="", **options):
        super().__init__(milters, **options)
        certificate, key = self.certificate
        filters = "".join(f"INPUT_MAIL_FILTER(`milter{n}', `S={m.replace('unix:', 'local:')}, F=T, T=C:30s;S:30s;R:30s;E:5m')dnl\n"
                          for n, m in enumerate(self.milters))
        self.cf = self._build("sendmail", MC.format(
            hostname=HOSTNAME, folder=self.folder, uid=self.uid, gid=self.gid, certificate=certificate, key=key,
            address=self.address, address6=self.address6, domains="\n".join(f"LOCAL_DOMAIN(`{d}')dnl" for d in self.local_domains),
            milters=filters, more=more, sasl=sasl_path()))
        self.submit_cf = self._build("submit", SUBMIT.format(hostname=HOSTNAME, folder=self.folder, address=self.address))
        write(self.folder + "/deliver", DELIVER.format(maildir=self.maildir), 0o755)
        write(self.folder + "/statistics", "")
        write(self.folder + "/mailertable", self.route_table("esmtp", "\t"))
        write(self.folder + "/trusted-users", "root\nsmmsp\n")
        for folder in ("/etc/sasl2", "/etc/mail/sasl"):
            self.sasl(folder, "Sendmail")
        os.makedirs(self.folder + "/queue", 0o700)
        os.makedirs(self.folder + "/client-queue")
        shutil.chown(self.folder + "/client-queue", "smmsp", "smmsp")
        os.chmod(self.folder + "/client-queue", 0o770)

    def _build(self, name, text):
        mc = write(f"{self.folder}/{name}.mc", text)
        cf = run("m4", f"-D_CF_DIR_={CF}/", CF + "/m4/cf.m4", mc, env=dict(os.environ))
        return write(f"{self.folder}/{name}.cf", cf)

    def start(self):
        self.syslog = inside.Syslog(self.log)
        self.daemon = Daemon(BINARY, "-bD", "-C", self.cf, "-q5m", log=self.folder + "/sendmail.out")
        self.daemon.ready(lambda: connects(self.address, 25) and connects(self.address, 587))
        return self

    def stop(self):
        self.daemon.stop()

    def held(self, identifier):
        """Is it quarantined?"""
        return bool(glob.glob(f"{self.folder}/queue/hf{identifier}"))

    def release(self, identifier):
        run(BINARY, "-C", self.cf, "-qQ", "-qI" + identifier, "-Q")
        self.flush()

    def queue(self):
        """The ids of all messages in the queue."""
        return sorted(os.path.basename(f)[2:] for f in glob.glob(self.folder + "/queue/[qh]f*"))

    def flush(self):
        run(BINARY, "-C", self.cf, "-q")

    def submit(self, sender, recipients, message):
        """Through the sendmail command, as a local program."""
        return run(BINARY, "-Ac", "-C", self.submit_cf, "-i", "-f", sender, *recipients,
                   input=message.decode("utf-8", "surrogateescape").replace("\r\n", "\n"))

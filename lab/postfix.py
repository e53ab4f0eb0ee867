# SPDX-License-Identifier: BSD-2-Clause
"""A private Postfix: own configuration, queue and data folders; inbound on port 25, submission on port 587."""

import json
import os
import shutil
import time

import inside
from inside import PKG, Daemon, connects, library_path, run, sasl_path, write
from mta import HOSTNAME, Mta

MAIN = """compatibility_level = 3.6
myhostname = {hostname}
mydomain = receiver.example
myorigin = receiver.example
mydestination =
mynetworks = 127.0.0.0/8, [::1]/128
mynetworks_style = host
inet_interfaces = {address}, {address6}
inet_protocols = all
smtp_address_preference = ipv4
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {pkg}/usr/lib/postfix/sbin
command_directory = {pkg}/usr/sbin
shlib_directory = {pkg}/usr/lib/postfix
meta_directory = {pkg}/etc/postfix
mail_owner = postfix
setgid_group = postdrop
import_environment = MAIL_CONFIG TZ LANG=C LD_LIBRARY_PATH={libraries} SASL_PATH={sasl}
export_environment = MAIL_CONFIG TZ LANG LD_LIBRARY_PATH SASL_PATH
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
message_size_limit = 52428800
biff = no
append_dot_mydomain = no
transport_maps = texthash:{folder}/conf/transport
sender_dependent_relayhost_maps = texthash:{folder}/conf/relay

smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_tls_security_level = may
smtpd_tls_chain_files = {key}, {certificate}
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtpd_tls_protocols = >=TLSv1
smtpd_tls_ciphers = low
tls_low_cipherlist = ALL:@SECLEVEL=0
smtpd_sasl_path = smtpd
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 2000
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
smtpd_recipient_limit = 5000

smtpd_milters = {milters}
non_smtpd_milters = {milters}
milter_default_action = tempfail
milter_protocol = 6

smtp_dns_support_level = dnssec
smtp_tls_security_level = dane
smtp_tls_loglevel = 1
smtp_tls_protocols = >=TLSv1.2
smtp_connect_timeout = 5s
smtp_helo_name = {hostname}
minimal_backoff_time = 60s
maximal_backoff_time = 300s
{more}
"""

MASTER = """{address}:25  inet  n - n - - smtpd
[{address6}]:25  inet  n - n - - smtpd
{address}:587  inet  n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o milter_macro_daemon_name=ORIGINATING
pickup    unix  n - n 60   1 pickup
cleanup   unix  n - n -    0 cleanup
qmgr      unix  n - n 300  1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -    - trivial-rewrite
bounce    unix  - - n -    0 bounce
defer     unix  - - n -    0 bounce
trace     unix  - - n -    0 bounce
verify    unix  - - n -    1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -    - proxymap
proxywrite unix - - n -    1 proxymap
smtp      unix  - - n -    - smtp
relay     unix  - - n -    - smtp
showq     unix  n - n -    - showq
error     unix  - - n -    - error
retry     unix  - - n -    - error
discard   unix  - - n -    - discard
local     unix  - n n -    - local
virtual   unix  - n n -    - virtual
lmtp      unix  - - n -    - lmtp
anvil     unix  - - n -    1 anvil
scache    unix  - - n -    1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix(Mta):
    """`more`: further main.cf lines, which win; `services`: further master.cf lines."""

    name, address, address6 = "postfix", "10.25.0.1", "2001:db8:25::1"

    def __init__(self, milters=(), more="", services="", **options):
        super().__init__(milters, **options)
        self.conf = self.folder + "/conf"
        certificate, key = self.certificate
        write(self.conf + "/main.cf", MAIN.format(
            hostname=HOSTNAME, address=self.address, address6=self.address6, folder=self.folder, pkg=PKG, libraries=library_path(),
            sasl=sasl_path(), domains=", ".join(self.local_domains), uid=self.uid, gid=self.gid, key=key, certificate=certificate,
            milters=", ".join(m.replace("local:", "unix:") for m in self.milters), more=more))
        write(self.conf + "/master.cf", MASTER.format(address=self.address, address6=self.address6) + services)
        write(self.conf + "/dynamicmaps.cf", "")
        write(self.conf + "/transport", self.route_table("smtp", " "))
        write(self.conf + "/relay", "".join(f"{who} {hop}\n" for who, hop in self.routes if who.startswith("@")))
        for name in ("main.cf", "master.cf"):            # Postfix waits while a file could still be in the making
            os.utime(f"{self.conf}/{name}", (time.time() - 60,) * 2)
        self.sasl(self.conf + "/sasl", "smtpd")
        self._folders()

    def _folders(self):
        queue = self.folder + "/queue"
        for part in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"):
            os.makedirs(f"{queue}/{part}", 0o700)
            shutil.chown(f"{queue}/{part}", "postfix")
        for part, mode in (("maildrop", 0o730), ("public", 0o710)):
            os.makedirs(f"{queue}/{part}")
            shutil.chown(f"{queue}/{part}", "postfix", "postdrop")
            os.chmod(f"{queue}/{part}", mode)
        os.makedirs(queue + "/pid")
        os.makedirs(self.folder + "/data", 0o700)
        shutil.chown(self.folder + "/data", "postfix")

    def start(self):
        master = PKG + "/usr/lib/postfix/sbin/master"
        self.daemon = Daemon(master, "-s", "-c", self.conf, log=self.folder + "/master.out",
                             env=inside.environment(MAIL_CONFIG=self.conf))
        self.daemon.ready(lambda: connects(self.address, 25) and connects(self.address, 587))
        return self

    def stop(self):
        self.daemon.stop()

    def reload(self):
        """Take changed configuration files."""
        self.daemon.process.send_signal(1)

    def tool(self, name, *args, **options):
        """postqueue, postsuper, postconf ..., on this instance."""
        return run(f"{PKG}/usr/sbin/{name}", "-c", self.conf, *args, env=inside.environment(MAIL_CONFIG=self.conf), **options)

    def held(self, identifier):
        return os.path.exists(f"{self.folder}/queue/hold/{identifier}")

    def release(self, identifier):
        """Let a held message go, as a postmaster does."""
        self.tool("postsuper", "-H", identifier)
        self.tool("postqueue", "-i", identifier)

    def requeue(self, identifier):
        """postsuper -r: it is taken in anew, with another queue id. Postfix 3.7 shows it to no milter again."""
        self.tool("postsuper", "-r", identifier)
        self.tool("postkick", "public", "pickup", "W")

    def queue(self):
        """All messages in the queue, as postqueue -j tells them."""
        return [json.loads(line) for line in self.tool("postqueue", "-j").splitlines() if line.startswith("{")]

    def flush(self):
        self.tool("postqueue", "-f")

    def forget_submitted(self):
        """Drop what the sendmail command handed in and a filter deferred: pickup would try it again in the middle of another test."""
        self.tool("postsuper", "-d", "ALL", "maildrop")

    def submit(self, sender, recipients, message):
        """Through the sendmail command, as a local program; (exit status text is in the exception)."""
        return run(PKG + "/usr/sbin/sendmail", "-C", self.conf, "-i", "-f", sender, *recipients,
                   input=message.decode("utf-8", "surrogateescape").replace("\r\n", "\n"),
                   env=inside.environment(MAIL_CONFIG=self.conf))

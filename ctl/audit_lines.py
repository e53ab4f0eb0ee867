# SPDX-License-Identifier: BSD-2-Clause
"""Audit logs for tests: lines as sluisd writes them, with the keys that a test names and sound ones for the rest."""

import copy
import hashlib
import json

INBOUND = {
    "direction": "inbound", "queue_id": None, "client": {"ip": "192.0.2.25", "name": "mail.sender.example"},
    "helo": "mail.sender.example", "authenticated": None,
    "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": 256, "grade": "good"},
    "mail_from": "sender.example", "author_domain": "sender.example", "message_id": "<1@sender.example>", "recipients": [],
    "spf": [{"identity": "mailfrom", "domain": "sender.example", "result": "pass", "dnssec": "secure", "why": "ip4:192.0.2.25"},
            {"identity": "helo", "domain": "mail.sender.example", "result": "none", "dnssec": "insecure", "why": None}],
    "dkim": [{"domain": "sender.example", "selector": "s1", "algorithm": "rsa-sha256", "bits": 2048, "result": "pass",
              "dnssec": "secure", "why": None}],
    "dmarc": {"result": "pass", "policy": "reject", "policy_domain": "sender.example",
              "organizational_domain": "sender.example", "aligned_spf": True, "aligned_dkim": True, "dnssec": "secure",
              "override": None, "why": None},
    "action": "accept", "would": "accept", "reply": None, "rule": "inbound dmarc=annotate", "exception": None, "elapsed_ms": 12,
    "dns_ms": 7, "dns_queries": 5, "removed_headers": 0}
OUTBOUND = {
    "direction": "outbound", "queue_id": None, "client": {"ip": "10.0.0.5", "name": None}, "helo": "desk.example.nl",
    "authenticated": "(withheld)", "tls": None, "mail_from": "example.nl", "author_domain": "example.nl",
    "message_id": "<1@example.nl>", "recipients": [], "action": "accept", "would": "accept", "reply": None, "rule": None,
    "exception": None, "elapsed_ms": 20, "dns_ms": 15, "dns_queries": 9, "removed_headers": 0}
RECIPIENT = {"address": "partner.example", "domain": "partner.example", "next_hop": "partner.example", "dane": None,
             "action": "accept", "would": "accept", "reply": None, "rule": "outbound dane=annotate", "exception": None}
DANE = {"verdict": "dane", "link": None, "mx": "secure",
        "hosts": [{"name": "mx1.partner.example", "preference": 10, "address": "secure", "tlsa": "usable",
                   "base": "mx1.partner.example"}], "ttl": 300, "why": None}


def recipient(domain, verdict="dane", link=None, why=None, **more):
    dane = None
    if verdict:
        dane = copy.deepcopy(DANE) | {"verdict": verdict, "link": link, "why": why}
        dane["hosts"][0] |= {"name": f"mx1.{domain}", "base": f"mx1.{domain}" if verdict == "dane" else None,
                             "tlsa": "usable" if verdict == "dane" else "none"}
    return RECIPIENT | {"address": domain, "domain": domain, "next_hop": domain, "dane": dane} | more


class Log:
    """A log that goes on from file to file."""

    def __init__(self, host="mx1.example.nl"):
        self.host, self.seq, self.before, self.lines = host, 0, None, []

    def write(self, time, event="message", **members):
        self.seq += 1
        entry = {"v": 1, "seq": self.seq, "time": time, "event": event, "host": self.host, "pid": 100} | members | {
            "prev": hashlib.sha256(self.before).hexdigest() if self.before else None}
        self.before = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()
        self.lines.append(self.before)

    def inbound(self, time, **members):
        self.write(time, **(copy.deepcopy(INBOUND) | members))

    def outbound(self, time, *recipients, **members):
        self.write(time, **(copy.deepcopy(OUTBOUND) | {"recipients": list(recipients)} | members))

    def save(self, path):
        """What was written since the last time."""
        with open(path, "wb") as f:
            f.write(b"".join(line + b"\n" for line in self.lines))
        self.lines = []

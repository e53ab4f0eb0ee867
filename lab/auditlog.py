# SPDX-License-Identifier: BSD-2-Clause
"""Checks a whole audit log: every line is JSON with the keys that users rely on, and neither seq nor prev has a break."""

import hashlib
import json
import re

EVERY = {"v", "seq", "time", "event", "host", "pid", "prev"}
MESSAGE = EVERY | {"direction", "queue_id", "client", "helo", "authenticated", "tls", "mail_from", "author_domain", "message_id",
                   "recipients", "action", "would", "reply", "rule", "exception", "elapsed_ms", "dns_ms", "dns_queries",
                   "removed_headers"}
RECIPIENT = {"address", "domain", "next_hop", "dane", "action", "would", "reply", "rule", "exception"}
EVENTS = {"message", "start", "stop", "reload", "resolver-failure", "resolver-recovered", "exception-expired"}
ACTIONS = {"accept", "quarantine", "reject", "defer", "abort"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def lines_of(*paths):
    """The lines of the files, the oldest file first, without their newlines."""
    lines = []
    for path in paths:
        with open(path, "rb") as f:
            lines += f.read().split(b"\n")[:-1]
    return lines


def problems(lines, first=True):
    """What is wrong, as text, with the number of the line; `first`: the chain begins with these lines."""
    found, before = [], None
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line.decode())
        except ValueError as error:
            found.append(f"line {number}: no JSON: {error}")
            before = None
            continue
        found += [f"line {number}: {what}" for what in _entry(entry)]
        if before is not None:
            if entry.get("seq") != before[0] + 1:
                found.append(f"line {number}: seq {entry.get('seq')} after {before[0]}")
            if entry.get("prev") != before[1]:
                found.append(f"line {number}: prev is not the line before")
        elif number == 1 and first and (entry.get("seq") != 1 or entry.get("prev") is not None):
            found.append("line 1: the chain does not begin here")
        before = (entry.get("seq"), hashlib.sha256(line).hexdigest())
    return found


def _entry(entry):
    event = entry.get("event")
    if event not in EVENTS:
        yield f"event {event}"
    if entry.get("v") != 1 or not TIME.fullmatch(str(entry.get("time"))):
        yield "v or time"
    wanted = MESSAGE if event == "message" else EVERY
    if wanted - entry.keys():
        yield "lacks " + ", ".join(sorted(wanted - entry.keys()))
    if event != "message":
        return
    if entry["action"] not in ACTIONS or entry["would"] not in ACTIONS:
        yield f"action {entry['action']}, would {entry['would']}"
    if (entry["action"] in ("reject", "defer")) != (entry["reply"] is not None):
        yield f"action {entry['action']} with reply {entry['reply']}"
    for recipient in entry["recipients"]:
        if RECIPIENT - recipient.keys():
            yield "a recipient lacks " + ", ".join(sorted(RECIPIENT - recipient.keys()))

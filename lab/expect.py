# SPDX-License-Identifier: BSD-2-Clause
"""Compares what a case expects with what happened; every difference is one line of text."""

import json
import re

from inside import read, wait_until


class Outcome:
    """All that a case's run left: the session, audit lines, delivered messages, queries."""

    def __init__(self, session, mta, world, audit, audit_start, daemon_log, query_mark):
        self.session, self.mta, self.tree, self.remote, self.dns = session, mta, world.tree, world.remote, world.dns
        self.audit, self.audit_start, self.daemon_log, self.query_mark = audit, audit_start, daemon_log, query_mark
        self._messages = {}

    def audit_lines(self, at_least=0, seconds=5):
        """The audit lines of this case's messages."""
        def look():
            lines = []
            for line in read(self.audit, self.audit_start).splitlines():
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    pass                                 # the last one may be half written
            self._audit = [l for l in lines if l.get("event") == "message"]
            return len(self._audit) >= at_least
        wait_until(look, seconds)
        return self._audit

    def sent(self, number):
        messages = self.session.messages
        if not messages or (number or 1) > len(messages):
            return None
        return messages[number - 1 if number else -1]

    def delivered(self, number, seconds=10):
        """The message as octets with LF line ends, out of the mailbox or of a remote server; None where it did not arrive."""
        if number not in self._messages:
            sent = self.sent(number)
            if not sent or not sent.queue_id:
                return None

            def look():
                far = self.remote.received(sent.queue_id, 0)
                return (far.data.replace(b"\r\n", b"\n"), far) if far else (self.mta.delivered(sent.queue_id, 0), None)
            found = wait_until(lambda: look() if look()[0] else None, seconds)
            if not found:
                return None
            self._messages[number] = found
        return self._messages[number][0]

    def remote_of(self, number):
        self.delivered(number)
        return self._messages.get(number, (None, None))[1]


def fields(message):
    """[(name, unfolded value)] of a message's header."""
    head = message.partition(b"\n\n")[0].decode("utf-8", "replace")
    unfolded = re.sub(r"\n[ \t]+", " ", head)
    return [tuple(part.strip() for part in line.partition(":")[::2]) for line in unfolded.split("\n") if ":" in line]


def check(case, outcome):
    """All misses of a case, as text; empty where all is as expected."""
    misses = _replies(case, outcome.session.replies)
    for expectation in case.expect:
        handler = globals().get("_check_" + expectation.verb.replace("-", "_"))
        if handler:
            try:
                miss = handler(outcome, expectation.text, expectation.number)
            except (re.error, ValueError, IndexError) as error:
                miss = f"cannot be read: {error}"
            if miss:
                misses.append(f"{expectation.where}: expected `{expectation}`: {miss}")
    return misses


def _replies(case, replies):
    """Each expected reply in the order of its verb; a refusal that nobody expected is a miss too."""
    misses, rest = [], list(replies)
    wanted = {}
    for expectation in case.expect:
        handler = "_check_" + expectation.verb.replace("-", "_")
        if handler not in globals():
            wanted.setdefault(expectation.verb, []).append(expectation)
    for verb, expectations in wanted.items():
        mine = [r for r in replies if r.verb == verb]
        if verb in ("helo", "starttls", "auth") and len(mine) > len(expectations):
            mine = mine[-len(expectations):]             # the lab may greet by itself
        for expectation, reply in zip(expectations, mine):
            rest.remove(reply)
            if not reply_matches(expectation.text, reply):
                misses.append(f"{expectation.where}: expected `{expectation}`, came `{reply}`")
        for expectation in expectations[len(mine):]:
            misses.append(f"{expectation.where}: expected `{expectation}`, but there was no such command")
    misses += [f"unexpected reply to {r.verb}: {r}" for r in rest if r.code >= 400 and r.verb != "quit"]
    return misses


def reply_matches(wanted, reply):
    """`250`, `550 5.7.1`, `550 5.7.1 start of the text`, `550 5.7.1 ~ REGEX`, `closed`; 4xx and 5xx for any of the kind."""
    if wanted == "closed":
        return reply.code == 0
    found = re.fullmatch(r"(\d)(\d\d|xx)\s*([245]\.\d+\.\d+)?\s*(.*)", wanted)
    if not found:
        raise ValueError(wanted)
    first, rest, status, words = found.groups()
    code = str(reply.code)
    if code[:1] != first or (rest != "xx" and code[1:] != rest) or (status and status != reply.status):
        return False
    text = re.sub(r"^<[^>]*>\.\.\. ", "", reply.text)        # Sendmail says first whom it is about
    if words.startswith("~"):
        return bool(re.search(words[1:].strip(), text))
    return text.startswith(words)


def _compare(value, operator, wanted):
    if operator == "~":
        return bool(re.search(wanted, value))
    return (value == wanted) == (operator == "=")


def _operands(text):
    """`NAME OPERATOR VALUE`."""
    found = re.fullmatch(r"(\S+)\s*(?:(!=|=|~)\s*(.*))?", text)
    if not found:
        raise ValueError(text)
    return found.groups()


def _check_header(outcome, text, number):
    name, operator, wanted = _operands(text)
    message = outcome.delivered(number)
    if message is None:
        return "no message arrived"
    values = [v for n, v in fields(message) if n.lower() == name.lower()]
    if not values:
        return "there is no such field"
    if operator and not any(_compare(v, operator, wanted) for v in values):
        return "came " + " | ".join(values)
    return None


def _check_no_header(outcome, text, number):
    name, operator, wanted = _operands(text)
    message = outcome.delivered(number)
    if message is None:
        return "no message arrived"
    bad = [v for n, v in fields(message) if n.lower() == name.lower() and (not operator or _compare(v, operator, wanted))]
    return "came " + " | ".join(bad) if bad else None


def _check_header_count(outcome, text, number):
    name, count = text.split()
    message = outcome.delivered(number)
    if message is None:
        return "no message arrived"
    have = sum(n.lower() == name.lower() for n, _ in fields(message))
    return None if have == int(count) else f"came {have}"


def _check_header_list(outcome, text, number):
    """All values of the name, from the top, with " | " between."""
    name, operator, wanted = _operands(text)
    message = outcome.delivered(number)
    if message is None:
        return "no message arrived"
    values = " | ".join(v for n, v in fields(message) if n.lower() == name.lower())
    return None if _compare(values, operator, wanted) else "came " + values


def _check_top_header(outcome, text, number):
    """The first field that is not the delivery's own."""
    message = outcome.delivered(number)
    if message is None:
        return "no message arrived"
    names = [n for n, _ in fields(message) if n.lower() not in ("return-path", "x-original-to", "delivered-to")]
    return None if names[0].lower() == text.lower() else f"the first is {names[0]}"


def _check_body(outcome, text, number):
    message = outcome.delivered(number)
    if message is None:
        return "no message arrived"
    body = message.partition(b"\n\n")[2].decode("utf-8", "replace")
    return None if re.search(text.lstrip("~ "), body) else "came " + body[:200]


def _check_delivered(outcome, text, number):
    return None if outcome.delivered(number) is not None else "no message arrived"


def _check_not_delivered(outcome, text, number):
    return "it arrived" if outcome.delivered(number, 0.5) is not None else None


def _check_held(outcome, text, number):
    sent = outcome.sent(number)
    if not sent or not sent.queue_id:
        return "no message was accepted"
    return None if wait_until(lambda: outcome.mta.held(sent.queue_id), 3) else "it is not held"


def _check_remote(outcome, text, number):
    """`remote HOST [tls | plain]`; the host by name or by address."""
    host, *how = text.split()
    far = outcome.remote_of(number)
    if not far:
        return "no remote server has it"
    if far.address not in outcome.tree.addresses(host) | {host}:
        return f"{far.address} has it"
    if how and (how[0] == "tls") != bool(far.tls):
        return f"TLS was {far.tls}"
    return None


def _check_audit(outcome, text, number):
    found = re.fullmatch(r"(\S+)\s*(?:(!=|=|~)\s*(.*)|(absent))", text)
    if not found:
        raise ValueError(text)
    path, operator, wanted, absent = found.groups()
    lines = outcome.audit_lines(number or max(1, len(outcome.session.messages)))
    if not lines or (number or 1) > len(lines):
        return "there is no such audit line"
    values = values_at(lines[number - 1 if number else -1], path.split("."))
    if absent:
        return f"came {values}" if values else None
    if not values:
        return "there is no such value"
    return None if any(_compare(v, operator, wanted) for v in values) else "came " + " | ".join(values)


def values_at(value, path):
    """The values at a path as text; `*` takes every element of a list. None where the path leads nowhere: an empty list."""
    if not path:
        return [value if isinstance(value, str) else json.dumps(value)]
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        if step == "*":
            return [v for element in value for v in values_at(element, rest)]
        if step.isdigit() and int(step) < len(value):
            return values_at(value[int(step)], rest)
        return []
    return values_at(value[step], rest) if isinstance(value, dict) and step in value else []


def _check_audit_lines(outcome, text, number):
    count = len(outcome.audit_lines(int(text)))
    return None if count == int(text) else f"came {count}"


def _check_log(outcome, text, number):
    found = outcome.mta.wait_log(text.lstrip("~ "), outcome.session.log_start, 5)
    return None if found else "the MTA's log has no such line"


def _check_no_log(outcome, text, number):
    found = outcome.mta.wait_log(text.lstrip("~ "), outcome.session.log_start, 0)
    return f"the MTA's log has {found[0]}" if found else None


def _check_daemon_log(outcome, text, number):
    found = wait_until(lambda: re.search(text.lstrip("~ "), read(outcome.daemon_log)), 3)
    return None if found else "the daemon's log has no such line"


def _check_queries(outcome, text, number):
    """`queries NAME TYPE [>=|<=] N`: what the daemon asked since the case began."""
    found = re.fullmatch(r"(\S+)\s+(\S+)\s+(>=|<=|=)?\s*(\d+)", text)
    if not found:
        raise ValueError(text)
    name, kind, operator, wanted = found.groups()
    have = len(outcome.dns.queries(name, kind.upper(), outcome.query_mark))
    fine = {">=": have >= int(wanted), "<=": have <= int(wanted)}.get(operator, have == int(wanted))
    return None if fine else f"came {have}"

# SPDX-License-Identifier: BSD-2-Clause
"""DMARC aggregate reports: what they hold, where they go, and that each goes once. Speaks TAP.

feedback/rehearse is the command with a DNS written as text. The reports are held against the schema of RFC 9990 where
that lies beside the repository.
"""
import email
import email.policy
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

BUILD = os.environ.get("top_builddir", ".")
REHEARSE = os.path.abspath(os.path.join(BUILD, "feedback", "rehearse"))
SCHEMA = os.path.join(os.environ.get("top_srcdir", "."), "..", "shared", "vectors", "xsd", "rfc9990-draft32-dmarc-2.0.xsd")
NS = "{urn:ietf:params:xml:ns:dmarc-2.0}"
NOW = 1795564800 + 3600  # 2026-11-25T01:00:00Z
DAY = 86400
BEGIN = 1795478400  # 2026-11-24T00:00:00Z

ZONE = """
default insecure
_dmarc.own.example TXT "v=DMARC1; p=reject; sp=quarantine; adkim=s; t=y; rua=mailto:dmarc@own.example"
_dmarc.sub.example TXT "v=DMARC1; p=none; rua=mailto:reports@mail.sub.example!10m"
_dmarc.agreed.example TXT "v=DMARC1; p=none; rua=mailto:a@service.example, mailto:b%2Bdmarc@agreed.example"
agreed.example._report._dmarc.service.example TXT "v=DMARC1"
_dmarc.refused.example TXT "v=DMARC1; p=none; rua=mailto:victim@service.example"
_dmarc.half.example TXT "v=DMARC1; p=none; rua=mailto:victim@service.example,mailto:x@half.example"
_dmarc.moved.example TXT "v=DMARC1; p=none; rua=mailto:a@service.example"
moved.example._report._dmarc.service.example TXT "v=DMARC1; rua=mailto:other@service.example"
_dmarc.turned.example TXT "v=DMARC1; p=none; rua=mailto:a@service.example"
turned.example._report._dmarc.service.example TXT "v=DMARC1; rua=mailto:victim@third.example"
_dmarc.silent.example TXT "v=DMARC1; p=none"
_dmarc.web.example TXT "v=DMARC1; p=none; rua=https://web.example/r"
_dmarc.odd.example TXT "v=DMARC1; p=none; rua=mailto:-oQ/tmp@odd.example,mailto:a%0AB@odd.example,mailto:%22x%22@odd.example,mailto:%7Cx@odd.example,mailto:a%25b.example@odd.example,mailto:b%21a@odd.example,mailto:%2Fx@odd.example"
_dmarc.lost.example ANY servfail
_dmarc.unsure.example TXT "v=DMARC1; p=none; rua=mailto:a@service.example,mailto:b@unsure.example"
unsure.example._report._dmarc.service.example ANY timeout
"""

SENDMAIL = """#!/usr/bin/python3
import os, signal, sys, time
folder = os.path.dirname(os.path.abspath(sys.argv[0]))
text = sys.stdin.buffer.read()
number = len(os.listdir(folder + "/out"))
with open(f"{folder}/out/{number:03}", "wb") as f:
    f.write(text)
with open(f"{folder}/words", "a") as f:
    f.write(repr(sys.argv[1:]) + "\\n")
if os.path.exists(folder + "/kill"):
    os.remove(folder + "/kill")
    os.kill(os.getppid(), signal.SIGKILL)
for line in open(folder + "/fail") if os.path.exists(folder + "/fail") else ():
    if line.strip().encode() in text:
        os.remove(f"{folder}/out/{number:03}")
        sys.exit(75)
"""


def message(domain, count=1, day="2026-11-24", **more):
    line = {"v": 1, "seq": 1, "time": f"{day}T10:00:00.000Z", "event": "message", "host": "mx", "pid": 1, "direction": "inbound",
            "queue_id": "Q", "client": {"ip": "192.0.2.1", "name": None}, "mail_from": "bounce@" + domain, "author_domain": domain,
            "spf": [{"identity": "mailfrom", "domain": domain, "result": "pass"}, {"identity": "helo", "domain": "h." + domain, "result": "fail"}],
            "dkim": [{"domain": domain, "selector": "s1", "result": "pass"}],
            "dmarc": {"result": "pass", "policy": "none", "policy_domain": domain, "aligned_spf": True, "aligned_dkim": True,
                      "override": None},
            "action": "accept"}
    dmarc = more.pop("dmarc", {})
    line.update(more)
    line["dmarc"] = {**line["dmarc"], **dmarc}
    return [line] * count


class Room:
    """A folder with a zone, a sendmail, a state."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.state, self.out = self.path("state"), self.path("out")
        os.mkdir(self.out)
        os.mkdir(self.path("dry"))
        self.write("zone", ZONE)
        self.write("sendmail", SENDMAIL)
        os.chmod(self.path("sendmail"), 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def log(self, lines, name="audit.jsonl"):
        before, text = None, ""
        for seq, line in enumerate(lines, 1):
            raw = line if isinstance(line, str) else json.dumps({**line, "seq": seq, "prev": before}, separators=(",", ":"))
            before = hashlib.sha256(raw.encode()).hexdigest()
            text += raw + "\n"
        self.write(name, text)
        return self.path(name)

    def run(self, *files, now=NOW, dry=False):
        done = subprocess.run([REHEARSE, self.path("zone"), str(now), self.path("sendmail"), "-" if dry else self.state,
                               self.path("dry") if dry else "-", *files], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines(), done.stderr

    def mails(self):
        found = []
        for name in sorted(os.listdir(self.out)):
            with open(os.path.join(self.out, name), "rb") as f:
                found.append(email.message_from_bytes(f.read(), policy=email.policy.default))
        return found

    def documents(self):
        return [ET.fromstring(gzip.decompress(list(mail.iter_attachments())[0].get_content())) for mail in self.mails()]


def want(problems, what, got, wanted):
    if got != wanted:
        problems.append(f"{what}: {got!r}, not {wanted!r}")


def text_of(node, path):
    found = node.find("/".join(NS + step for step in path.split("/")))
    return None if found is None else found.text or ""


def test_contents(room, problems):
    """One row for equal messages, and what each row says."""
    fail = {"result": "fail", "policy": "reject", "aligned_spf": False, "aligned_dkim": False}
    log = room.log([
        *message("own.example", 3, dmarc={"policy": "reject"}),
        *message("own.example", 2, client={"ip": "2001:db8::1"}, dmarc=fail, action="reject", dkim=[], mail_from=""),
        *message("own.example", dmarc={**fail, "override": "local_policy"}, mail_from="own.example"),
        *message("own.example", dmarc={**fail, "policy": "quarantine"}, action="reject"),
        *message("own.example", author_domain="news.own.example", dmarc={"result": "temperror", "policy": "reject", "aligned_spf": False}),
        *message("own.example", action="defer"), *message("own.example", action="abort"),
        *message("own.example", direction="outbound"), *message("own.example", day="2026-11-23"),
        *message("own.example", dmarc={"policy_domain": None}), *message("own.example", event="start"),
        *message("own.example", dkim=[{"domain": "a.example", "selector": "<&\">", "result": "pass"},
                                      {"domain": "a.example", "selector": "k", "result": "softfail"},
                                      {"domain": "b.example", "selector": "k", "result": "neutral"}]),
        *message("own.example", client={"ip": None}), '{"v":1,"seq":5,"time":"2026-11-24T', "rubbish",
    ])
    status, told, _ = room.run(log)
    want(problems, "status", status, 0)
    want(problems, "told", told, ["2026-11-24 own.example: 9 messages, sent to dmarc@own.example",
                                  "1 sent, 0 unasked, 0 earlier, 0 waiting; 9 messages, 3 damaged"])
    root = room.documents()[0]
    for path, wanted in (("report_metadata/org_name", "Gemeente <Voorbeeld> & Co"), ("report_metadata/email", "dmarc@mx.example.nl"),
                         ("report_metadata/report_id", "20261124.own.example@mx.example.nl"),
                         ("report_metadata/date_range/begin", str(BEGIN)), ("report_metadata/date_range/end", str(BEGIN + DAY - 1)),
                         ("policy_published/domain", "own.example"), ("policy_published/p", "reject"), ("policy_published/sp", "quarantine"),
                         ("policy_published/np", "quarantine"), ("policy_published/adkim", "s"), ("policy_published/aspf", "r"),
                         ("policy_published/testing", "y"), ("policy_published/discovery_method", "treewalk"), ("version", "1.0")):
        want(problems, path, text_of(root, path), wanted)
    rows = [tuple(text_of(record, path) for path in (
        "row/source_ip", "row/count", "row/policy_evaluated/disposition", "row/policy_evaluated/dkim", "row/policy_evaluated/spf",
        "row/policy_evaluated/reason/type", "identifiers/header_from", "identifiers/envelope_from"))
            + (tuple(text_of(one, "domain") + "/" + text_of(one, "selector") + "/" + text_of(one, "result")
                     for one in record.findall(f"{NS}auth_results/{NS}dkim")),) for record in root.findall(NS + "record")]
    ours = ("own.example/s1/pass",)
    want(problems, "rows", rows, [
        ("192.0.2.1", "3", "pass", "pass", "pass", None, "own.example", "own.example", ours),
        ("2001:db8::1", "2", "reject", "fail", "fail", None, "own.example", "", ()),
        ("192.0.2.1", "1", "none", "fail", "fail", "local_policy", "own.example", "own.example", ours),
        ("192.0.2.1", "1", "reject", "fail", "fail", "local_policy", "own.example", "own.example", ours),
        ("192.0.2.1", "1", "none", "pass", "fail", "other", "news.own.example", "own.example", ours),
        ("192.0.2.1", "1", "none", "pass", "pass", None, "own.example", "own.example", ("b.example/k/neutral",)),
    ])


def test_mail(room, problems):
    """The form of the mail, and the words of the command."""
    room.run(room.log(message("own.example")))
    mail = room.mails()[0]
    for field, wanted in (("From", "dmarc@mx.example.nl"), ("To", "dmarc@own.example"), ("Auto-Submitted", "auto-generated"),
                          ("Date", "Wed, 25 Nov 2026 01:00:00 +0000"), ("Message-ID", "<20261124.own.example@mx.example.nl>"),
                          ("Subject", "Report Domain: own.example Submitter: mx.example.nl Report-ID: <20261124.own.example@mx.example.nl>")):
        want(problems, field, mail[field], wanted)
    part = list(mail.iter_attachments())[0]
    want(problems, "type", part.get_content_type(), "application/gzip")
    want(problems, "name", part.get_filename(), f"mx.example.nl!own.example!{BEGIN}!{BEGIN + DAY - 1}.xml.gz")
    with open(room.path("words"), encoding="utf-8") as f:
        want(problems, "words", f.read(), "['-i', '-t', '-f', 'dmarc@mx.example.nl']\n")


DESTINATIONS = {  # policy domain: To, or None and a part of the reason
    "own.example": "dmarc@own.example",
    "sub.example": "reports@mail.sub.example",
    "agreed.example": "a@service.example, b+dmarc@agreed.example",
    "refused.example": (None, "no report: mailto:victim@service.example: its domain has not said that it takes these reports"),
    "half.example": "x@half.example",
    "moved.example": "other@service.example",
    "turned.example": (None, "its domain has not said that it takes these reports"),
    "silent.example": (None, "no report: it asks for no reports"),
    "web.example": (None, "not an address that reports can be mailed to"),
    "odd.example": (None, "not an address that reports can be mailed to; mailto:a%0AB@odd.example"),
    "gone.example": (None, "no report: it has no DMARC record any more"),
    "lost.example": (None, "! 2026-11-24 lost.example: not sent yet: lookup of _dmarc.lost.example"),
    "unsure.example": (None, "! 2026-11-24 unsure.example: not sent yet: mailto:a@service.example"),
}


def test_destinations(room, problems):
    """Only to those who asked for it, and outside of the domain only to those who agreed."""
    log = room.log([line for domain in DESTINATIONS for line in message(domain)])
    status, told, _ = room.run(log)
    want(problems, "status", status, 75)
    mails = {mail["Subject"].split()[2]: mail["To"] for mail in room.mails()}
    for domain, wanted in DESTINATIONS.items():
        want(problems, domain, mails.get(domain), wanted if isinstance(wanted, str) else wanted[0])
        line = [line for line in told if f" {domain}: " in line]
        if len(line) != 1 or (not isinstance(wanted, str) and wanted[1] not in line[0]):
            problems.append(f"{domain}: told {line}")
    want(problems, "sum", told[-1], "5 sent, 6 unasked, 0 earlier, 2 waiting; 13 messages, 0 damaged")
    room.run(log, now=NOW + 5 * DAY)  # the unsure one does not wait forever for the other address
    want(problems, "unsure later", room.mails()[-1]["To"], "b@unsure.example")


def test_once(room, problems):
    """A second run sends nothing, nor does one that begins while another is at work."""
    log = room.log(message("own.example") + message("sub.example"))
    room.run(log)
    status, told, _ = room.run(log)
    want(problems, "second run", (status, told, len(room.mails())), (0, ["0 sent, 0 unasked, 0 earlier, 0 waiting; 0 messages, 0 damaged"], 2))
    with open(room.state, encoding="utf-8") as f:
        want(problems, "state", f.read(), "2026-11-24 *\n")
    with open(room.state + ".lock", "w", encoding="utf-8") as f:
        import fcntl
        fcntl.flock(f, fcntl.LOCK_EX)
        want(problems, "at work", room.run(log)[1], [f"! {room.state}.lock: another run is at work"])


def test_failing_mta(room, problems):
    """What the MTA does not take is sent by the next run, and nothing else."""
    log = room.log(message("own.example") + message("sub.example") + message("half.example"))
    room.write("fail", "Report Domain: sub.example\n")
    status, told, _ = room.run(log)
    want(problems, "first", (status, told[-1]), (75, "2 sent, 0 unasked, 0 earlier, 1 waiting; 3 messages, 0 damaged"))
    if not any("sendmail ended with status 75" in line for line in told):
        problems.append(f"told {told}")
    os.remove(room.path("fail"))
    status, told, _ = room.run(log)
    want(problems, "second", (status, told[-1]), (0, "1 sent, 0 unasked, 2 earlier, 0 waiting; 3 messages, 0 damaged"))
    want(problems, "mails", sorted(mail["Subject"].split()[2] for mail in room.mails()), ["half.example", "own.example", "sub.example"])


def test_killed(room, problems):
    """Killed in the worst moment, after the mail and before the state: nothing is lost, and the second copy bears the same id."""
    log = room.log(message("own.example") + message("sub.example"))
    room.write("kill", "")
    status, _, _ = room.run(log)
    want(problems, "killed", status, -9)
    status, told, _ = room.run(log)
    want(problems, "after", (status, told[-1]), (0, "2 sent, 0 unasked, 0 earlier, 0 waiting; 2 messages, 0 damaged"))
    ids = [mail["Message-ID"] for mail in room.mails()]
    want(problems, "ids", (len(ids), len(set(ids)), ids[0]), (3, 2, ids[1]))


def test_days(room, problems):
    """Days that no run came to are made up for; one report for each day."""
    log = room.log(message("own.example", day="2026-11-20") + message("own.example", day="2026-11-22") + message("own.example"))
    room.write("state", "2026-11-21 *\n")
    status, told, _ = room.run(log)
    want(problems, "told", (status, told), (0, ["2026-11-22 own.example: 1 message, sent to dmarc@own.example",
                                                "2026-11-24 own.example: 1 message, sent to dmarc@own.example",
                                                "2 sent, 0 unasked, 0 earlier, 0 waiting; 2 messages, 0 damaged"]))
    room.write("state", "2026-11-22 ?\n2026-11-23 *\n2026-11-24 *\n")  # an unfinished day before finished ones
    want(problems, "hole", room.run(log)[1][:-1], ["2026-11-22 own.example: 1 message, sent to dmarc@own.example"])
    room.write("state", "nonsense\n")
    want(problems, "bad state", room.run(log)[:2], (75, [f"! {room.state}:1: not a line of this file"]))


def test_copies(room, problems):
    """The same lines plain and compressed count once."""
    log = room.log(message("own.example", 2))
    with open(log, "rb") as f, gzip.open(room.path("copy.gz"), "wb") as out:
        out.write(f.read())
    want(problems, "told", room.run(log, room.path("copy.gz"), room.path("none"))[1],
         [f"! {room.path('none')}: No such file or directory", "2026-11-24 own.example: 2 messages, sent to dmarc@own.example",
          "1 sent, 0 unasked, 0 earlier, 0 waiting; 2 messages, 0 damaged"])


def test_dry_run(room, problems):
    """A dry run writes and sends nothing; what it writes is valid by the schema."""
    log = room.log([line for domain in DESTINATIONS for line in message(domain, 2)]
                   + message("own.example", mail_from="", dmarc={"result": "fail", "policy": "reject", "override": "policy_test_mode"}))
    status, told, _ = room.run(log, dry=True)
    want(problems, "status", status, 75)
    files = sorted(os.listdir(room.path("dry")))
    want(problems, "files", len(files), 10)
    want(problems, "sent", (len(room.mails()), os.path.exists(room.state)), (0, False))
    if not any("would go to dmarc@own.example" in line for line in told):
        problems.append(f"told {told}")
    if not os.path.exists(SCHEMA) or not shutil.which("xmllint"):
        return "no schema, or no xmllint"
    done = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, *(room.path("dry/" + f) for f in files if f.endswith(".xml"))],
                          capture_output=True, text=True)
    if done.returncode:
        problems += done.stderr.splitlines()
    return None


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = False
    for number, test in enumerate(tests, 1):
        room, problems = Room(), []
        skip = test(room, problems)
        shutil.rmtree(room.folder)
        failed = failed or bool(problems)
        print("not ok" if problems else "ok", number, "-", test.__doc__, f"# SKIP {skip}" if skip and not problems else "")
        for problem in problems:
            print("#", problem)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

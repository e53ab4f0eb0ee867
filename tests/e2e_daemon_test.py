#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's life: its options and exit statuses, starting, giving up root, reloading, stopping with mail in hand, dying and
coming back, its log moved away or not to be written, its DNS gone. Speaks TAP; skipped where the machine allows no lab."""

import asyncio
import grp
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

from e2e_daemon import GOOD, Points, Sluisd, envelope, greeted, laboratory, message, message_from, results

import auditlog
import inside
import sanitizer
from client import Client
from inside import read, wait_until, write
from milter_client import listens
from postfix import Postfix

tap = Points()
PASS = "dmarc=pass (p=reject) header.from=sender.example"
FLEETING = "zone fleeting.example signed\nfleeting.example. 10 TXT v=spf1 ip4:203.0.113.5 -all\n"
FORGED = b"From: minister@sender.example\r\nSubject: pay\r\n\r\nNow.\r\n"


def play(coroutine, seconds=60):
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


def test_options(dns):
    sluisd = Sluisd(dns.anchor)
    status, out, err = sluisd.run("-t")
    tap.point(status == 0 and not err, "-t with a good file: 0", status, out, err)
    status, out, err = sluisd.run("-V")
    tap.point(status == 0 and "sluisd" in out and "NCSC" in out, "-V tells version and guideline", status, out, err)
    status, out, err = sluisd.run("-x")
    tap.point(status == 64 and "usage" in err, "an unknown option: 64", status, err)
    bad = [("no-such-option = 1", "no-such-option"), ('mode = "angry"', "angry"), ("resolver { timeout = 0 }", "timeout"),
           ('exception "x" { domain = {"a.example"} standard = {"dane"} level = annotate }', ""),
           ('domain "a.example" { standard = {"spam"} level = reject }', "spam"), ('listen = "smoke:signals"', "listen")]
    good = read(sluisd.conf)
    for text, word in bad:
        write(sluisd.conf, good + text + "\n")
        line = len(good.splitlines()) + 1
        for options in (("-t",), ("-f",), ()):
            status, _, err = sluisd.run(*(options or ("-c", sluisd.conf)))
            if not tap.point(status == 78 and err.startswith(f"{sluisd.conf}:{line}: ") and word in err,
                             f"{text[:40]}: 78 with file and line ({' '.join(options) or 'in the background'})", status, err):
                break
    os.unlink(sluisd.conf)
    status, _, err = sluisd.run("-t")
    tap.point(status == 78 and sluisd.conf in err, "no file: 78", status, err)


def test_unavailable(dns):
    with Sluisd(dns.anchor) as first:
        second = Sluisd(dns.anchor, f'listen = "unix:{first.socket}"')
        for options in (("-f",), ("-c", second.conf)):
            status, _, err = second.run(*options)
            tap.point(status == 69 and first.socket in err, f"a busy socket: 69 ({options[0]})", status, err)
        tap.point(play(message(first)).verdict == "continue", "and the first one goes on")
        second.configure(f'audit {{ log = "{first.audit}" }}')
        status, _, err = second.run("-f")
        tap.point(status == 69 and "audit log" in err, "an audit log that another one writes: 69", status, err)
    for config, word in (('resolver { trust-anchor = "/nonexistent/root.key" }', "/nonexistent/root.key"),
                         ('user = "nobody-of-that-name"', "nobody-of-that-name"), ('socket-group = "no-such-group"', "no-such-group"),
                         ('audit { log = "/nonexistent/audit.jsonl" }', "/nonexistent/audit.jsonl"),
                         ('listen = "unix:/nonexistent/sock"', "/nonexistent/sock"), ('listen = "inet:25@10.25.0.99999"', "inet")):
        for options in (("-f",), ()):
            sluisd = Sluisd(dns.anchor, config)
            status, _, err = sluisd.run(*(options or ("-c", sluisd.conf)))
            tap.point(status == 69 and word in err, f"{word}: 69 ({' '.join(options) or 'in the background'})", status, err)


def test_privileges(dns):
    with Sluisd(dns.anchor, 'socket-mode = "0620" socket-group = "postfix"') as sluisd:
        user = pwd.getpwnam("sluis")
        status = sluisd.status()
        tap.point(status["Uid"] == [str(user.pw_uid)] * 4 and status["Gid"] == [str(user.pw_gid)] * 4, "root becomes the user, for good",
                  status)
        tap.point(set(status["Groups"]) <= {str(user.pw_gid)}, "with no group of root's", status["Groups"])
        tap.point(not int(status["CapEff"][0], 16) and not int(status["CapPrm"][0], 16), "without capabilities", status)
        found = os.stat(sluisd.socket)
        tap.point(stat.S_IMODE(found.st_mode) == 0o620 and found.st_gid == grp.getgrnam("postfix").gr_gid and found.st_uid == user.pw_uid,
                  "the socket has its mode, group and owner", oct(found.st_mode), found.st_gid)
        found = os.stat(sluisd.audit)
        tap.point(stat.S_IMODE(found.st_mode) == 0o640 and found.st_uid == user.pw_uid, "the audit log is the user's", oct(found.st_mode))
        tap.point(wait_until(lambda: [line["event"] for line in sluisd.lines()] == ["start"], 5), "the first line says start")


def test_background(dns):
    syslog = inside.Syslog()
    sluisd = Sluisd(dns.anchor)
    begun = time.time()
    done = subprocess.run([Sluisd.program, "-c", sluisd.conf], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    serves = listens(sluisd.socket)
    tap.point(done.returncode == 0 and serves, f"without -f: status 0 as soon as it serves ({time.time() - begun:.1f} s)", done)
    tap.point(not done.stdout and not done.stderr, "and without a word", done)
    pid = sluisd.lines()[0]["pid"]
    try:
        tap.point(os.getpgid(pid) != os.getpgid(0) and os.getsid(pid) == pid, "it has a session of its own")
        tap.point(PASS in results(play(message(sluisd))), "it works there")
        tap.point(wait_until(lambda: "sluisd" in read(syslog.path) and "listens on" in read(syslog.path), 3), "it speaks to syslog",
                  read(syslog.path))
    finally:
        os.kill(pid, signal.SIGTERM)
    tap.point(wait_until(lambda: not os.path.exists(f"/proc/{pid}") or "Z" in read(f"/proc/{pid}/status"), 15), "SIGTERM ends it")
    tap.point(sluisd.lines()[-1]["event"] == "stop" and not sluisd.problems(), "the last line says stop", sluisd.lines()[-1])


def test_reload(dns):
    async def around(sluisd, change, waited):
        """A message begun before a change of the configuration and one after it, on connections that were there before."""
        old, new = await greeted(sluisd, "198.51.100.66"), await greeted(sluisd, "198.51.100.66")
        await envelope(old)
        sluisd.configure(change)
        sluisd.send_signal(signal.SIGUSR1)
        await asyncio.to_thread(sluisd.wait_log, waited)
        await envelope(new)
        outcomes = await old.data(FORGED), await new.data(FORGED)
        await old.quit()
        await new.quit()
        return outcomes
    with Sluisd(dns.anchor) as sluisd:
        old, new = play(around(sluisd, "inbound { dmarc = reject }", "reloaded"))
        tap.point(old.verdict == "continue" and "dmarc=fail" in results(old), "SIGUSR1: a message in hand keeps the old configuration", old)
        tap.point(new.reply and new.reply.startswith("550 5.7.1 rejected per DMARC policy for sender.example"), "a new one has the new",
                  new)
        old, new = play(around(sluisd, "inbound { dmarc = sometimes }", "the old configuration stays"))
        tap.point(new.reply and new.reply.startswith("550 5.7.1"), "a bad file: the old configuration stays", new)
        tap.point(re.search(re.escape(sluisd.conf) + r":\d+: .*the old configuration stays", read(sluisd.log)), "the log says where",
                  read(sluisd.log))
        reloads = sluisd.events("reload")
        tap.point(len(reloads) == 2 and reloads[0].get("config") and "why" not in reloads[0] and sluisd.conf in reloads[1]["why"],
                  "the audit log has both", reloads)
        sluisd.configure('inbound { dmarc = reject } listen = "unix:/run/other.sock"')
        sluisd.send_signal(signal.SIGUSR1)
        tap.point(sluisd.wait_log("listen takes effect at the next start"), "what needs a restart is said", read(sluisd.log))
        sluisd.configure('resolver { servers = {"127.0.0.53"} }')
        sluisd.send_signal(signal.SIGUSR1)
        tap.point(sluisd.wait_log("resolver.servers takes effect at the next start"), "one server in place of another too", read(sluisd.log))
        sluisd.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        tap.point(sluisd.alive() and PASS in results(play(message(sluisd))), "SIGHUP does no harm", read(sluisd.log))


def test_pseudonyms(dns):
    sluisd = Sluisd(dns.anchor)
    keys = sluisd.folder + "/keys"

    def rotate(text, mode=0o600):
        write(keys, text)
        os.chmod(keys, mode)
        shutil.chown(keys, "sluis", "sluis")
    first, second = "first " + "a1" * 32 + "\n", "second " + "b2" * 32 + "\n"
    rotate(first)
    sluisd.configure(f'audit {{ addresses = pseudonym pseudonym-key = "{keys}" }}')
    with sluisd:
        for text, mode, waited in ((None, 0, None), (second + first, 0o600, "reloaded"), (first, 0o644, "the old configuration stays")):
            if text:
                rotate(text, mode)
                sluisd.send_signal(signal.SIGUSR1)
                sluisd.wait_log(waited)
            play(message(sluisd))
        told = [(line["mail_from"].split("@")[0].split("+"), line["recipients"][0]["address"]) for line in sluisd.wait_messages(3)]
        tap.point([sender[1] for sender, _ in told] == ["first", "second", "second"], "a reload takes the new key, which its pseudonyms name",
                  told)
        tap.point(told[0][0][0] != told[1][0][0] and told[1] == told[2], "with it the same address is somebody else", told)
        tap.point([event.get("pseudonym_key") for event in sluisd.events("start") + sluisd.events("reload")] == ["first", "second", None],
                  "the audit log has the change", sluisd.events("reload"))
        tap.point("has mode 0644" in sluisd.events("reload")[1]["why"], "a key that others can read is refused", sluisd.events("reload"))
        tap.point("a1a1" not in read(sluisd.log) + read(sluisd.audit) and "b2b2" not in read(sluisd.log) + read(sluisd.audit),
                  "no key is told")


def test_terminate(dns):
    async def with_mail_in_hand(sluisd):
        busy, late = await greeted(sluisd), await greeted(sluisd)
        await envelope(busy)
        await busy.fields(b"From: bob@sender.example\r\nSubject: in hand")
        sluisd.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        refused = await late.mail(), late.reply
        await busy.body(b"Hello.\r\n")
        begun = time.time()
        outcome = await busy.end("4HAND")
        await asyncio.to_thread(wait_until, lambda: not sluisd.alive(), 20)
        return outcome, refused, time.time() - begun
    with Sluisd(dns.anchor) as sluisd:
        outcome, (verdict, reply), took = play(with_mail_in_hand(sluisd))
        tap.point(outcome.verdict == "continue" and PASS in results(outcome), "SIGTERM: the message in hand comes to its end", outcome)
        tap.point(verdict == "reply" and reply.startswith("451 4.3.2"), "a new one is told to come again", verdict, reply)
        tap.point(not sluisd.alive() and sluisd.process.process.returncode == 0, f"exit status 0, after {took:.1f} s", read(sluisd.log))
        events = [line.get("queue_id") or line["event"] for line in sluisd.lines()]
        tap.point(events == ["start", "message", "4HAND", "stop"] and not sluisd.problems(), "the audit log ends with stop", events)
        late = sluisd.lines()[1]
        tap.point(late["action"] == "defer" and late["reply"].startswith("451 4.3.2") and late["dns_queries"] == 0
                  and late["mail_from"].endswith("@sender.example"), "and has a line about the one that was told to come again", late)
    with Sluisd(dns.anchor) as sluisd:
        begun = time.time()
        tap.point(sluisd.stop(signal.SIGINT) == 0, "SIGINT ends it too", read(sluisd.log))
        tap.point(time.time() - begun < 2, "at once", time.time() - begun)


def test_early_end(dns):
    """SIGTERM at every moment of its start: it never dies of it in another way than at once, or in good order."""
    sluisd = Sluisd(dns.anchor)
    statuses = []
    for turn in range(25):
        begun = inside.size(sluisd.audit)
        daemon = inside.Daemon(*sluisd.command(), log=sluisd.log, env=sanitizer.environment())
        if turn % 5:                                     # from when the socket is there, it is all but started
            wait_until(lambda: '"event":"start"' in read(sluisd.audit, begun), 15, step=0.0005)
            time.sleep(turn % 5 * 0.0005)
        else:
            time.sleep(turn * 0.002)
        statuses.append(daemon.stop(seconds=15))
    tap.point(set(statuses) <= {0, -signal.SIGTERM} and statuses.count(0) >= 15, "SIGTERM at any moment of its start ends it", statuses,
              read(sluisd.log)[-2000:])


def test_killed(dns):
    """Dies in mid-message, with a real Postfix before it."""
    sluisd = Sluisd(dns.anchor).start()
    with Postfix(milters=["unix:" + sluisd.socket]) as mta:
        with Client(mta.address, source="203.0.113.5") as client:
            client.ehlo("mail.sender.example")
            client.mail("bob@sender.example")
            client.rcpt("alice@receiver.example")
            client.command("DATA")
            tap.point(wait_until(lambda: "client=" in mta.log_of(), 5), "a message is under way")
            sluisd.stop(signal.SIGKILL)
            client.send(GOOD + b".\r\n")
            reply = client.reply("data")
            tap.point(reply.code == 451, "kill -9 in mid-message: Postfix defers", reply)
            again = client.mail("bob@sender.example")
            tap.point(again.code in (250, 451), "the next one is not refused for good", again)
        tap.point(os.path.exists(sluisd.socket), "the dead one's socket is left over")
        with open(sluisd.audit, "ab") as audit:
            audit.write(b'{"v":1,"seq":')                # what a crash may leave
        sluisd.start()
        with Client(mta.address, source="203.0.113.5") as client:
            client.ehlo("mail.sender.example")
            client.mail("bob@sender.example")
            client.rcpt("alice@receiver.example")
            reply = client.data(GOOD)
            tap.point(reply.code == 250, "started again it takes over the socket, and the mail goes on", reply, mta.log_of()[-2000:])
        tap.point(sluisd.stop() == 0, "it ends in good order", read(sluisd.log)[-2000:])
    lines = auditlog.lines_of(sluisd.audit)
    torn = [n for n, line in enumerate(lines) if line == b'{"v":1,"seq":']
    problems = auditlog.problems(lines[:torn[0]]) + auditlog.problems(lines[torn[0] + 1:], first=False)
    tap.point(len(torn) == 1 and not problems, "the chain goes on behind the torn line", *problems)
    before, after = json.loads(lines[torn[0] - 1]), json.loads(lines[torn[0] + 1])
    tap.point(after["prev"] == hashlib.sha256(lines[torn[0]]).hexdigest() and after["seq"] > before["seq"],
              "which stays in it as the line that it is", before["seq"], after)


def test_rotation(dns):
    with Sluisd(dns.anchor) as sluisd:
        for turn in (1, 2, 3):
            play(message(sluisd))
            os.rename(sluisd.audit, f"{sluisd.audit}.{4 - turn}")
            if turn == 2:
                sluisd.send_signal(signal.SIGUSR1)
                sluisd.wait_log("reloaded")
        begun = time.time()
        outcome = play(message(sluisd))
        seen, took = outcome.reply or outcome.verdict, time.time() - begun
        sluisd.stop()
        rotated = [f"{sluisd.audit}.{n}" for n in (3, 2, 1)]
        tap.point(len(sluisd.lines()) == 2, "log rotation by rename: lines go to a new file", sluisd.lines())
        problems = sluisd.problems(*rotated)
        tap.point(not problems and len(sluisd.lines(*rotated)) == 7, "the chain goes through all of them", *problems)
        tap.figures("the audit log is moved away", seen, f"{len(sluisd.lines(*rotated))} lines in four files, {len(problems)} breaks", f"{took:.1f}")
        os.rename(sluisd.audit, sluisd.audit + ".old")
        os.rename(sluisd.audit + ".1", sluisd.audit + ".2b")
        os.rename(sluisd.audit + ".old", sluisd.audit + ".1")
        sluisd.start()
        sluisd.stop()
        problems = sluisd.problems(rotated[0], rotated[1], sluisd.audit + ".2b", sluisd.audit + ".1")
        tap.point(not problems, "rotated while it was down, too", *problems)


def test_unwritable(dns):
    """The log's folder is taken away from the user, and given back."""
    for required in ("true", "false"):
        with Sluisd(dns.anchor, f"audit {{ required = {required} }}") as sluisd:
            play(message(sluisd))
            folder = os.path.dirname(sluisd.audit)
            os.chown(folder, 0, 0)
            os.chmod(folder, 0o755)
            os.rename(sluisd.audit, sluisd.audit + ".1")
            outcome = play(message(sluisd))
            if required == "true":
                tap.point((outcome.reply or "").startswith("451 4.3.5"), "required: mail waits while nothing can be written", outcome)
            else:
                tap.point(outcome.verdict == "continue" and PASS in results(outcome), "not required: mail goes on", outcome)
            tap.point(sluisd.wait_log("sluisd: audit log: "), "and the log says why", read(sluisd.log))
            os.chown(folder, pwd.getpwnam("sluis").pw_uid, 0)
            begun, seen = time.time(), (outcome.reply or outcome.verdict)[:9]
            outcome = play(message(sluisd))
            tap.point(outcome.verdict == "continue" and sluisd.wait_log("written again"), "it goes on by itself", outcome, read(sluisd.log))
            tap.figures(f"the audit log cannot be written, audit.required = {required}", seen, "goes on by itself, no gap in the chain",
                        f"{time.time() - begun:.1f}")
            sluisd.stop()
            problems = sluisd.problems(sluisd.audit + ".1")
            tap.point(not problems, "without a gap in the chain", *problems)


def test_full_disk(dns):
    sluisd = Sluisd(dns.anchor, "audit { required = true }")
    folder = os.path.dirname(sluisd.audit)
    user = pwd.getpwnam("sluis")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=16k,uid={user.pw_uid},mode=755", "full", folder], check=True)
    try:
        with sluisd:
            replies = [play(message(sluisd)).reply for _ in range(20)]
            tap.point(replies[0] is None and (replies[-1] or "").startswith("451 4.3.5"), "a full disk: mail waits", replies)
            tap.point(not sluisd.problems(), "no line is torn", *sluisd.problems())
            subprocess.run(["mount", "-o", "remount,size=64k", folder], check=True)
            begun = time.time()
            tap.point(play(message(sluisd)).verdict == "continue", "and goes on where there is room")
            accepted, waited = replies.count(None), sum((reply or "").startswith("451 4.3.5") for reply in replies)
            tap.point(accepted + waited == 20 and len(sluisd.messages()) == accepted + 1, "a line for each message that was taken", replies)
            tap.figures("the audit log's disk is full, audit.required = true; 20 messages", f"{accepted} × 250, {waited} × 451 4.3.5",
                        "a line for each 250, none torn", f"{time.time() - begun:.1f}")
            sluisd.stop()
            tap.point(not sluisd.problems(), "without a gap in the chain", *sluisd.problems())
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_resolver(dns):
    """The name servers fall silent, for a while."""
    config = 'resolver { timeout = 2  budget = 4 }  inbound { spf = reject  dmarc = reject }'
    with Sluisd(dns.anchor, config) as sluisd:
        tap.point(PASS in results(play(message(sluisd))), "it works, and what it asked is remembered")
        dns.front.process.send_signal(signal.SIGSTOP)
        try:
            begun = time.time()
            outcome = play(message_from(sluisd, "bob@none-sender.example"))
            took = time.time() - begun
            tap.point((outcome.reply or "").startswith("451 4.7.") and took < 8, f"no DNS: come again, after {took:.1f} s", outcome)
            tap.point(PASS in results(play(message(sluisd))), "what is remembered still serves")
            begun = time.time()

            async def many():
                return await asyncio.gather(*(message_from(sluisd, f"bob@host{number}.quarantine-sender.example") for number in range(40)))
            outcomes = play(many())
            took = time.time() - begun
            tap.point(all(o.reply and o.reply.startswith("451 4.7.") for o in outcomes) and took < 12,
                      f"forty more, after {took:.1f} s", *outcomes[:3])
        finally:
            dns.front.process.send_signal(signal.SIGCONT)
        begun = time.time()

        def recovered():
            domain = f"fresh{int(10 * (time.time() - begun))}.sender.example"
            outcome = play(message_from(sluisd, f"bob@{domain}"))
            return outcome if "dmarc=fail" in results(outcome) or (outcome.reply or "").startswith("550") else None
        outcome = wait_until(recovered, 60, step=0.5)
        tap.point(outcome, f"DNS is back: it recovers, after {time.time() - begun:.1f} s", read(sluisd.log)[-2000:])
        tap.point(all(l["dmarc"]["result"] == "temperror" for l in sluisd.messages() if l["action"] == "defer"), "the lines say temperror")


def test_refresh(dns):
    """An answer that much mail uses is asked for anew before it ends, so that no message waits for it. Its TTL is 10 seconds."""
    with Sluisd(dns.anchor) as sluisd:
        begin, begun, lines = dns.mark(), time.monotonic(), []

        def asked():
            return len(dns.queries("fleeting.example", "TXT", begin))

        def send(at):
            time.sleep(max(0, begun + at - time.monotonic()))
            play(message_from(sluisd, "bob@fleeting.example"))
            lines.append(sluisd.wait_messages(len(lines) + 1)[-1])
        for _ in range(4):
            send(0)
        tap.point(asked() == 1 and all(l["spf"][0]["result"] == "pass" for l in lines), "four messages, one question", asked(), lines)
        send(9.3)
        wait_until(lambda: asked() == 2, 2)
        tap.point(asked() == 2 and lines[-1]["dns_ms"] == 0, "with a tenth of its time left it is asked anew, and nobody waits",
                  asked(), lines[-1])
        send(11)
        tap.point(asked() == 2 and lines[-1]["dns_queries"] == 0 and lines[-1]["spf"][0]["result"] == "pass",
                  "behind its end the new answer serves", asked(), lines[-1])


def test_inet(dns):
    """A TCP socket."""
    sluisd = Sluisd(dns.anchor, 'listen = "inet:8895@127.0.0.1"')
    sluisd.start()
    with socket.create_connection(("127.0.0.1", 8895), 5) as s:
        s.sendall(b"\0\0\0\x0dO\0\0\0\6\0\0\1\xff\0\x1f\xff\xff")
        tap.point(s.recv(100)[4:5] == b"O", "it listens on TCP")
    tap.point(sluisd.stop() == 0, "and ends in good order", read(sluisd.log))


def main():
    tap.figures("fault", "the sender saw", "audit log", "seconds until it goes on")
    with laboratory(FLEETING) as dns:
        for test in (test_options, test_unavailable, test_privileges, test_background, test_reload, test_pseudonyms, test_terminate,
                     test_early_end, test_killed, test_rotation, test_unwritable, test_full_disk, test_inet, test_refresh, test_resolver):
            tap.run(test, dns)
    tap.end()


if __name__ == "__main__":
    main()

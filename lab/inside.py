# SPDX-License-Identifier: BSD-2-Clause
"""What every part of the lab stands on: where things are inside it, running programs, waiting, files that go away.

The lab's programs call `enter()` first: outside the lab it starts the same command again through lab/enter.
"""

import atexit
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("SLUIS_LAB_ROOT", "")     # a file system in memory; set by lab/enter
PKG = ROOT + "/pkg"                             # the unpacked packages
WORK = ROOT + "/work"                           # queues, zones, logs, sockets
CACHE = os.environ.get("SLUIS_LAB_CACHE", "")   # outlives the lab: keys


def enter(tap=False):
    """Go on inside the lab: where this process is outside, lab/enter starts the same command anew and this one ends with it.

    `tap`: where the machine does not allow a lab, that is a skipped TAP test instead of exit status 77.
    """
    if tap:
        os.environ["SLUIS_LAB_TAP"] = "1"
    if not (ROOT and os.path.isdir(WORK)):
        command = [HERE + "/enter", sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]]
        os.execv(command[0], command)


def library_path():
    folders = glob.glob(PKG + "/usr/lib/*-linux-*") + glob.glob(PKG + "/lib/*-linux-*") + [PKG + "/usr/lib/postfix", PKG + "/usr/lib"]
    return ":".join(folders)


def sasl_path():
    return ":".join(glob.glob(PKG + "/usr/lib/*/sasl2"))


def environment(**more):
    """For programs out of the packages; never for those of the machine."""
    return dict(os.environ, LD_LIBRARY_PATH=library_path(), SASL_PATH=sasl_path(), LC_ALL="C", **more)


def run(*command, check=True, input=None, **options):
    """Run a program of the packages to its end; its output, with a readable exception where it fails."""
    options.setdefault("env", environment())
    done = subprocess.run(command, input=input, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stdout.strip()[-2000:]}")
    return done.stdout


def wait_until(true, seconds=10.0, what="", step=0.01):
    """Poll until `true()` gives something, which is returned; None at the end of the time, or an error where `what` is named."""
    end = time.monotonic() + seconds
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > end:
            if what:
                raise TimeoutError(f"{what}: not within {seconds} s")
            return None
        time.sleep(step)
        step = min(step * 1.3, 0.1)


class Daemon:
    """A program in the foreground, in its own process group, its output in a file; ended with the lab at the latest."""

    def __init__(self, *command, log, env=None, **options):
        self.command, self.log = command, log
        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            start_new_session=True, env=env or environment(), **options)
        atexit.register(self.stop)

    def alive(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=5):
        """End it; its exit status (negative: the signal), None where it had to be killed."""
        if self.alive():
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                return None
        atexit.unregister(self.stop)
        return self.process.returncode

    def ready(self, true, seconds=10):
        """Wait for `true()`; an error with the program's output where it ends before, or takes too long."""
        state = wait_until(lambda: "ready" if true() else "" if self.alive() else "dead", seconds)
        if state != "ready":
            output = read(self.log)[-2000:]
            self.stop()
            raise RuntimeError(f"{' '.join(map(str, self.command))}: did not become ready: {output}")
        return self


class Syslog:
    """Reads /dev/log of the lab into a file, for the programs that can log in no other way."""

    def __init__(self, path=None):
        self.path = path or WORK + "/syslog"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if os.path.exists("/dev/log"):
            os.unlink("/dev/log")
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with open(self.path, "a", buffering=1, errors="replace") as out:
            while True:
                line = self.socket.recv(8192).decode(errors="replace").rstrip("\0\n")
                out.write(line.split(">", 1)[-1] + "\n")


def read(path, start=0):
    """A file's text from `start` on; empty where there is none."""
    try:
        with open(path, "rb") as f:
            f.seek(start)
            return f.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def fresh(*parts):
    """An empty folder of the lab, others may enter it."""
    path = os.path.join(WORK, *parts)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    os.chmod(path, 0o755)
    return path


def connects(address, port, family=socket.AF_INET):
    """Does something listen there?"""
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(1)
        return s.connect_ex((address, port)) == 0


def connects_unix(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(1)
        return s.connect_ex(path) == 0

# SPDX-License-Identifier: BSD-2-Clause
"""A private PostgreSQL: own data folder, a socket in it, no port. Of the machine where it has one, else of lab/packages."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CACHE = os.environ.get("SLUIS_LAB_CACHE") or os.path.join(TOP, "lab", ".cache")


class Missing(Exception):
    """There is no PostgreSQL, and none is to be had."""


def find_programs():
    """The folder of its programs, and the path of libraries that they need (None: the machine's)."""
    for root, libraries in (("", None), (CACHE + "/root", CACHE + "/root")):
        found = sorted(glob.glob(root + "/usr/lib/postgresql/*/bin/initdb"))
        if found:
            path = libraries and ":".join(glob.glob(libraries + "/usr/lib/*-linux-*") + glob.glob(libraries + "/lib/*-linux-*"))
            return os.path.dirname(found[-1]), path
    return None


def programs():
    found = find_programs()
    if not found:
        done = subprocess.run([TOP + "/lab/packages", "--database"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise Missing((done.stderr.strip().splitlines() or ["lab/packages failed"])[-1])
        found = find_programs()
    return found


def is_hidden(path):
    """Nobody may not even look for it, as in root's home."""
    path = os.path.realpath(path)
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & 1:
            return True
    return False


def as_nobody(hidden, shown):
    """What a program that refuses to run as root is run by. It sees the folder `hidden` at `shown`; None: as it is."""
    account = pwd.getpwnam("nobody")
    drop = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    if not hidden:
        return drop
    os.mkdir(shown)
    return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', hidden, shown, *drop]


class Server:
    """It refuses to run as root, so that it runs as nobody then."""

    def __init__(self):
        self.bin, libraries = programs()
        self.folder = tempfile.mkdtemp(prefix="sluis-pg-")
        self.environment = dict(os.environ, LC_ALL="C", **({"LD_LIBRARY_PATH": libraries} if libraries else {}))
        self.before, self.server, self.server_environment = [], self.bin, self.environment
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody")
            hidden = CACHE + "/root" if is_hidden(self.bin) else None
            self.before = as_nobody(hidden, self.folder + "/programs")
            if hidden:
                self.server = self.bin.replace(hidden, self.folder + "/programs")
                self.server_environment = self.environment | {"LD_LIBRARY_PATH": libraries.replace(hidden, self.folder + "/programs")}
        self.count = 0
        self.process = None
        try:
            self._start()
        except Exception:
            self.stop()
            raise

    def _start(self):
        data = self.folder + "/data"
        subprocess.run([*self.before, self.server + "/initdb", "-D", data, "-U", "sluis", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
                       check=True, stdout=subprocess.DEVNULL, env=self.server_environment, cwd="/")
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off", "jit": "off",
                    "shared_buffers": "64MB"}
        self.process = subprocess.Popen(
            [*self.before, self.server + "/postgres", "-D", data, *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.server_environment, cwd="/", start_new_session=True)
        end = time.monotonic() + 60
        while self.run("SELECT 1", "postgres", check=False) is None:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.1)

    def run(self, sql, database, check=True):
        """The rows, each a list of text; None where it failed and may."""
        done = subprocess.run([self.bin + "/psql", "-XAtq", "-F", "\x1f", "-h", self.folder, "-U", "sluis", "-d", database, "-c", sql],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)
        if done.returncode:
            if check:
                raise RuntimeError(done.stderr)
            return None
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def make(self):
        """A new, empty database: its name, and its address for --database."""
        self.count += 1
        name = f"sluis{self.count}"
        self.run(f"CREATE DATABASE {name}", "postgres")
        return name, f"postgresql:///{name}?host={self.folder}&user=sluis"

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""unit_filter.py UNIT PROGRAM...: runs a program behind the filter of system calls that a systemd unit has, without systemd: what
the unit does not grant fails with EPERM. For isolation_test.py, as a test has no systemd that starts services."""

import ctypes
import errno
import os
import re
import subprocess
import sys

ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def read_groups():
    """What systemd calls @system-service and the like: {name: members}."""
    groups, name = {}, None
    listing = subprocess.run(["systemd-analyze", "syscall-filter"], check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    for line in listing.stdout.splitlines():
        if line.startswith("@"):
            name = line.strip()
            groups[name] = []
        elif line.startswith("    ") and not line.strip().startswith("#"):
            groups[name].append(line.strip())
    return groups


def read_filter(unit):
    """The calls that a unit grants: lists add up, and take away behind a tilde (systemd.exec(5))."""
    groups = read_groups()

    def expand(word):
        return set().union(*map(expand, groups[word])) if word.startswith("@") else {word}
    granted = expand("@default")
    with open(unit, encoding="utf-8") as file:
        lines = re.findall(r"^SystemCallFilter=(~?)(.*)$", file.read(), re.M)
    for tilde, words in lines:
        named = set().union(*map(expand, words.split()))
        granted = granted - named if tilde else granted | named
    return granted


def main():
    granted = read_filter(sys.argv[1])
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ERRNO | errno.EPERM))
    for call in granted:
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0 and library.seccomp_rule_add(context, ALLOW, number, 0):
            sys.exit(f"unit_filter.py: no rule for {call}")
    if library.seccomp_load(context):
        sys.exit("unit_filter.py: the filter cannot be loaded")
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()

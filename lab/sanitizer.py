# SPDX-License-Identifier: BSD-2-Clause
"""Programs that were built with a sanitizer (./configure --with-sanitizer=...): how they are run, and what they found."""

import os
import re

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
MARKS = ((b"__asan_init", "address"), (b"__tsan_init", "thread"), (b"__ubsan_handle", "undefined"))
FOUND = re.compile(r"ERROR: (?:Address|Leak)Sanitizer|WARNING: ThreadSanitizer|ThreadSanitizer: |LeakSanitizer has encountered|"
                   r": runtime error: |FATAL: .*Sanitizer")


def built_with(program):
    """The names of the sanitizers in it; empty for none."""
    with open(program, "rb") as f:
        octets = f.read()
    return [name for mark, name in MARKS if mark in octets]


def environment():
    """The environment of such a program. What the user has set stays, behind ours. ASan: memory that is given back late finds more;
    TSan: all that it finds, not the first alone, and what tests/tsan.supp explains left out."""
    ours = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "TSAN_OPTIONS": f"suppressions={os.path.abspath(TOP)}/tests/tsan.supp:second_deadlock_stack=1:history_size=4"}
    return {**os.environ, **{name: ":".join(filter(None, (value, os.environ.get(name)))) for name, value in ours.items()}}


def findings(text):
    """What a sanitizer said in a program's standard error: the lines around the first words of each finding."""
    lines = text.splitlines()
    found = [number for number, line in enumerate(lines) if FOUND.search(line)]
    return ["\n".join(lines[number:number + 40]) for number in found[:3]]

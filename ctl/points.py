# SPDX-License-Identifier: BSD-2-Clause
"""Runs functions as tests, each in a world of its own, and tells their outcome as TAP."""

import shutil


def run(tests, make_world):
    """Exit status 1 where a test failed. A world has a `folder`, which goes with it."""
    failed = False
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        world = make_world()
        try:
            test(world)
            problem = None
        except AssertionError as error:
            problem = str(error)
        shutil.rmtree(world.folder)
        failed = failed or problem is not None
        print("ok" if problem is None else "not ok", number, "-", test.__name__.replace("_", " "))
        for line in (problem or "").splitlines():
            print("#", ascii(line))                      # what hostile lines were told as must not reach the terminal
    return 1 if failed else 0

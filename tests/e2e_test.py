#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the cases of tests/e2e through real MTAs and the real daemon (lab/README.md says how a case reads). Speaks TAP; skipped
where the machine allows no lab.

    tests/e2e_test.py [CASE...]          with the daemon $SLUISD, or milter/sluisd of $top_builddir or of the source tree
"""

import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RUNNER = os.path.join(os.path.dirname(HERE), "lab", "run_cases.py")

cases = sys.argv[1:] or sorted(glob.glob(HERE + "/e2e/*.case"))
os.execv(sys.executable, [sys.executable, RUNNER, "--jobs", "2", *cases])

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does the criterion of the soak find what leaks, and let alone what does not? Speaks TAP."""

import random
import sys

import flat

SAMPLES, MESSAGES = 600, 1_000_000
ROWS = [
    # name, flat?, rss_kb of a share of the run (0 to 1), files, threads
    ("steady", True, lambda x: 60000, lambda x: 30, lambda x: 12),
    ("warm-up, then steady", True, lambda x: 60000 - 30000 * max(0, 1 - x / 0.35), lambda x: 30, lambda x: 12),
    ("a sawtooth", True, lambda x: 60000 + 4000 * (20 * x % 1), lambda x: 30 + 10 * (30 * x % 1), lambda x: 12),
    ("single peaks", True, lambda x: 60000 + (30000 if int(1000 * x) % 97 == 0 else 0), lambda x: 30, lambda x: 12),
    ("shrinking", True, lambda x: 60000 - 5000 * x, lambda x: 30 - 5 * x, lambda x: 12),
    ("8 octets leak with each message", False, lambda x: 60000 + 8 * MESSAGES * x / 1024, lambda x: 30, lambda x: 12),
    ("a leak in steps", False, lambda x: 60000 + 2000 * int(5 * x), lambda x: 30, lambda x: 12),
    ("a leak that begins late", False, lambda x: 60000 + max(0, x - 0.8) * 60000, lambda x: 30, lambda x: 12),
    ("a leak beside a sawtooth", False, lambda x: 60000 + 4000 * (20 * x % 1) + 12000 * x, lambda x: 30, lambda x: 12),
    ("a file is left open in 50,000 messages", False, lambda x: 60000, lambda x: 30 + int(x * 20), lambda x: 12),
    ("threads grow", False, lambda x: 60000, lambda x: 30, lambda x: 12 + int(10 * x)),
]


def main():
    random.seed(20261125)
    failed = 0
    print(f"1..{len(ROWS) + 1}")
    for number, (name, wanted, rss, files, threads) in enumerate(ROWS, 1):
        rows = [{"messages": int(MESSAGES * n / SAMPLES), "rss_kb": rss(n / SAMPLES) + random.gauss(0, 300),
                 "files": round(files(n / SAMPLES) + random.uniform(-3, 3)), "threads": threads(n / SAMPLES)} for n in range(SAMPLES + 1)]
        found = flat.judge(rows)
        good = all(verdict.flat for verdict in found.values()) == wanted
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}: {'flat' if wanted else 'not flat'}")
        for what, verdict in found.items() if not good else ():
            print(f"# {what}: {verdict.why}")
    few = flat.Verdict([(n, 1) for n in range(10)], 5)
    print(f"{'not ok' if few.flat else 'ok'} {len(ROWS) + 1} - of ten samples nothing is said")
    return 1 if failed or few.flat else 0


if __name__ == "__main__":
    sys.exit(main())

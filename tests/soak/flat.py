# SPDX-License-Identifier: BSD-2-Clause
"""Is what a process uses flat after warm-up?

A series is [(messages so far, value)]. What counts is how much higher the value is at the end than behind the warm-up, by two measures
that a single high or low value cannot sway: the rise of the median between the first and the last fifth, and the slope through
the medians of all pairs of points (Theil and Sen), over the whole length. It is flat where neither is above the limit.
"""

import statistics

WARM_UP = 0.4                    # of all messages: caches fill, and libc's arenas, one for some threads each, find their size
FEWEST = 25                      # samples behind it; with fewer nothing can be said
THINNED = 150                    # points whose pairs are looked at


def behind(series, warm_up=WARM_UP):
    last = series[-1][0] if series else 0
    return [(x, y) for x, y in series if x >= warm_up * last]


def slope(series):
    """Of the line: the median of the slopes between all pairs of points."""
    thinned = series[::max(1, len(series) // THINNED)]
    slopes = [(y2 - y1) / (x2 - x1) for n, (x1, y1) in enumerate(thinned) for x2, y2 in thinned[n + 1:] if x2 > x1]
    return statistics.median(slopes) if slopes else 0.0


class Verdict:
    """`flat`; `why` in words; `rise`, `growth` over the length behind the warm-up; `limit`; `middle`: the median."""

    def __init__(self, series, limit):
        kept = behind(series)
        self.count, self.limit = len(kept), limit
        if self.count < FEWEST:
            self.flat, self.why = False, f"{self.count} samples behind the warm-up are too few"
            self.rise = self.growth = self.middle = float("nan")
            return
        fifth = max(1, self.count // 5)
        values = [y for _, y in kept]
        self.middle = statistics.median(values)
        self.rise = statistics.median(values[-fifth:]) - statistics.median(values[:fifth])
        self.growth = slope(kept) * (kept[-1][0] - kept[0][0])
        self.flat = max(self.rise, self.growth) <= limit
        self.why = f"rises by {self.rise:.0f} (medians of the first and the last fifth), {self.growth:.0f} (line); {limit:.0f} are allowed"


def judge(rows):
    """{name: Verdict} of rows with messages, rss_kb, files and threads. Memory may grow by 3 % and 1 MB: with 45 MB and a million
    messages that is 4 octets for each message behind the warm-up, less than the smallest thing that can leak."""
    def series(name):
        return [(row["messages"], row[name]) for row in rows]
    memory = series("rss_kb")
    middle = statistics.median(y for _, y in behind(memory)) if memory else 0
    return {"rss_kb": Verdict(memory, 0.03 * middle + 1024), "files": Verdict(series("files"), 4), "threads": Verdict(series("threads"), 4)}

# SPDX-License-Identifier: BSD-2-Clause
"""The tables of a run, in Markdown. A ratio is that row's figure over that of Sluis in the same run: 2.0 means twice as much."""

from measure import median

SELF = "sluis"


def middle(reports, value):
    """The median over the rounds of value(report)."""
    return median(value(r) for r in reports)


def per_thousand(report, key="cpu_s"):
    return report[key] * 1000 / report["messages"]


def cpu(report):
    """CPU seconds for 1,000 messages, with those of the resolver that the filter asks: Sluis validates in its own process."""
    return per_thousand(report) + per_thousand(report, "resolver_cpu_s")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(value, own):
    return f"{value / own:.2f}" if own else "-"


def figures(reports):
    """The figures of a filter's runs."""
    return {
        "per_second": middle(reports, lambda r: r["per_second"]),
        "p50": middle(reports, lambda r: r["message_ms"]["p50"]),
        "p99": middle(reports, lambda r: r["message_ms"]["p99"]),
        "worst": max(r["message_ms"]["worst"] for r in reports),
        "cpu": middle(reports, cpu),
        "resolver": middle(reports, lambda r: per_thousand(r, "resolver_cpu_s")),
        "rss": max(r["rss_kb"] for r in reports) / 1024,
        "lost": sum(r["lost"] for r in reports),
    }


def comparison(reports, queries=False):
    """One row a filter, with the ratios that matter."""
    all_figures = {name: figures(runs) for name, runs in reports.items() if "message_ms" in runs[0]}
    own = all_figures[SELF]
    head = ["filter", "messages/s", "p50 ms", "p99 ms", "worst ms", "CPU s / 1,000", "of it resolver", "RSS MB", "CPU ratio", "p50 ratio"]
    rows = []
    for name, f in all_figures.items():
        row = [name, number(f["per_second"]), number(f["p50"]), number(f["p99"]), number(f["worst"]), number(f["cpu"]),
               number(f["resolver"]), number(f["rss"]), ratio(f["cpu"], own["cpu"]), ratio(f["p50"], own["p50"])]
        if queries:
            row.append(number(middle(reports[name], lambda r: r["queries"] / r["messages"])))
        rows.append(row)
        if f["lost"]:
            rows[-1][0] += f" ({f['lost']} lost)"
    return table(head + (["DNS queries / message"] if queries else []), rows)


def protocol(result):
    return "".join(f"### Warm, over the milter protocol, {size.upper()[:-1]} {'KB' if size[-1] == 'k' else 'MB'}\n\n" + comparison(reports) + "\n"
                   for size, reports in result.items())


def cold(result):
    parts = []
    for name, reports in result.items():
        delay, connections = name.split(", ")
        parts.append(f"### Cold, name servers {delay} away, connections: {connections}\n\n" + comparison(reports, queries=True))
        if "chain" in reports:
            chain = middle(reports["chain"], lambda r: r["p50"])
            own = middle(reports[SELF], lambda r: r["message_ms"]["p50"])
            parts.append(f"\nThe longest chain of dependent lookups, by bare libunbound: p50 {number(chain)} ms; Sluis takes {ratio(own, chain)} "
                         "times as long.\n")
        parts.append("\n")
    return "".join(parts)


def through_postfix(result):
    return "### Through Postfix, 5 KB, ten SMTP sessions\n\n" + comparison(result["5k"]) + "\n"


def outbound(result):
    rows = []
    for name, reports in result.items():
        for who, runs in reports.items():
            if "recipient_ms" in runs[0]:
                count = middle(runs, lambda r: r["messages"])
                latency = (middle(runs, lambda r: r["recipient_ms"]["p50"]), middle(runs, lambda r: r["recipient_ms"]["p99"]))
            else:
                count = middle(runs, lambda r: r["walks"])
                latency = middle(runs, lambda r: r["p50"]), middle(runs, lambda r: r["p99"])
            seconds, used = middle(runs, lambda r: r["seconds"]), middle(runs, lambda r: r["cpu_s"])
            queries = f"{runs[0]['queries'] / count:.1f}" if "queries" in runs[0] else "-"
            rows.append([name if who == SELF else "", who, number(count / seconds), number(latency[0]), number(latency[1]),
                         number(used * 1e6 / count), queries])
    return ("### Outbound: DANE decisions at RCPT\n\n" +
            table(["", "", "decisions/s", "p50 ms", "p99 ms", "CPU us each", "DNS queries each"], rows) + "\n")


def memory(result):
    rows = [[count, number(r["rss_max_kb"] / 1024), str(r["threads_max"]), str(r["lost"])] for count, r in result["connections"].items()]
    names = [[f"{r['domains']:,}", number(r["rss_kb"] / 1024), str(r["queries"]), number(r["cpu_s"] * 1e6 / max(1, r["messages"]))]
             for r in result["names"]]
    return ("### Memory\n\n" + table(["connections at once", "RSS MB", "threads", "replies lost"], rows) + "\n" +
            table(["domains in the cache", "RSS MB", "queries when all are asked again", "CPU us a decision"], names) + "\n")


def growth(result):
    text = "### How cost grows: CPU ms a message\n\n"
    for subject, rows in result.items():
        names = [key for key in rows[0] if key != "value"]
        text += table([subject, *names], [[f"{r['value']:,}", *(number(r[n]["cpu_ms"]) for n in names)] for r in rows]) + "\n"
    return text


MAKERS = {"protocol": protocol, "postfix": through_postfix, "cold": cold, "outbound": outbound, "memory": memory, "growth": growth}


def make(results):
    m = results["machine"]
    text = (f"{m['date']}, {m['cpus']} cores of {m['cpu']}, Linux {m['kernel']}; others used {m['busy_before']:.0%} of the machine before the run"
            f" and {m['busy_after']:.0%} after it." + (" A quick run: its figures are worth little." if results["quick"] else "") + "\n\n")
    return text + "".join(MAKERS[name](results[name]) for name in MAKERS if name in results)

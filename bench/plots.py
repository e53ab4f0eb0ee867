# SPDX-License-Identifier: BSD-2-Clause
"""The plots of a run, as SVG, made by gnuplot."""

import subprocess

import tables

SETTINGS = """set terminal svg size 900,{height} enhanced background rgb 'white' font 'sans-serif,14'
set output '{file}'
set title '{title}'
set style fill solid 0.85 border
set grid ytics lc rgb '#cccccc'
set key outside top right
"""


def quoted(text):
    """For enhanced text within a data block."""
    return '"' + text.replace("_", r"\\_") + '"'


def gnuplot(folder, name, title, commands, height=420):
    script = SETTINGS.format(height=height, file=f"{folder}/{name}.svg", title=title) + commands
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def bars(folder, name, title, label, values):
    """Horizontal bars: [(name, value)], the figure beside each."""
    rows = "\n".join(f"{i} {value} {quoted(who)} {quoted(tables.number(value))}" for i, (who, value) in enumerate(reversed(values)))
    gnuplot(folder, name, title, f"""unset key
set lmargin 26
set xlabel '{label}'
set xrange [0:{max(v for _, v in values) * 1.15}]
set yrange [-0.6:{len(values) - 0.4}]
set grid xtics noytics
$data << EOD
{rows}
EOD
plot $data using (0):1:(0):2:($1-0.36):($1+0.36):ytic(3) with boxxyerror lc rgb '#1f5a99', $data using 2:1:4 with labels left offset 0.6,0
""", height=120 + 46 * len(values))


def lines(folder, name, title, xlabel, ylabel, series, logarithmic=True):
    """{name: [(x, y)]}"""
    blocks = "".join(f"$d{i} << EOD\n" + "\n".join(f"{x} {y}" for x, y in points) + "\nEOD\n" for i, points in enumerate(series.values()))
    plot = ", ".join(f"$d{i} using 1:2 with linespoints lw 2 pt {5 + 2 * i} title {quoted(who)}" for i, who in enumerate(series))
    gnuplot(folder, name, title, f"""set xlabel '{xlabel}'
set ylabel '{ylabel}'
{"set logscale x" if logarithmic else ""}
set yrange [0:*]
set lmargin 12
{blocks}plot {plot}
""")


def protocol(result, folder):
    for size, reports in result.items():
        f = {name: tables.figures(runs) for name, runs in reports.items()}
        bars(folder, f"cpu-{size}", f"CPU for 1,000 messages of {size.upper()}B, warm, resolver included", "seconds",
             [(name, v["cpu"]) for name, v in f.items()])
    f = {name: tables.figures(runs) for name, runs in result["5k"].items()}
    bars(folder, "p99-5k", "Latency p99, warm, 5 KB, ten connections", "ms", [(name, v["p99"]) for name, v in f.items()])


def cold(result, folder):
    reports = result["20 ms, 1"]
    values = [("longest chain (bare)", tables.middle(reports["chain"], lambda r: r["p50"]))]
    values += [(name, tables.figures(runs)["p50"]) for name, runs in reports.items() if name != "chain"]
    bars(folder, "cold-p50", "Latency p50, cold, name servers 20 ms away", "ms", values)


def through_postfix(result, folder):
    f = {name: tables.figures(runs) for name, runs in result["5k"].items()}
    bars(folder, "postfix-cpu", "CPU for 1,000 messages through Postfix, resolver included", "seconds",
         [(name, v["cpu"]) for name, v in f.items() if name != "no milter"])
    bars(folder, "postfix-p50", "Latency p50 through Postfix, ten sessions", "ms", [(name, v["p50"]) for name, v in f.items()])


def memory(result, folder):
    lines(folder, "memory-names", "Resident memory by domains in the cache", "domains", "MB",
          {"sluis": [(r["domains"], r["rss_kb"] / 1024) for r in result["names"]]})
    lines(folder, "memory-connections", "Highest resident memory by connections at once", "connections", "MB",
          {"sluis": [(int(count), r["rss_max_kb"] / 1024) for count, r in result["connections"].items()]})


def growth(result, folder):
    words = {"body": "octets of the message", "signatures": "signatures", "recipients": "recipients", "fields": "further header fields"}
    for subject, rows in result.items():
        names = [key for key in rows[0] if key != "value"]
        lines(folder, f"growth-{subject}", f"CPU of a message by {words[subject]}", words[subject], "ms",
              {name: [(r["value"], r[name]["cpu_ms"]) for r in rows] for name in names}, logarithmic=False)


MAKERS = {"protocol": protocol, "cold": cold, "postfix": through_postfix, "memory": memory, "growth": growth}


def make(results, folder):
    for name, maker in MAKERS.items():
        if name in results:
            maker(results[name], folder)

# SPDX-License-Identifier: BSD-2-Clause
"""The report's page in a real browser: is it one file, safe, and readable for everybody (WCAG 2.1 AA)?

With SLUIS_PICTURES=FOLDER the pictures stay there, to look at. Speaks TAP.
"""
import base64
import csv
import hashlib
import html.parser
import io
import json
import os
import re
import shutil
import sys

import jsonschema

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser  # noqa: E402
import report_world  # noqa: E402

PERIOD = ("--from", "2026-07-01", "--to", "2026-09-30")
PICTURES = os.environ.get("SLUIS_PICTURES")
ELEMENTS = set("""html head meta title style body a svg pattern rect path line polyline text header h1 h2 h3 p nav ol ul li main
section div dl dt dd figure table thead tbody tr th td strong""".split())

points = 0
failures = 0


def point(name, complaints):
    """One TAP point: good where there is no complaint."""
    global points, failures
    points += 1
    failures += bool(complaints)
    for complaint in list(complaints)[:20]:
        print("# " + ascii(complaint))
    print(f"{'not ok' if complaints else 'ok'} {points} - {name}", flush=True)


class Reader(html.parser.HTMLParser):
    """All elements, attributes and texts of a page."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.attributes, self.texts = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.texts.append(data)


def one_file(page):
    reader = Reader(page)
    complaints = [f"element {tag}" for tag in sorted(set(reader.elements) - ELEMENTS)]
    for tag, name, value in reader.attributes:
        if name.startswith("on") or name in ("src", "style", "srcset", "action") or \
                (name in ("href", "xlink:href") and not value.startswith("#")):
            complaints.append(f"{tag} {name}={value}")
    style = re.search("<style>(.*?)</style>", page, re.S).group(1)
    if re.search(r"@import|url\((?!#)", style):
        complaints.append("the style loads something")
    wanted = "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    if f"style-src '{wanted}'" not in page:
        complaints.append(f"HTML_STYLE_HASH has to be {wanted}")
    if "default-src 'none'" not in page or not page.startswith("<!DOCTYPE html>"):
        complaints.append("no policy, or no document type")
    return complaints


def injected(page, look):
    """Values of strangers: there as text, and nothing of them is anything else."""
    texts = " ".join(Reader(page).texts)
    complaints = [f"not shown: {value}" for value in report_world.HOSTILE[:2] if value not in texts]
    if look.ask("return window.pwned !== undefined || document.querySelectorAll('script, img, b').length > 0"):
        complaints.append("a value became markup")
    return complaints


def harmless_text(world):
    complaints = []
    for language in ("nl", "en"):
        text = world.report(*PERIOD, language=language)
        complaints += [f"control character {ord(c):#x}" for c in set(text) if c != "\n" and
                       (ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028")]
    return complaints


def harmless_csv(world):
    table = list(csv.reader(io.StringIO(world.report("--format", "csv", *PERIOD), newline="")))
    complaints = [f"{len(row)} fields: {row}" for row in table if len(row) != 5]
    seen = 0
    for row in table:
        value = row[3].lstrip(" ")
        seen += value.startswith("'")
        if value[:1] in ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"):
            complaints.append(f"a formula: {row}")
    return complaints + ([] if seen > 20 else [f"only {seen} formulas were disarmed"])


def structure(look):
    return look.ask(r"""
      const complaints = [], all = s => [...document.querySelectorAll(s)];
      const name = e => e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ')
        .map(i => document.getElementById(i)?.textContent || '').join(' ').trim();
      if (!['nl', 'en'].includes(document.documentElement.lang)) complaints.push('no language');
      if (!document.title) complaints.push('no title');
      if (all('h1').length !== 1) complaints.push('not one h1');
      for (const tag of ['header', 'nav', 'main']) if (all('body > ' + tag).length !== 1) complaints.push('not one ' + tag);
      for (const e of all('nav, section, [role=region], [role=img], table')) if (!name(e)) complaints.push('no name: ' + e.outerHTML);
      const regions = all('section').map(name);
      if (new Set(regions).size !== regions.length) complaints.push('sections of one name');
      let level = 0;
      for (const e of all('h1, h2, h3, h4')) { const now = Number(e.tagName[1]);
        if (now > level + 1) complaints.push('heading skips a level: ' + e.textContent); level = now;
        if (!e.textContent.trim()) complaints.push('empty heading'); }
      const ids = all('[id]').map(e => e.id);
      if (new Set(ids).size !== ids.length) complaints.push('an id stands twice');
      for (const a of all('a')) { if (!a.textContent.trim()) complaints.push('a link without words');
        if (!document.getElementById(a.getAttribute('href').slice(1))) complaints.push('a link to nowhere: ' + a.outerHTML); }
      for (const t of all('table')) {
        const columns = t.querySelectorAll('thead th[scope=col]').length;
        if (!columns) complaints.push('a table without heads');
        for (const r of t.querySelectorAll('tbody tr'))
          if (r.querySelectorAll('th[scope=row]').length !== 1 || r.children.length !== columns) complaints.push('a row: ' + r.outerHTML);
        for (const h of t.querySelectorAll('th')) if (!h.textContent.trim()) complaints.push('an empty head: ' + t.outerHTML.slice(0, 200)); }
      for (const s of all('svg')) if (s.getAttribute('role') !== 'img' && !s.closest('[role=img], [aria-hidden=true]'))
        complaints.push('a picture without a role: ' + s.outerHTML.slice(0, 100));
      for (const f of all('figure')) if (!f.parentElement.querySelector('table')) complaints.push('a plot without a table');
      if (all('figure').length < 7) complaints.push('only ' + all('figure').length + ' plots');
      for (const l of all('ul, ol')) for (const c of l.children) if (c.tagName !== 'LI') complaints.push('not an item: ' + c.tagName);
      return complaints;""")


def contrast(look):
    """Text 4.5 (1.4.3), large text 3, and what is drawn 3 (1.4.11)."""
    return look.ask(r"""
      const complaints = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      let seen = 0;
      while (walker.nextNode()) {
        const e = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !ask.shown(e) || e.closest('.skip')) continue;
        const s = getComputedStyle(e), ink = ask.rgba(e.closest('svg') ? s.fill : s.color), below = ask.paper(e);
        const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && Number(s.fontWeight) >= 700);
        const c = ask.contrast(ask.over(ink, below), below);
        seen++;
        if (c < (large ? 3 : 4.5)) complaints.add(`text ${c.toFixed(2)}: ${e.tagName}.${e.getAttribute('class')} ${e.textContent.slice(0, 40)}`);
      }
      for (const e of document.querySelectorAll('figure .bar, figure .line, figure .mark, pattern rect')) {
        const s = getComputedStyle(e), paint = e.matches('.bar, .line') ? s.stroke : s.fill;
        const below = ask.paper(e.closest('figure') || document.body), c = ask.contrast(ask.over(ask.rgba(paint), below), below);
        seen++;
        if (c < 3) complaints.add(`drawn ${c.toFixed(2)}: ${e.getAttribute('class')} ${paint}`);
      }
      if (seen < 300) complaints.add('only ' + seen + ' were looked at');
      return [...complaints];""")


def no_colour_alone(look):
    return look.ask(r"""
      const complaints = [], all = s => [...document.querySelectorAll(s)];
      const words = {};
      for (const e of all('[class^=word-]')) { const w = e.textContent.trim();
        if (!w) complaints.push('a colour without a word: ' + e.outerHTML);
        if ((words[w] ??= e.className) !== e.className) complaints.push('one word in two colours: ' + w); }
      const marks = all('.mark'), shapes = {};
      for (const e of marks) (shapes[e.getAttribute('class')] ??= new Set()).add(e.getAttribute('d'));
      const ways = Object.values(shapes).map(s => [...s].join());
      if (ways.length < 4 || new Set(ways).size !== ways.length) complaints.push('lines have the same marks');
      const dashes = new Set(['line-0', 'line-1', 'line-2', 'line-3'].map(c => getComputedStyle(document.querySelector('.' + c)).strokeDasharray));
      if (dashes.size !== 4) complaints.push('lines have the same dashes');
      const fills = all('pattern').map(p => [...p.querySelectorAll('path')].map(e => e.getAttribute('d')).join());
      if (fills.length < 4 || new Set(fills).size !== fills.length) complaints.push('patterns are the same');
      for (const svg of all('figure > svg')) {
        const bars = svg.querySelectorAll('.bar').length, labels = svg.querySelectorAll('.label').length;
        if (bars && labels !== 2 * bars) complaints.push('a bar without its words'); }
      for (const e of all('.bar')) { const id = getComputedStyle(e).fill.match(/url\("#(.*?)"\)/);
        if (!id || !document.getElementById(id[1])) complaints.push('a bar without a pattern'); }
      const link = getComputedStyle(document.querySelector('main a'));
      if (!link.textDecorationLine.includes('underline')) complaints.push('links are told by colour alone');
      return complaints;""")


def keyboard(look):
    """All that can be reached, in the order of the page, where one sees where one is."""
    complaints = []
    look.ask("document.activeElement.blur(); window.scrollTo(0, 0)")
    wanted = look.ask("return document.querySelectorAll('a[href], [tabindex=\"0\"]').length")
    state = r"""const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
      window.reached ??= []; const again = window.reached.includes(e); window.reached.push(e);
      const before = window.reached[window.reached.length - 2];
      return {again, first: e.className, outline: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
              seen: r.left >= 0 && r.bottom > 0 && r.top < innerHeight && r.left < innerWidth, tag: e.outerHTML.slice(0, 100),
              order: !before || (before.compareDocumentPosition(e) & 4) > 0};"""
    for number in range(wanted):
        look.press("Tab", 9)
        found = look.ask(state)
        if number == 0 and found["first"] != "skip":
            complaints.append("the skip link is not first")
        complaints += [f"{what}: {found['tag']}" for what, wrong in
                       (("reached twice", found["again"]), ("no outline", not found["outline"]), ("not seen", not found["seen"]),
                        ("out of order", not found["order"])) if wrong]
    look.ask("document.querySelector('.skip').focus()")
    look.press("Enter", 13)
    look.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "char", "text": "\r"})
    look.press("Tab", 9)
    if not look.ask("return document.querySelector('main').contains(document.activeElement)"):
        complaints.append("the skip link does not lead to the content")
    return complaints


def narrow(look):
    """1.4.10: nothing but a table, in its own region, is wider than 320 pixels; 1.4.12: nor with wider text."""
    complaints = []
    for extra in ("", "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"):
        look.ask("""const sheet = new CSSStyleSheet(); sheet.replaceSync(arguments[0]); document.adoptedStyleSheets = [sheet]""",
                 extra)
        complaints += look.ask(r"""
          const complaints = [], limit = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth > limit) complaints.push('the page is ' + document.documentElement.scrollWidth + ' wide');
          for (const e of document.querySelectorAll('body *')) {
            if (e.closest('.scroll, .skip, defs, pattern, .patterns') && !e.matches('.scroll')) continue;
            const r = e.getBoundingClientRect();
            if (r.width && r.right > limit + 1 && !arguments[0]) complaints.push(`${e.tagName} ${e.textContent.slice(0, 40)} ends at ${r.right}`); }
          for (const svg of document.querySelectorAll('figure > svg')) {
            const labels = [...svg.querySelectorAll('.label')], all = svg.getBoundingClientRect();
            for (let i = 0; i + 1 < labels.length && !arguments[0]; i += 2) {
              const cut = all.left + all.width * parseFloat(labels[i].closest('svg').getAttribute('width')) / 100;
              if (Math.min(labels[i].getBoundingClientRect().right, cut) > labels[i + 1].getBoundingClientRect().left)
                complaints.push('labels overlap: ' + labels[i].textContent); } }
          return complaints;""", bool(extra))
    look.ask("document.adoptedStyleSheets = []")
    return complaints


def on_paper(look):
    """Light, without what only a screen needs, and no table wider than its sheet (A4 with margins of 15 mm)."""
    complaints = []
    look.media("print", "dark")
    for width, kind in ((680, "section:not(.about-forum):not(.about-annex)"), (1008, ".about-forum, .about-annex")):
        look.width(width)
        complaints += look.ask(r"""
          const complaints = [];
          if (ask.paper(document.body).some(v => v < 250)) complaints.push('not on white');
          if (ask.shown(document.querySelector('nav')) || ask.shown(document.querySelector('.skip'))) complaints.push('the contents are printed');
          for (const s of document.querySelectorAll(arguments[0])) for (const e of s.querySelectorAll('table, figure'))
            if (e.getBoundingClientRect().right > arguments[1] + 1) complaints.push(`${e.getAttribute('aria-labelledby')} ends at ${e.getBoundingClientRect().right}`);
          return complaints;""", kind, width)
    look.width(1280)
    look.media()
    pdf = look.pdf()
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    if not pdf.startswith(b"%PDF") or not 5 <= pages <= 60:
        complaints.append(f"{pages} pages")
    return complaints


def true_figures(world):
    """What the world knows of itself, and the report has to say."""
    figures = json.loads(world.report("--format", "json", *PERIOD))
    found = {}
    for table, word, column, section in (("spf", "result", "messages", "inbound"), ("dkim", "result", "messages", "inbound"),
                                         ("dmarc", "result", "messages", "inbound"), ("tls", "grade", "messages", "inbound"),
                                         ("assessed", "verdict", "recipients", "outbound"),
                                         ("proven", "class", "recipients", "outbound")):
        for row in figures[section][table]:
            found[f"{word if table in ('tls', 'assessed', 'proven') else table} {row[word]}"] = row[column]["number"]
            found["outbound" if section == "outbound" else "inbound"] = row[column]["of"]
    found |= {f"refused {row['standard']} {row['domain']}": row["messages"]
              for row in figures["enforcement"]["refused-domains"] if row["standard"] == "dmarc"}
    found |= {f"lacking {row['domain']}": row["recipients"] for row in figures["outbound"]["lacking-dane"]}
    complaints = [f"{key}: {found.get(key, 0)}, not {world.truth[key]}" for key in sorted(set(found) | set(world.truth))
                  if found.get(key, 0) != world.truth[key]]
    remedies = {row["domain"]: row["remedy"] for row in figures["outbound"]["lacking-dane"]}
    if remedies != {"provincie.example": "microsoft", "waterschap.example": "domain-unsigned", "partner.example": "no-tlsa",
                    "kapot.example": "bogus"}:
        complaints.append(f"remedies {remedies}")
    changes = {(row["domain"], row["standard"], row["change"]) for row in figures["trend"]["trend-domains"]}
    if changes != {("gemeente.example", "dmarc-policy", "improvement"), ("gemeente.example", "dane", "improvement"),
                   ("provincie.example", "dkim", "improvement"), ("waterschap.example", "dmarc-policy", "regression")}:
        complaints.append(f"changes {changes}")
    states = {row["exception"]: row["state"] for row in figures["exceptions"]["exceptions"]}
    if states != {"2026-014": "used", "2025-002": "expired", "2026-020": "unused"}:
        complaints.append(f"exceptions {states}")
    return complaints


def right_figures(page, world):
    """The page's tables hold what JSON says, and the bars are as long as that."""
    figures = json.loads(world.report("--format", "json", *PERIOD))
    return [f"{name}: {shown[name]} rows, not {len(rows)}" for shown in [page] for section in figures.values()
            if isinstance(section, dict) for name, rows in section.items() if rows and shown.get(name) != min(len(rows), 100)]


def fits_schema(world):
    """In what is for programs, nothing is missing and nothing is new; doc/report.md tells of each table."""
    with open(os.path.join(report_world.TOP, "doc", "report.schema.json"), encoding="utf-8") as file:
        checker = jsonschema.Draft202012Validator(json.load(file))
    with open(os.path.join(report_world.TOP, "doc", "report.md"), encoding="utf-8") as file:
        told = file.read()
    complaints = []
    for words in (PERIOD, (*PERIOD, "--public"), ("--from", "2020-01-01", "--to", "2020-01-02")):
        figures = json.loads(world.report("--format", "json", *words))
        complaints += [f"{error.json_path}: {error.message}" for error in checker.iter_errors(figures)]
        complaints += [f"doc/report.md does not tell of {name}" for section in figures.values() if isinstance(section, dict)
                       for name in section if f"`{name}`" not in told]
    return complaints


def bars(look):
    return look.ask(r"""
      const complaints = [];
      for (const svg of document.querySelectorAll('figure > svg')) {
        const width = svg.getBoundingClientRect().width, labels = [...svg.querySelectorAll('.label')];
        [...svg.querySelectorAll('.bar')].forEach((bar, i) => {
          const says = labels[2 * i + 1].textContent;
          if (!says.endsWith('%')) return;
          const share = parseFloat(says.replace(',', '.')) / 100, is = bar.getBoundingClientRect().width / width;
          if (Math.abs(share - is) > 0.02) complaints.push(`${says} is drawn as ${is}`); }); }
      return complaints;""")


def published(world):
    """What --public must not tell, in no form and no plot."""
    complaints = []
    small = "kapot.example"
    for form in ("html", "text", "json", "csv"):
        told = world.report("--format", form, *PERIOD, "--public=30")
        complaints += [f"{form} tells of {word}" for word in (small, "2026-014", "leverancier", "audit.jsonl", "mx1.example.nl",
                                                              "abababab", "domain gemeente.example") if word in told]
        if "partner.example" in told or "gemeente.example" not in told:
            complaints.append(f"{form}: the threshold is not where it should be")
    return complaints


def keep_pictures(look):
    if not PICTURES:
        return
    for name, width, scheme in (("light", 1280, "light"), ("dark", 1280, "dark"), ("narrow", 320, "light")):
        look.media("screen", scheme)
        look.width(width)
        with open(os.path.join(PICTURES, name + ".png"), "wb") as f:
            f.write(look.picture())
    look.media()
    look.width(1280)
    with open(os.path.join(PICTURES, "print.pdf"), "wb") as f:
        f.write(look.pdf())


def main():
    hostile, honest = report_world.World(), report_world.World(hostile=False)
    look = browser.Browser()
    try:
        pages = {"nl": honest.report("--format", "html", *PERIOD), "en": honest.report("--format", "html", *PERIOD, language="en"),
                 "hostile": hostile.report("--format", "html", *PERIOD)}
        for name, page in pages.items():
            point(f"{name}: one file that loads nothing", one_file(page))
            look.open(page)
            point(f"{name}: structure", structure(look))
            for scheme in ("light", "dark"):
                look.media("screen", scheme)
                point(f"{name}: contrast, {scheme}", contrast(look))
            look.media()
            point(f"{name}: the browser has nothing to say", look.messages() +
                  [url for url in look.requests() if not url.startswith(("file://", "data:"))])
        point("values of strangers stay text", injected(pages["hostile"], look))
        look.width(320)
        point("320 pixels, hostile", narrow(look))
        point("on paper, hostile", on_paper(look))
        look.open(pages["nl"])
        point("nothing by colour alone", no_colour_alone(look))
        point("by keyboard", keyboard(look))
        point("bars are as long as they say", bars(look))
        point("all rows are there", right_figures(look.ask(
            "return Object.fromEntries([...document.querySelectorAll('table')].map(t => "
            "[t.getAttribute('aria-labelledby').slice(6), t.querySelectorAll('tbody tr').length]))"), honest))
        look.width(320)
        point("the figures are those of the world", true_figures(honest))
        point("320 pixels", narrow(look))
        look.width(1280)
        point("on paper", on_paper(look))
        keep_pictures(look)
        look.width(1280)
        look.open(honest.report("--format", "html", *PERIOD, "--public=30"))
        point("published: structure", structure(look))
        point("published: nothing small, nobody's name", published(honest))
        point("text holds nothing that a terminal obeys", harmless_text(hostile))
        point("CSV holds nothing that a spreadsheet runs", harmless_csv(hostile))
        for form in ("json", "csv"):
            same = len({honest.report("--format", form, *PERIOD, language=language) for language in ("nl", "en")}) == 1
            point(f"{form} is in no language", [] if same else ["it differs"])
        for name, world in (("honest", honest), ("hostile", hostile)):
            point(f"JSON fits its schema, {name}", fits_schema(world))
    finally:
        look.close()
        for world in (hostile, honest):
            shutil.rmtree(world.folder)
    print(f"1..{points}")
    return failures > 0


sys.exit(main())

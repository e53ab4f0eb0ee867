# SPDX-License-Identifier: BSD-2-Clause
"""Reads the end-to-end cases: one file, one case, in the sections [zone], [routes], [config], [session] and [expect];
see README.md."""

import re

SESSION = {"via", "client", "xclient", "helo", "old-helo", "starttls", "auth", "no-auth", "mail", "rcpt", "message", "send", "send-only",
           "rset", "quit", "disconnect", "connect", "sleep"}
REPLIES = {"connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "rset", "quit", "send"}
EXPECT = REPLIES | {"header", "no-header", "header-count", "header-list", "top-header", "body", "delivered", "not-delivered",
                    "held", "remote", "audit", "audit-lines", "log", "no-log", "daemon-log", "queries", "mta"}
WAYS = ("inbound", "submission", "internal", "sendmail-command")


class CaseError(Exception):
    """The case file is wrong; says where."""


class Step:
    """A line of the session. `text` is what follows the verb; a message has its lines and signatures."""

    def __init__(self, verb, text, where):
        self.verb, self.text, self.where = verb, text, where
        self.message, self.signatures, self.raw = "", [], False


class Expectation:
    def __init__(self, verb, text, where):
        self.verb, self.where = verb, where
        found = re.match(r"#(\d+)\s*(.*)", text)         # which message of the session, from 1; without: the last one
        self.number, self.text = (int(found[1]), found[2]) if found else (None, text)

    def __str__(self):
        number = f"#{self.number} " if self.number else ""
        return f"{self.verb} {number}{self.text}".strip()


class Case:
    def __init__(self, text, path):
        self.path = path
        self.name = re.sub(r"\.case$", "", path.rsplit("/", 1)[-1])
        self.title, self.zone, self.config = "", "", ""
        self.routes = []                                 # (domain or @sender, next hop), for both MTAs
        self.session, self.expect = [], []
        self.mtas = ("postfix", "sendmail")
        self.way = "inbound"
        sections = {"zone": [], "routes": [], "config": [], "session": [], "expect": []}
        section = None
        for number, line in enumerate(text.splitlines(), 1):
            header = re.fullmatch(r"\[([a-z]+)\]\s*(#.*)?", line)
            if header:
                section = header[1]
                if section not in sections:
                    raise CaseError(f"{path}:{number}: unknown section [{section}]")
            elif section:
                sections[section].append((number, line))
            elif line.startswith("#") and not self.title:
                self.title = line[1:].strip()
            elif line.strip() and not line.startswith("#"):
                raise CaseError(f"{path}:{number}: text before the first section")
        self.zone = _text(sections["zone"])
        self.config = _text(sections["config"])
        self._routes(sections["routes"])
        self._session(sections["session"])
        self._expect(sections["expect"])

    def _routes(self, lines):
        for number, line in lines:
            words = _uncomment(line).split()
            if len(words) not in (0, 2):
                raise CaseError(f"{self.path}:{number}: DOMAIN NEXT-HOP, or @SENDER-DOMAIN NEXT-HOP")
            if words:
                self.routes.append(tuple(words))

    def _session(self, lines):
        at = 0
        while at < len(lines):
            number, line = lines[at]
            at += 1
            bare = _uncomment(line)
            if not bare:
                continue
            verb, _, text = bare.partition(" ")
            where = f"{self.path}:{number}"
            if verb not in SESSION:
                raise CaseError(f"{where}: unknown step: {verb}")
            step = Step(verb, text.strip(), where)
            if verb == "via":
                if step.text not in WAYS:
                    raise CaseError(f"{where}: via {' | '.join(WAYS)}")
                self.way = step.text
            if verb == "message":
                at = self._message(step, lines, at)
            self.session.append(step)
        if not self.session:
            raise CaseError(f"{self.path}: no [session]")

    def _message(self, step, lines, at):
        """The indented lines up to a lone dot; the signatures out of `signed by DOMAIN SELECTOR KEY [OPTION]...`."""
        head = [part.split() for part in re.split(r"\bsigned by\b", step.text)]
        step.raw = head[0] == ["raw"]
        if head[0] and not step.raw:
            raise CaseError(f"{step.where}: message [raw] [signed by DOMAIN SELECTOR KEY [OPTION[=VALUE]]...]...")
        for words in head[1:]:
            if len(words) < 3:
                raise CaseError(f"{step.where}: signed by DOMAIN SELECTOR KEY [OPTION[=VALUE]]...")
            options = dict(w.partition("=")[::2] if "=" in w else (w, True) for w in words[3:])
            if "headers" in options:
                options["headers"] = options["headers"].split(":")
            step.signatures.append((*words[:3], options))
        body = []
        while at < len(lines):
            line = lines[at][1]
            at += 1
            if line.strip() == ".":
                break
            body.append(line)
        else:
            raise CaseError(f"{step.where}: the message does not end with a dot of its own")
        indent = min((len(l) - len(l.lstrip(" ")) for l in body if l.strip()), default=0)
        step.message = "\n".join(l[indent:] for l in body) + "\n"
        return at

    def _expect(self, lines):
        for number, line in lines:
            line = _uncomment(line)
            if not line:
                continue
            verb, _, text = line.partition(" ")
            if verb not in EXPECT:
                raise CaseError(f"{self.path}:{number}: unknown expectation: {verb}")
            if verb == "mta":
                self.mtas = tuple(text.split())
            else:
                self.expect.append(Expectation(verb, text.strip(), f"{self.path}:{number}"))

    @property
    def counts_queries(self):
        return any(e.verb == "queries" for e in self.expect)


def load(path):
    with open(path) as f:
        return Case(f.read(), path)


def _text(lines):
    return "\n".join(line for _, line in lines) + "\n"


def _uncomment(line):
    return re.sub(r"(^|\s)#(?!\d).*", "", line).strip()


# The configuration: enough of libconfuse's syntax to lay one text over another

TOKEN = re.compile(r'\s+|#[^\n]*|//[^\n]*|/\*.*?\*/|("(?:[^"\\]|\\.)*"|\+=|[{}=,]|[^\s{}=,"#]+)', re.S)


def merge_config(*texts):
    """Later texts win, option by option; `domain` and `exception` sections add up."""
    merged = {}
    for text in texts:
        tokens = [m[1] for m in TOKEN.finditer(text) if m[1]]
        _overlay(merged, _block(tokens))
        if tokens:
            raise CaseError(f"configuration: unexpected {tokens[0]}")
    return _print(merged, "")


def _block(tokens):
    """{name or (name, title): value text or block}, up to a closing brace, which stays."""
    block = {}
    while tokens and tokens[0] != "}":
        name = tokens.pop(0)
        try:
            if tokens[0] in ("=", "+="):
                tokens.pop(0)
                value = tokens.pop(0)
                if value == "{":
                    end = tokens.index("}")
                    value = "{" + " ".join(tokens[:end]) + "}"
                    del tokens[:end + 1]
                block[name] = value
                continue
            title = tokens.pop(0) if tokens[0] != "{" else None
            if tokens.pop(0) != "{":
                raise ValueError
            inner = _block(tokens)
            tokens.pop(0)
        except (IndexError, ValueError):
            raise CaseError(f"configuration: cannot read what follows {name}") from None
        _overlay(block, {(name, title) if title else name: inner})
    return block


def _overlay(under, over):
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(under.get(name), dict):
            _overlay(under[name], value)
        else:
            under[name] = value


def _print(block, indent):
    lines = []
    for name, value in block.items():
        name = " ".join(name) if isinstance(name, tuple) else name
        if isinstance(value, dict):
            lines.append(f"{indent}{name} {{\n{_print(value, indent + '  ')}{indent}}}\n")
        else:
            lines.append(f"{indent}{name} = {value}\n")
    return "".join(lines)

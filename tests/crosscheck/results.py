# SPDX-License-Identifier: BSD-2-Clause
"""Authentication-Results fields read with python3-authres and held against the audit line of the same message.

Limits of authres 1.2.0 that are made good here: it takes a quoted value only as the last of its method, though RFC 8601 2.2
lets properties follow; it keeps the backslashes of a quoted string; it knows no raw UTF-8 (RFC 8616), so fields that have any
are read with `x` in place of each such character.
"""

import re

import authres
from authres.core import AuthenticationResultsHeader

AUTHSERV_ID = "mx.sluis.example"
VALUE_MAX = 900


class Header(AuthenticationResultsHeader):
    """Reads a quoted value wherever it stands."""

    def _parse_pvalue(self):
        self._parse_rfc5322_cfws()
        if self._parse_text.startswith('"'):
            quoted = self._parse_rfc5322_quoted_string()
            return re.sub(r"\\(.)", r"\1", quoted)
        return super()._parse_pvalue()


def read(field):
    """[(method, result, {property: value})]; an exception where the field cannot be read."""
    text = re.sub(r"[^\x00-\x7f]", "x", field)
    header = Header(authres.FeatureContext(), strict=True)
    header._parse_text = text.replace("\n", "")  # its parse_value() does no more, but cannot be told to be strict
    header._parse()
    if header.authserv_id != AUTHSERV_ID:
        raise ValueError(f"authserv-id {header.authserv_id}")
    return [(result.method, result.result, {f"{p.type}.{p.name}": str(p.value or "") for p in result.properties})
            for result in header.results]


def expected(audit):
    """The same, as the audit line has it; None for a value that the line does not have."""
    clauses = []
    null_sender = not audit["mail_from"]
    for fact in audit.get("spf") or ():
        if not (null_sender and fact["identity"] == "mailfrom"):
            clauses.append(("spf", fact["result"], {f"smtp.{fact['identity']}": fact["domain"], "policy.dnssec": fact["dnssec"]}))
    for fact in audit.get("dkim") or ():
        clauses.append(("dkim", fact["result"], {"header.d": fact["domain"], "header.s": fact["selector"],
                                                 "header.a": fact["algorithm"], "header.b": None,
                                                 "policy.dnssec": fact["dnssec"]}))
    if audit.get("dkim") == []:
        clauses.append(("dkim", "none", {}))
    dmarc = audit.get("dmarc")
    if dmarc:
        clauses.append(("dmarc", dmarc["result"], {"header.from": audit["author_domain"], "policy.dnssec": dmarc["dnssec"]}))
    tls = audit.get("tls")
    clauses.append(("x-tls", "pass", {"smtp.tls-version": tls["version"], "smtp.tls-cipher": tls["cipher"],
                                      "policy.grade": tls["grade"]}) if tls else ("x-tls", "none", {}))
    return clauses


def droppable(value):
    """Values that Sluis leaves out, as no quoting makes them safe for every reader."""
    return not value or len(value) > VALUE_MAX or not re.fullmatch(r"[\x20-\x3a\x3c-\x7e]*", value)


def same_properties(wanted, found):
    for name in wanted.keys() | found.keys():
        if name not in wanted:
            return False
        if name in found and wanted[name] is not None and found[name] != wanted[name]:
            return False
        if name not in found and wanted[name] is not None and not droppable(wanted[name]):
            return False
    return True


def complaints(outcome, all_methods=True):
    """What is wrong with the field of an outcome: nothing, where none was added. Where the configuration keeps checks out of
    the header, all_methods is false: those that are there must be right."""
    field = outcome["field"]
    if not field or outcome["audit"]["direction"] != "inbound":
        return []
    told = f"{outcome['id']}: {field!r}"
    if re.search(r"\n(?!\t)|[\x00-\x08\x0b-\x1f\x7f]", field):
        return [f"{told}: a line end that is no fold, or a control character"]
    if any(len(line) > 998 for line in field.split("\n")):
        return [f"{told}: a line is longer than 998"]
    try:
        found = read(field)
    except Exception as error:  # whatever the reader trips over
        return [f"{told}: {error}"]
    wanted = expected(outcome["audit"])
    if not all_methods:
        wanted = [c for c in wanted if c[0] in {method for method, _, _ in found}]
    beyond = [c for c in found if c == ("dkim", "policy", {})]
    found = [c for c in found if c not in beyond]
    if len(beyond) > 1 or len(found) != len(wanted):
        return [f"{told}: {len(found)} results, the audit line has {len(wanted)}: {wanted}"]
    return [f"{told}: {got}, but the audit line has {want}" for got, want in zip(found, wanted)
            if got[:2] != want[:2] or not same_properties(want[2], got[2])]

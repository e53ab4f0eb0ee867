# SPDX-License-Identifier: BSD-2-Clause
"""The end of the demo: what an auditor gets out of it. The run's own logs are verified, imported, reported on, and figures traced."""

import json
import os
import re
import subprocess

import inside
from inside import read, write


class Evidence:
    """The logs of a stage, and the database that they are imported into. `page` is where the report is written."""

    def __init__(self, stage, page):
        self.stage, self.page = stage, page
        self.audit, self.mta_log = stage.lane.audit, stage.lane.mta.log
        self.database = inside.WORK + "/audit.db"

    def command(self, *words):
        """A command of sluisctl: its exit status and output."""
        done = subprocess.run([self.stage.build + "/ctl/sluisctl", "-c", self.stage.conf, "audit", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def import_logs(self):
        postconf = write(inside.WORK + "/postconf", self.stage.lane.mta.tool("postconf", "-n"))
        return ["import", "--database", self.database, "--postconf", postconf, self.audit, self.mta_log]

    def write_page(self):
        """The report as a page that loads nothing; what was printed where it failed."""
        status, page = self.command("report", "--database", self.database, "--format", "html", "--language", "en")
        if status:
            return page
        os.makedirs(os.path.dirname(self.page), exist_ok=True)
        write(self.page, page)
        return None

    def figures(self):
        """The report as a program reads it."""
        status, text = self.command("report", "--database", self.database, "--format", "json")
        return json.loads(text) if status == 0 else {}

    def untraced(self):
        """Domains and queue ids of the run that `audit show` cannot lead back to a line of a log."""
        lines = [json.loads(line) for line in read(self.audit).splitlines()]
        wanted = {r["domain"] for line in lines for r in line.get("recipients") or [] if r.get("dane") and r.get("domain")}
        wanted |= {line["queue_id"] for line in lines if line.get("queue_id")}
        missing = []
        for what in sorted(wanted):
            status, text = self.command("show", "--database", self.database, what)
            if status or not re.search(r"(audit\.jsonl|log):\d+", text):
                missing.append(what)
        return len(wanted), missing

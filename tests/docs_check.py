#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Do the documents keep up? Every option of policy/option.c stands, with its default, in sluis.conf(5) and in
init/sluis.conf, and nothing else does; the options of the programs stand in their pages; the manual pages format without
warnings; Postfix knows every parameter of init/postfix.cf; systemd finds the sandbox of the unit tight;
each row of doc/libraries.md names files and tests that exist; no file is left out of the tarball. Speaks TAP.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# What users rely on: the names may grow in number, none may go away.
PROMISED = """
listen socket-mode socket-group user crash-journal isolation authserv-id mode internal-networks originating-daemons
local-domains dane-mailers trusted-relays resolver.servers resolver.trust-anchor resolver.timeout resolver.budget
resolver.cache-size inbound.spf inbound.dkim inbound.dmarc inbound.tls inbound.author outbound.dane
outbound.on-temporary-failure outbound.contact domain.standard domain.level exception.domain exception.standard
exception.level exception.reason exception.owner exception.until audit.log audit.addresses audit.pseudonym-key
audit.required
""".split()

PAGES = ["man/sluis.conf.5", "man/sluisctl.1", "man/sluisd.8"]
PROGRAM_OPTIONS = {
    "man/sluisd.8": ["Fl c", "Fl f", "Fl t", "Fl V"],
    "man/sluisctl.1": ["Fl c", "Fl V", "Fl -json", "Fl -ip", "Fl -helo", "Fl -from", "Fl -rcpt", "Fl -outbound", "Fl -email",
                       "Fl -org", "Fl -date", "Fl -state", "Fl -sendmail", "Fl -dry-run", "Fl -database", "Fl -host", "Fl -postconf"],
}
EXPOSURE_MAX = 2.0

points = 0
failures = 0


def point(name, complaints):
    """One TAP point: good where there is no complaint."""
    global points, failures
    points += 1
    for complaint in complaints:
        print("# " + complaint)
    failures += bool(complaints)
    print(f"{'not ok' if complaints else 'ok'} {points} - {name}")


def skip(name, why):
    global points
    points += 1
    print(f"ok {points} - {name} # SKIP {why}")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def options_of_code():
    """{"resolver.timeout": ["5"]}: the default's words; None where the option must be given."""
    rows = re.findall(r'^\s*\{(OPTION_TOP|"[a-z]+"), "([a-z-]+)", (OPTION_[A-Z]+),[^"]*?("[^"]*"|NULL),\s*\{',
                      read("policy/option.c"), re.M)
    options = {}
    for section, name, shape, default in rows:
        full = name if section == "OPTION_TOP" else section.strip('"') + "." + name
        if default == "NULL":
            options[full] = None
        else:
            options[full] = [default.strip('"')] if shape == "OPTION_ONE" else default.strip('"').split()
    return options


def words_of(value):
    """The words of a value as it is written in a configuration."""
    if value.startswith("{"):
        return [word.strip().strip('"') for word in value.strip("{}").split(",") if word.strip()]
    return [value.strip('"')]


def options_of_page():
    """{name: value} from the tags `.It Ic NAME = VALUE` below `.Ss Section NAME`."""
    options, section = {}, ""
    for line in read("man/sluis.conf.5").splitlines():
        heading = re.match(r"\.Ss (?:(Sections?) )?(.*)", line)
        tag = re.match(r"\.It Ic ([a-z-]+) = (.*)", line)
        if heading:
            section = heading[2] + "." if heading[1] else ""
        elif tag:
            options[section + tag[1]] = tag[2].replace(r"\(dq", '"')
    return options


def options_of_example():
    """{name: value} from the example; sections that are commented out count, prose does not."""
    options, section = {}, ""
    for line in read("init/sluis.conf").splitlines():
        line = re.sub(r"^#(?=\w|\}|  )", "", line)  # "# " with one space begins prose
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        opened = re.match(r'([a-z]+)( "[^"]*")? \{$', line)
        option = re.match(r"([a-z-]+)\s*=\s*(.+)$", line)
        if opened:
            section = opened[1] + "."
        elif line == "}":
            section = ""
        elif option:
            options[section + option[1]] = option[2]
    return options


def compare(where, found, wanted, without_defaults=()):
    """Sections in without_defaults show values, not defaults."""
    complaints = [f"{where} lacks {name}" for name in wanted if name not in found]
    complaints += [f"{where} has {name}, which is no option" for name in found if name not in wanted]
    complaints += [f"{where}: {name} = {found[name]}, but its default is {default}"
                   for name, default in wanted.items()
                   if default is not None and name in found and words_of(found[name]) != default
                   and name.split(".")[0] not in without_defaults]
    return complaints


def check_options():
    code = options_of_code()
    point("no promised option has gone", [f"policy/option.c lacks {name}" for name in PROMISED if name not in code])
    point("sluis.conf(5) has every option with its default", compare("sluis.conf(5)", options_of_page(), code))
    point("the example has every option with its default", compare("init/sluis.conf", options_of_example(), code, ["domain", "exception"]))
    for page, wanted in PROGRAM_OPTIONS.items():
        text = read(page)
        point(f"{page} has every option of its program",
              [f"{page} lacks {option}" for option in wanted if not re.search(re.escape(option) + r"\b", text)])


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def check_pages():
    for page in PAGES:
        if not shutil.which("groff"):
            skip(f"{page} formats without warnings", "no groff")
            continue
        result = run("groff", "-mandoc", "-ww", "-Tascii", "-z", os.path.join(TOP, page))
        point(f"{page} formats without warnings", result.stderr.splitlines())


def find_postconf():
    """The machine's postconf, or the one that the lab has unpacked, and the environment that it needs; None without either."""
    if shutil.which("postconf"):
        return "postconf", None
    root = os.path.join(os.environ.get("SLUIS_LAB_CACHE") or os.path.join(TOP, "lab/.cache"), "root")
    path = root + "/usr/sbin/postconf"
    libraries = [root + "/usr/lib/postfix", *glob.glob(root + "/usr/lib/*-linux-*"), *glob.glob(root + "/lib/*-linux-*")]
    return (path, {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}) if os.access(path, os.X_OK) else None


def check_postfix():
    name = "Postfix knows what init/postfix.cf sets"
    found = find_postconf()
    if not found:
        skip(name, "no Postfix")
        return
    postconf, environment = found
    main, master = read("init/postfix.cf").split("# ---- master.cf", 1)
    with tempfile.TemporaryDirectory() as folder:
        for file, text in (("main.cf", "compatibility_level = 3.6\n" + main), ("master.cf", "#" + master)):
            with open(os.path.join(folder, file), "w", encoding="utf-8") as stream:
                stream.write(text)
        results = [run(postconf, "-c", folder, option, env=environment) for option in ("-n", "-M", "-P")]
    point(name, [line for result in results for line in result.stderr.splitlines()])


def check_unit():
    name = f"systemd finds an exposure below {EXPOSURE_MAX}"
    # Debian's postfix.service starts nothing itself; the server is in the other one.
    before = re.search(r"^Before=(.*)", read("init/sluisd.service.in"), re.M)[1].split()
    point("sluisd starts before the MTAs of Debian", [unit for unit in ("postfix@-.service", "sendmail.service") if unit not in before])
    if not shutil.which("systemd-analyze"):
        skip(name, "no systemd")
        return
    with tempfile.TemporaryDirectory() as folder:
        units = []
        for path in glob.glob(os.path.join(TOP, "init/*.service.in")) + glob.glob(os.path.join(TOP, "init/*.timer")):
            units.append(os.path.join(folder, os.path.basename(path).removesuffix(".in")))
            with open(units[-1], "w", encoding="utf-8") as stream:
                stream.write(read(path).replace("@sbindir@", "/usr/sbin").replace("@bindir@", "/usr/bin"))
        verified = run("systemd-analyze", "verify", "--man=no", *units, env={**os.environ, "LC_ALL": "C"})
        result = run("systemd-analyze", "security", "--offline=true", "--no-pager", os.path.join(folder, "sluisd.service"),
                     env={**os.environ, "LC_ALL": "C"})
    # Programs and users that a unit names need not be there; a key that systemd does not know has no effect.
    point(f"systemd knows every key of the {len(units)} units",
          [line for line in verified.stderr.splitlines() if "nknown" in line or "Failed to parse" in line])
    level = re.search(r"exposure level for sluisd.service: ([0-9.]+)", result.stdout)
    if not level:
        skip(name, "this systemd-analyze cannot do it offline")
        return
    point(name, [] if float(level[1]) < EXPOSURE_MAX else [f"it is {level[1]}"])


def vector_ids(folder):
    """The ids of a suite of ours or of a shared one; None where it is not there."""
    for base in (TOP, os.path.join(TOP, "..", "shared", "vectors")):
        path = os.path.join(base, folder, "vectors.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                return {vector["id"] for vector in json.load(stream)["vectors"]}
    return None


def proof_is_missing(proof):
    """`FILE`, `FILE: text in it` or `SUITE: id`; a shared suite may be absent."""
    place, _, name = proof.partition(": ")
    if os.path.isfile(os.path.join(TOP, place)):
        return name not in read(place)
    known = vector_ids(place)
    return name not in known if known is not None else "/" in place


def check_libraries():
    rows = [re.split(r" \| ", line.strip("| \n")) for line in read("doc/libraries.md").splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0] not in ("shortfall", "---")]
    complaints = [f"not four cells: {row[0]}" for row in rows if len(row) != 4]
    for shortfall, _, files, tests in (row for row in rows if len(row) == 4):
        complaints += [f"{shortfall}: no {path}" for path in re.findall("`([^`]+)`", files)
                       if not os.path.exists(os.path.join(TOP, path))]
        complaints += [f"{shortfall}: no {proof}" for proof in re.findall("`([^`]+)`", tests) if proof_is_missing(proof)]
        if not re.search("`", tests) and tests != "none of its own":
            complaints.append(f"{shortfall}: no test")
    point(f"all {len(rows)} rows of doc/libraries.md have their files and tests", complaints)


def check_security():
    named = re.findall(r"`((?:\w+/)+[\w.]+)`", read("SECURITY.md"))
    tests = [path for path in named if "_test." in path]
    complaints = [f"no {path}" for path in named if not os.path.exists(os.path.join(TOP, path))]
    point(f"the {len(tests)} tests that SECURITY.md names are there", complaints or ([] if tests else ["it names none"]))


def check_tarball():
    """What git knows is in the tarball of `make dist` too, so that it builds, tests and measures like a clone."""
    name, build = "all files are in the tarball", os.environ.get("top_builddir")
    if not build or not shutil.which("git") or not os.path.exists(os.path.join(TOP, ".git")):
        skip(name, "no clone")
        return
    with tempfile.TemporaryDirectory() as folder:
        tarball = os.path.join(folder, "sluis")
        made = run("make", "-s", "-C", build, "distdir", f"distdir={tarball}")
        known = run("git", "-c", f"safe.directory={os.path.realpath(TOP)}", "-C", TOP, "ls-files").stdout.splitlines()
        missing = [path for path in known if not os.path.basename(path).startswith(".git") and not os.path.exists(os.path.join(tarball, path))]
    point(name, missing if known else ["git lists none", made.stderr])


def main():
    check_libraries()
    check_security()
    check_options()
    check_pages()
    check_postfix()
    check_unit()
    check_tarball()
    print(f"1..{points}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

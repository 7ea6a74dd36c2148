#!/usr/bin/env python3
"""The tests on Pythons that are newer than the system's: `sudo python benchmarks/newer_pythons.py`.

They come from Debian sid, in a tree that is made in a temporary folder (1.2 GB) and removed at
the end; see _debian_tree.py. In it run this project's suite, and the acceptance runs of the event
loop: CPython's own tests of asyncio on minios.aio.EventLoop, which take ../shared beside the
checkout. The exit status is 0 when nothing failed, 1 when something did, and 2 when nothing ran.

    --keep DIR               make the tree there, or use the one that is there, and leave it
    --only 3.14 --suite      this Python only; the suite only (--loop: the acceptance runs only)
    --only 3.14 -- COMMAND   run a command in the checkout, where `python` is that Python
"""

import argparse
import configparser
import json
import re
import signal
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from _debian_tree import DebianTree, TreeError, complaint

VERSIONS = ["3.14", "3.15"]
LOOP = "minios.aio:EventLoop"
LEAST_LOOPS = 1100      # tests that have to make a loop of ours, or it was not ours that was tested

_ROOT = Path(__file__).resolve().parent.parent
_SHARED = _ROOT.parent / "shared"
_RUNNER = "tools/run_suites.py"
_RESULTS = "var/tmp"    # in the tree, and not in the checkout, which forgets what is written
_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}


class Python:
    """One Python of the tree, with a virtual environment in which the checkout is installed."""

    def __init__(self, tree, version):
        self._tree, self._version = tree, version
        self._venv = f"/venv/{version}"
        self._stamp = tree.path / f"venv/{version}/installed.json"
        self.missing = []       # requirements that could not be installed

    def run(self, *command):
        """Run a command in the checkout. Returns its exit status."""
        folders = [(_ROOT, "/minios")] + [(_SHARED, "/shared")] * _SHARED.is_dir()
        path = f"{self._venv}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return self._tree.run(list(command), folders, "/minios",
                              {"PATH": path, **_PIP}).returncode

    def prepare(self):
        """Install Python, and the checkout with all that its tests need. Raises TreeError."""
        self._tree.add_python(self._version)
        settings = (_ROOT / "setup.cfg").read_text()
        if self._stamp.exists():
            done = json.loads(self._stamp.read_text())
            if done["setup.cfg"] == settings:
                self.missing = done["missing"]
                return
        if self.run(f"python{self._version}", "-m", "venv", self._venv):
            raise TreeError(f"Python {self._version} makes no virtual environment")
        if self._pip("--editable", ".[test]"):
            if self._pip("--editable", "."):
                raise TreeError(f"the project cannot be installed for Python {self._version}")
            parsed = configparser.ConfigParser()
            parsed.read_string(settings)
            wanted = parsed["options.extras_require"]["test"].split("\n")
            self.missing = [name for name in wanted if name and self._pip(name)]
        self._stamp.write_text(json.dumps({"setup.cfg": settings, "missing": self.missing}))

    def _pip(self, *what):
        return self.run("python", "-m", "pip", "install", "--quiet", *what)

    def _result(self, name):
        """The file `name` of results, not there yet; its path out here, and in the tree."""
        file = self._tree.path / _RESULTS / f"{self._version}-{name}"
        file.unlink(missing_ok=True)
        return file, f"/{_RESULTS}/{file.name}"

    def suite(self):
        """Run the project's suite. Returns (whether all is well, lines that say what was)."""
        left_out = self._files_that_import_what_is_missing()
        file, inside = self._result("suite.xml")
        status = self.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                          "--continue-on-collection-errors", f"--junitxml={inside}",
                          *(f"--ignore={test}" for test in left_out))
        if not file.exists():
            return False, [f"suite: not run, pytest ended with {status}"]
        cases = list(ElementTree.parse(file).iter("testcase"))
        counts = {kind: [case for case in cases if case.find(kind) is not None]
                  for kind in ("failure", "error", "skipped")}
        good = len(cases) - sum(map(len, counts.values()))
        lines = [f"suite: {good} passed, {len(counts['failure'])} failed, "
                 f"{len(counts['error'])} errors, {len(counts['skipped'])} skipped"]
        lines += [f"cannot be installed: {name}" for name in self.missing]
        lines += [f"left out: {test}" for test in left_out]
        skipped = Counter(case.get("classname") or case.get("name") for case in counts["skipped"])
        lines += [f"skipped: {count} of {name}" for name, count in skipped.items()]
        lines += [f"{kind}: {case.get('classname')}::{case.get('name')}".replace(" ::", " ")
                  for kind in ("failure", "error") for case in counts[kind]]
        return status == 0, lines

    def _files_that_import_what_is_missing(self):
        """Files of tests that do so at their top; others skip what cannot be done."""
        names = "|".join(re.match(r"[\w-]+", name).group() for name in self.missing)
        imports = re.compile(rf"^(import|from) ({names or '$.'})\b", re.M)
        return [str(file.relative_to(_ROOT)) for file in sorted(_ROOT.glob("tests/**/test_*.py"))
                if imports.search(file.read_text())]

    def loop(self):
        """Run CPython's tests of asyncio on our loop. Returns what `suite` does."""
        if self.run("python", "-c", "import minios.aio"):
            return False, ["loop: not run, minios.aio cannot be imported"]
        file, inside = self._result("loop.json")
        status = self.run("python", f"/shared/{_RUNNER}", LOOP, "--min-used", str(LEAST_LOOPS),
                          "--suite", "cpython", "--json", inside,
                          "--cache", f"/{_RESULTS}/acceptance")
        if not file.exists():
            return False, [f"loop: not run, {_RUNNER} ended with {status}"]
        results = json.loads(file.read_text())["cpython"]
        ours, stock = results["candidate"], results["stock"]
        counts = [sum(result[0] == kind for result in ours.values())
                  for kind in ("passed", "failed", "skipped")]
        made = sum(bool(result[2]) for result in ours.values())
        lines = ["loop: {} passed, {} failed, {} skipped; {} made one".format(*counts, made)]
        for test in sorted(test for test, result in ours.items() if result[0] == "failed"):
            also = " (and on asyncio's)" if stock.get(test, [""])[0] == "failed" else ""
            lines.append(f"failed{also}: {test}")
        return status == 0, lines


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", metavar="DIR", help="use this folder for the tree, and keep it")
    parser.add_argument("--only", choices=VERSIONS, help="this Python, and no other")
    parser.add_argument("--suite", action="store_true", help="run the project's suite")
    parser.add_argument("--loop", action="store_true", help="run the loop's acceptance runs")
    parser.add_argument("--mirror", help="the Debian mirror")
    parser.add_argument("--stale", action="store_true", help="allow a mirror that is out of date")
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="run this instead")
    options = parser.parse_args()
    reason = complaint()
    if reason:
        parser.exit(2, f"{reason}\n")
    kinds = [kind for kind in ("suite", "loop") if getattr(options, kind)] or ["suite", "loop"]
    if "loop" in kinds and not options.command and not (_SHARED / _RUNNER).exists():
        print(f"no acceptance runs: ../shared/{_RUNNER} is missing", file=sys.stderr)
        kinds.remove("loop")
        if not kinds:
            sys.exit(2)
    # So that the `with` block is left, and the folder removed, when somebody ends us.
    for signum in signal.SIGTERM, signal.SIGHUP:
        signal.signal(signum, lambda signum, frame: sys.exit(128 + signum))
    with DebianTree(options.keep, options.mirror, options.stale) as tree:
        try:
            tree.make()
        except TreeError as error:
            parser.exit(2, f"{error}\n")
        versions = [options.only] if options.only else VERSIONS
        done = {version: run(Python(tree, version), kinds, options.command)
                for version in versions}
    for version, (_, lines) in done.items():
        if lines:
            print(f"== Python {version}", *lines, sep="\n   ")
    sys.exit(max(status for status, _ in done.values()))


def run(python, kinds, command):
    """Run one Python's share. Returns the exit status, and lines that say what was."""
    try:
        python.prepare()
    except TreeError as error:
        return 2, str(error).splitlines()
    if command:
        return python.run(*command), []
    done = [getattr(python, kind)() for kind in kinds]
    return 0 if all(well for well, _ in done) else 1, [line for _, lines in done for line in lines]


if __name__ == "__main__":
    main()

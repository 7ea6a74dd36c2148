#!/usr/bin/env python3
"""Run the test suites of aiohttp, anyio and asyncpg on an event loop, and compare with asyncio's.

    python benchmarks/ecosystem/run.py minios.aio:EventLoop
    python benchmarks/ecosystem/run.py minios.aio:EventLoop --projects anyio --json results.json

A test counts as failing on the loop only where it passes on the stock one. What fails is repeated
up to twice without the other tests before it counts. The exit status is 0 when nothing fails on the
given loop alone, 1 when something does or no loop of the class was made, 2 when something that
is needed is missing. The first run makes a virtual environment for each project (network needed).
"""

import argparse
import configparser
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _environment import prepare
from _suite import HERE, Limits, Suite
from projects import PROJECTS

CHECKOUT = HERE.parent.parent
TOOLS = CHECKOUT.parent / "shared" / "tools"


def main():
    options = _parse()
    # Ended from outside, the suite's processes are to end as well, and the folders to go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if not (TOOLS / "loopsub.py").exists():
        sys.exit(_missing(
            f"loopsub.py, the pytest plugin that substitutes the event loop, is not in {TOOLS}; it "
            "is no part of minios, and this comparison cannot be made without it",
        ))
    chosen = [PROJECTS[name] for name in options.projects]
    for project in chosen:
        if project.program and shutil.which(project.program[0]) is None:
            program, package = project.program
            sys.exit(_missing(
                f"{project.name}'s tests need {program}: on Debian, apt-get install {package}"))
    results = {}
    with tempfile.TemporaryDirectory(prefix="eco-") as folder:
        paths = [TOOLS, *options.path, _packages_of_the_checkout(Path(folder))]
        for project in chosen:
            results[project.name] = _compare(project, options, paths)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1, default=dataclasses.asdict))
    return max(_report(name, result, options.loop) for name, result in results.items())


def _parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loop", help="the event loop's class, as module:Class")
    parser.add_argument(
        "--projects", type=lambda text: text.split(","), default=list(PROJECTS),
        help=f"comma separated, of {','.join(PROJECTS)} (all)")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to test (this)")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "minios-ecosystem",
        help="folder of the environments, which may be kept (%(default)s)")
    parser.add_argument("--path", type=Path, action="append", default=[],
                        help="a folder to import the class from; minios is found without it")
    parser.add_argument("--timeout", type=float, default=60,
                        help="seconds for a test (%(default)s)")
    parser.add_argument("--total", type=float, default=1800,
                        help="seconds for a process with all its tests (%(default)s)")
    parser.add_argument("-k", dest="keywords", default="",
                        help="only the tests that match, as with pytest's -k")
    parser.add_argument("--json", type=Path, help="write every test's outcome here")
    options = parser.parse_args()
    unknown = set(options.projects) - set(PROJECTS)
    if unknown:
        parser.error(f"no project {', '.join(unknown)}; there are {', '.join(PROJECTS)}")
    if ":" not in options.loop:
        parser.error("the loop is given as module:Class")
    options.python = shutil.which(options.python) or parser.error(f"no {options.python}")
    options.cache = options.cache.resolve()
    options.path = [path.resolve() for path in options.path]
    return options


def _missing(what):
    print(what, file=sys.stderr)
    return 2


def _packages_of_the_checkout(folder):
    """-> a folder with minios and syscalls alone: the checkout has a `tests` of its own."""
    for package in ("minios", "syscalls"):
        os.symlink(CHECKOUT / package, folder / package)
    folder.chmod(0o755)
    return folder


def _requirements():
    settings = configparser.ConfigParser()
    settings.read(CHECKOUT / "setup.cfg")
    lines = settings["options"]["install_requires"].splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _compare(project, options, paths):
    """-> {"stock": {test id: Outcome}, "candidate": {test id: Outcome}}"""
    _say(f"{project.name} {project.version}: preparing ... ")
    try:
        environment = prepare(project, options.python, options.cache, _requirements())
    except subprocess.CalledProcessError as error:
        sys.exit(_missing(f"{project.name} could not be prepared: {error}"))
    _say("\n")
    _check_the_class(environment, options.loop, paths)
    limits = Limits(options.timeout, options.total)
    result = {}
    for side, loop in [("stock", None), ("candidate", options.loop)]:
        _say(f"{project.name}, {loop or 'stock asyncio'} ... ")
        started = time.monotonic()
        result[side] = Suite(
            project, environment, loop, paths, limits, options.keywords).run()
        _say(f"{time.monotonic() - started:.0f} s\n")
    return result


def _check_the_class(environment, loop, paths):
    """A class that cannot be imported is a mistake of the call and no failing test."""
    module, _, name = loop.partition(":")
    program = f"import {module} as module; module.{name}"
    variables = dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, paths)))
    if subprocess.run([environment.python, "-c", program], env=variables).returncode:
        sys.exit(_missing(f"{loop} cannot be imported"))


def _say(text):
    print(text, end="", file=sys.stderr, flush=True)


def _report(name, result, loop):
    """Print one project's figures; -> 1 where the loop did worse than the stock one, else 0."""
    stock, candidate = result["stock"], result["candidate"]
    print(f"== {name} {PROJECTS[name].version}")
    _print_figures("stock asyncio", stock)
    _print_figures(loop, candidate)
    # A test that was not even reached has not passed.
    worse = sorted(
        test for test in {*stock, *candidate}
        if _state(stock, test) != "failed" and _state(candidate, test) == "failed"
        or test in stock and test not in candidate
    )
    _print_list("fails on it only", worse, candidate)
    _print_list("fails on both", _failing_in(stock) & _failing_in(candidate), candidate)
    _print_list("fails on stock only", _failing_in(stock) - _failing_in(candidate), stock)
    _print_list("skipped on it only", {
        test for test in stock
        if _state(stock, test) == "passed" and _state(candidate, test) == "skipped"
    }, candidate)
    for side, outcomes in [("stock", stock), ("it", candidate)]:
        _print_list(f"flaky on {side}", {
            test for test, outcome in outcomes.items() if outcome.flaky}, outcomes)
    made = sum(outcome.loops for outcome in candidate.values())
    tests = sum(outcome.loops > 0 for outcome in candidate.values())
    others = sum(outcome.other_loops for outcome in candidate.values())
    print(f"   loops made of the class: {made}, in {tests} tests; of asyncio's others: {others}")
    if not made:
        print("   ERROR: no loop of the class was made, so nothing was tested")
    return int(bool(worse) or not made)


def _state(outcomes, test):
    return outcomes[test].state if test in outcomes else "absent"


def _failing_in(outcomes):
    return {test for test, outcome in outcomes.items() if outcome.state == "failed"}


def _print_figures(title, outcomes):
    states = [outcome.state for outcome in outcomes.values()]
    passed, failed, skipped = (states.count(state) for state in ("passed", "failed", "skipped"))
    print(f"   {title}: {passed + failed} tests ran: {passed} passed, {failed} failed; "
          f"{skipped} skipped")


def _print_list(title, tests, outcomes):
    for test in sorted(tests):
        why = outcomes[test].why.strip().splitlines() if test in outcomes else ["was not run"]
        print(f"   {title}: {test}" + (f"\n      {why[0][:160]}" if why else ""))


if __name__ == "__main__":
    sys.exit(main())

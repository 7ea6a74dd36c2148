"""A pytest plugin that writes down each test's outcome the moment it is known.

A test may hang, or take the whole process with it. So every line is on its way to the file before
the next test begins, and whoever started the run sees which test was under way at the end. The
file named by ECOSYSTEM_PLAN says in JSON where to write (`record`), which tests are to run (`only`,
null for all), which are done already (`done`), and the parameters to leave out (`without`).

Where loopsub, which substitutes the event loop, is loaded as well, each line tells how many loops
of the class and how many others the test made.
"""

import asyncio
import gc
import json
import os
import sys
from pathlib import Path


def pytest_configure(config):
    """Begin to record, in the outer run alone: the suites run pytest within pytest."""
    plan = json.loads(Path(os.environ["ECOSYSTEM_PLAN"]).read_text())
    config.pluginmanager.register(_Recorder(plan), "ecosystem-recorder")


class _Recorder:
    def __init__(self, plan):
        self._only = None if plan["only"] is None else set(plan["only"])
        self._done = set(plan["done"])
        self._without = set(plan["without"])
        self._file = open(plan["record"], "a", buffering=1)
        self._outcome = "passed"
        self._why = ""
        self._loops = _LoopCount()

    def _write(self, *fields):
        self._file.write(json.dumps(fields) + "\n")

    def pytest_collection_modifyitems(self, config, items):
        chosen = [item for item in items if self._is_wanted(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen

    def _is_wanted(self, item):
        if item.nodeid in self._done or self._only is not None and item.nodeid not in self._only:
            return False
        parameters = item.callspec.id.split("-") if hasattr(item, "callspec") else ()
        return self._without.isdisjoint(parameters)

    def pytest_collection_finish(self):
        # aiohttp collects garbage after every test. Without what the collected tests hold, which
        # stays for good, that takes a tenth of the time.
        gc.collect()
        gc.freeze()

    def pytest_collectreport(self, report):
        name = f"{report.nodeid} (collected)"
        if report.failed:
            self._write("done", name, "failed", report.longreprtext, 0, 0)
        elif report.skipped:
            self._write("done", name, "skipped", _reason(report), 0, 0)

    def pytest_runtest_logstart(self, nodeid):
        self._outcome, self._why = "passed", ""
        self._loops.start()
        self._write("start", nodeid)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._outcome = "failed"
            self._why += f"{report.when}: {_summary(report)}\n{report.longreprtext}\n"
        elif report.skipped and self._outcome == "passed" and not hasattr(report, "wasxfail"):
            self._outcome, self._why = "skipped", _reason(report)

    def pytest_runtest_logfinish(self, nodeid):
        self._write("done", nodeid, self._outcome, self._why, *self._loops.made())

    def pytest_sessionfinish(self, exitstatus):
        self._write("end", int(exitstatus))


def _summary(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message.splitlines()[0] if crash and crash.message else "failed"


def _reason(report):
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext


class _LoopCount:
    """How many event loops a test makes: (of the class that is tried, of asyncio's others)."""

    def __init__(self):
        self._loopsub = sys.modules.get("loopsub")
        self._all = 0
        self._before = (0, 0)
        if self._loopsub is not None:
            self._count_all()

    def _count_all(self):
        base = asyncio.BaseEventLoop
        original = base.__init__

        def __init__(loop, *args, **kwargs):
            if not isinstance(loop, self._loopsub.cls):
                self._all += 1
            original(loop, *args, **kwargs)

        base.__init__ = __init__

    def _now(self):
        of_the_class = 0 if self._loopsub is None else self._loopsub.n[0]
        return of_the_class, self._all

    def start(self):
        self._before = self._now()

    def made(self):
        return [now - before for now, before in zip(self._now(), self._before, strict=True)]

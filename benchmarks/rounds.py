"""Several measurements of each contender, interleaved, each in a fresh process.

Interleaved, so that a machine that is slower for a minute is so for all of them.
"""

from __future__ import annotations

import json
import math
import os
from collections import namedtuple
from pathlib import Path
from statistics import median

import minios

from .effort import QUICK, VARIABLE, compiled
from .one import command_line
from .processes import Processes
from .serving import Figure
from .works import text_of

__all__ = ["Job", "Result", "measure_all"]

_LONGEST = 600.0        # seconds that one measurement may take


class Job(namedtuple("Job", "work name size")):
    """One line of the report: a work of one size, done by one contender."""

    __slots__ = ()

    def command(self):
        """The command line that makes one measurement of it."""
        return command_line("--one", *self)

    def place(self):
        """What it is compared in: `switch:100`, or `import_time`."""
        return ":".join(filter(None, (self.work.name, text_of(self.size))))


class Result:
    """What came of a Job: `figures`, in the order of the rounds, and the `problem` of a failure."""

    def __init__(self, job):
        self.job = job
        self.figures = []
        self.problem = None

    def counts(self):
        """Whether its figures say something: those of one that failed later on do not."""
        return bool(self.figures) and self.problem is None

    def median(self):
        """The middle one of the values."""
        return median(figure.value for figure in self.figures)

    def spread(self):
        """Half of the way from the lowest value to the highest, as a part of the median."""
        values = [figure.value for figure in self.figures]
        return (max(values) - min(values)) / 2 / self.median() if self.median() else 0.0

    def rate(self):
        """Messages a second, None where none are counted."""
        rates = [figure.rate for figure in self.figures if figure.rate is not None]
        return median(rates) if rates else None


def measure_all(results, rounds, quick, progress, limit=_LONGEST):
    """Measure the Job of every Result `rounds` times, into `results`.

    `progress(done, of, job)` is called before each measurement. Returns None, or the number of the
    signal that has ended it early: SIGINT for a Ctrl-C.
    """
    of, done = len(results) * rounds, 0
    environment = _environment(quick)
    with Processes() as processes:
        for same in _places(results):
            for result in same * rounds:
                progress(done, of, result.job)
                done += 1
                if result.problem is None:
                    _measure(result, processes, environment, limit)
                if processes.signal is not None:
                    return processes.signal
    return None


def _places(results):
    """The results in lists of one work and size each: those are measured together."""
    places = {}
    for result in results:
        places.setdefault(result.job.place(), []).append(result)
    return places.values()


def _measure(result, processes, environment, limit):
    try:
        figure = _figure_in(processes.output_of(result.job.command(), environment, limit))
    except (RuntimeError, TimeoutError, OSError) as error:
        if processes.signal is None:        # otherwise it was us who ended it
            result.problem = str(error) or type(error).__name__
    else:
        result.figures.append(figure)


def _figure_in(output):
    """The Figure on the last line of what a measurement printed."""
    try:
        figure = Figure(*json.loads(output.splitlines()[-1]))
        if math.isfinite(figure.value):
            return figure
    except (ValueError, TypeError, IndexError):
        pass
    raise RuntimeError(f"it gave no figure but {output.strip()[-40:]!r}")


def _environment(quick):
    """The environment of the measurements, where `minios` is found as we have found it."""
    environment = compiled()
    root = Path(minios.__file__).resolve().parent.parent
    if root.name != "site-packages":        # it would stand before the standard library
        path = [str(root), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(path)
    if quick:
        environment[VARIABLE] = str(QUICK)
    return environment

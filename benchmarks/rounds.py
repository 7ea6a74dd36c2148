"""Several measurements of each contender, interleaved, each in a fresh process.

Interleaved, so that a machine that is slower for a minute is so for all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from statistics import median

from .effort import QUICK, VARIABLE
from .serving import Figure, Server
from .works import text_of

__all__ = ["Job", "Result", "measure_all"]

_LONGEST = 600.0        # seconds that one measurement may take


class Job(namedtuple("Job", "work name contender size")):
    """One line of the report: a work of one size, done by one contender."""

    __slots__ = ()

    def command(self):
        """The command line that makes one measurement of it."""
        return [sys.executable, "-m", "minios", "bench", "--one", self.work.name, self.name,
                text_of(self.size)]


class Result(namedtuple("Result", "job figures problem")):
    """What came of a Job: its Figures, in the order of the rounds; `problem` where one failed."""

    __slots__ = ()

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


def measure_all(jobs, rounds, quick, progress):
    """Measure every Job `rounds` times; [Result], in the order of the jobs.

    `progress(done, of, job)` is called before each measurement.
    """
    found = [[] for _ in jobs]
    problems = [None] * len(jobs)
    of, done = len(jobs) * rounds, 0
    for start, end in _works(jobs):
        for _ in range(rounds):
            for number in range(start, end):
                progress(done, of, jobs[number])
                done += 1
                if problems[number] is None:
                    try:
                        found[number].append(_measure(jobs[number], quick))
                    except Exception as error:
                        problems[number] = str(error) or type(error).__name__
    return [Result(*each) for each in zip(jobs, found, problems, strict=True)]


def _works(jobs):
    """Where in `jobs` those of one work and size begin and end: they are measured together."""
    start = 0
    for end in range(1, len(jobs) + 1):
        if end == len(jobs) or jobs[end][0::3] != jobs[start][0::3]:
            yield start, end
            start = end


def _measure(job, quick):
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    if quick:
        environment[VARIABLE] = str(QUICK)
    if job.work.serves:
        with Server(job.command(), environment) as server:
            return job.work.module.load(server, *job.size)
    done = subprocess.run(
        job.command(), capture_output=True, text=True, env=environment, timeout=_LONGEST
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "it failed in silence").splitlines()[-1])
    return Figure(json.loads(done.stdout.splitlines()[-1]))

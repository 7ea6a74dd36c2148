"""`minios bench`: measure minios and its peers side by side."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from .contenders import PEERS, problem_with
from .one import measure_here, serve_here
from .report import as_data, table
from .rounds import Job, measure_all
from .works import NAMES, Work, chosen, text_of

__all__ = ["main"]


def main(arguments):
    """Carry out `minios bench` and return its exit status."""
    options = _parser().parse_args(arguments)
    if options.one:
        return _measure_one(*options.one)
    if options.list:
        for name in NAMES:
            work = Work(name)
            print(f"{name:16} {work.title} {' '.join(map(text_of, work.sizes))}")
        return 0
    try:
        works = chosen(options.names)
        peers = _peers(options.against)
    except ValueError as error:
        print(f"minios bench: {error}", file=sys.stderr)
        return 2
    if options.plot:
        try:
            from .plot import plot
        except ImportError as error:
            print(f"minios bench: --plot needs matplotlib, of the extra `bench`: {error}",
                  file=sys.stderr)
            return 2
    jobs, missing = _jobs(works, peers)
    for label, problem in missing.items():
        print(f"{label} is not measured: {problem}", file=sys.stderr)
    results = measure_all(jobs, options.rounds, options.quick, Progress())
    print(table(results))
    failed = [each for each in results if each.problem]
    for each in failed:
        print(f"{each.job.work.name} {text_of(each.job.size)} by {each.job.name} failed: "
              f"{each.problem}", file=sys.stderr)
    data = as_data(results, missing)
    if options.json:
        Path(options.json).write_text(json.dumps(data, indent=1) + "\n")
    if options.plot:
        plot(data, options.plot)
    return 1 if failed else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="minios bench",
        description="Measure minios and its peers, each in fresh processes, taking turns. "
        "What counts is the ratio to minios: more than 1 is slower, or larger, than minios.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="a work, or one of its sizes, as in switch:100 (default: all)")
    parser.add_argument("--against", metavar="PEER,...", default=",".join(PEERS),
                        help="which peers (default: %(default)s)")
    parser.add_argument("--rounds", type=_positive, default=5, metavar="N",
                        help="how often each is measured (default: %(default)s)")
    parser.add_argument("--quick", action="store_true",
                        help="do a fiftieth of the work, to see that all of it runs")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--plot", metavar="FILE",
                        help="also draw bars and curves, into a file such as bench.svg")
    parser.add_argument("--list", action="store_true", help="say what there is to measure")
    parser.add_argument("--one", nargs=3, metavar=("WORK", "BY", "SIZE"),
                        help="measure once, in this process: for a profiler, and for the rounds")
    return parser


def _positive(text):
    number = int(text)
    if number < 1:
        raise ValueError(f"{number} is no number of rounds")
    return number


def _peers(text):
    peers = [each for each in text.split(",") if each]
    unknown = set(peers) - set(PEERS)
    if unknown:
        raise ValueError(f"there is no peer {', '.join(sorted(unknown))}; there are "
                         f"{', '.join(PEERS)}")
    return peers


def _jobs(works, peers):
    """([Job], {label: why it cannot be measured here})."""
    jobs, missing = [], {}
    for work, sizes in works:
        able = {}
        for label, contender in work.contenders().items():
            if label in PEERS and label not in peers:
                continue
            if contender.loop is not None and contender.loop not in peers:
                continue        # a framework, on the loop of a peer that is not asked for
            problem = problem_with(contender)
            if problem is None:
                able[label] = contender
            else:
                missing[label] = problem
        jobs += [Job(work, label, able[label], size) for size in sizes for label in able]
    return jobs, missing


def _measure_one(name, label, text):
    try:
        ((work, (size, *_)),) = chosen([f"{name}:{text}" if text else name])
        contender = work.contenders()[label]
    except (ValueError, KeyError) as error:
        print(f"minios bench: {error}", file=sys.stderr)
        return 2
    if work.serves:
        serve_here(work, contender, size)
    else:
        print(json.dumps(measure_here(work, contender, size)))
    return 0


class Progress:
    """Tells on standard error how far it is: a line that is written over, on a terminal."""

    def __init__(self):
        self._started = time.monotonic()
        self._place = None

    def __call__(self, done, of, job):
        place = f"{job.work.name} {text_of(job.size)}".strip()
        if sys.stderr.isatty():
            spent = time.monotonic() - self._started
            left = f", about {spent / done * (of - done) / 60:.0f} min left" if done > 5 else ""
            print(f"\r\x1b[K[{done + 1}/{of}] {place}: {job.name}{left}", end="", file=sys.stderr)
            if done + 1 == of:
                print("\r\x1b[K", end="", file=sys.stderr)
        elif place != self._place:
            print(f"[{done + 1}/{of}] {place}", file=sys.stderr)
        self._place = place

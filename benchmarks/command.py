"""`minios bench`: measure minios and its peers side by side."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from .contenders import PEERS, problem_with
from .one import measure_here, serve_here
from .report import as_data, in_words, table
from .rounds import Job, Result, measure_all
from .serving import ServerError
from .targets import verdict_table
from .works import NAMES, Work, chosen, text_of

__all__ = ["main"]


def main(arguments):
    """Carry out `minios bench` and return its exit status."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
        try:
            action, *rest = _action(options)
        except ValueError as error:
            parser.error(str(error))
    except SystemExit as leaving:       # argparse has said why
        return leaving.code
    return action(*rest)


def _action(options):
    """What is to be done: a function and its arguments. Raises ValueError if it cannot be."""
    if options.list:
        return [_list]
    if options.one:
        return _print_one, *_one(*options.one)
    if options.serve:
        work, label, size = _one(*options.serve)
        if not work.serves:
            raise ValueError(f"{work.name} serves nobody")
        return serve_here, work, label, size
    jobs, missing = _jobs(chosen(options.names), _peers(options.against))
    draw = options.plot and _plotter(options.plot)
    for path in filter(None, (options.json, options.plot)):
        _check_writable(path)
    return _measure, jobs, missing, draw, options


def _list():
    for name in NAMES:
        work = Work(name)
        print(f"{name:16} {work.title} {' '.join(map(text_of, work.sizes))}".rstrip())
    return 0


def _one(name, label, text):
    """(Work, label, size) of the words behind --one and --serve."""
    ((work, (size, *_)),) = chosen([f"{name}:{text}" if text else name])
    if label not in work.contenders():
        raise ValueError(f"{name} is not done by {label}, but by {', '.join(work.contenders())}")
    return work, label, size


def _print_one(work, label, size):
    try:
        print(json.dumps(measure_here(work, label, size)))
    except ServerError:     # the server has said why, on the same standard error
        return 1
    return 0


def _measure(jobs, missing, draw, options):
    for label, problem in missing.items():
        _say(f"{label} is not measured: {problem}")
    if not jobs:
        _say("there is nobody to be measured")
        return 1
    results = [Result(job) for job in jobs]
    with Progress() as progress:
        signal = measure_all(results, options.rounds, options.quick, progress)
    made = sum(len(each.figures) for each in results)
    if signal is not None:
        _say(f"interrupted after {made} measurements of {len(results) * options.rounds}")
    failed = [each for each in results if each.problem]
    for each in failed:
        _say(f"{each.job.place()} by {each.job.name} failed: {each.problem}")
    kept = True
    if made or failed:
        data = {"rounds": options.rounds, "quick": options.quick, **as_data(results, missing)}
        kept = _tell(data, table(results), draw, options)
    if signal is not None:
        return 128 + signal         # as a shell has it for what a signal has ended
    return 1 if failed or not kept else 0


def _tell(data, table, draw, options):
    """Write and print what was found; True where all could be written.

    The figures first, since who reads the table may have gone.
    """
    kept = _written(options.json, lambda path: path.write_text(json.dumps(data, indent=1) + "\n"))
    try:
        print(table, in_words(data), sep="\n\n")
        if options.targets:
            print("", verdict_table(data), sep="\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _say(f"standard output: {error.strerror}")
        kept = False
    return _written(options.plot, lambda path: draw(data, path)) and kept


def _written(path, write):
    try:
        if path:
            write(Path(path))
    except OSError as error:
        _say(f"{path}: {error.strerror}")
        return False
    return True


def _say(text):
    print(f"minios bench: {text}", file=sys.stderr)


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
    parser.add_argument("--targets", action="store_true",
                        help="also say which of its promises minios keeps here")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--plot", metavar="FILE",
                        help="also draw bars and curves, into a file such as bench.svg")
    parser.add_argument("--list", action="store_true", help="say what there is to measure")
    one = ("WORK", "BY", "SIZE")
    parser.add_argument("--one", nargs=3, metavar=one,
                        help="measure once, in this process: for a profiler, and for the rounds")
    parser.add_argument("--serve", nargs=3, metavar=one,
                        help="only serve, on the port that is printed, until it is ended")
    return parser


def _positive(text):
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds")
    return int(text)


def _peers(text):
    peers = [each.strip() for each in text.split(",") if each.strip()]
    unknown = set(peers) - set(PEERS)
    if unknown:
        raise ValueError(f"there is no peer {', '.join(sorted(unknown))}; there are "
                         f"{', '.join(PEERS)}")
    return peers


def _check_writable(path):
    """Raise ValueError where a file cannot be written, before an hour is spent on its content."""
    new = not os.path.lexists(path)
    try:
        with open(path, "a"):
            pass
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if new:
        os.unlink(path)


def _plotter(path):
    """The function that draws; raises ValueError where it cannot."""
    try:
        from .plot import SUFFIXES, plot
    except ImportError as error:
        raise ValueError(f"--plot needs matplotlib, of the extra `bench`: {error}") from None
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path}: a figure is drawn into a file named {' or '.join(SUFFIXES)}")
    return plot


def _jobs(works, peers):
    """([Job], {who: why it cannot be measured here})."""
    jobs, missing = [], {}
    for work, sizes in works:
        able = []
        for label, contender in work.contenders().items():
            if label in PEERS and label not in peers:
                continue
            if contender.loop is not None and contender.loop not in peers:
                continue        # a framework, on the loop of a peer that is not asked for
            problem = problem_with(contender)
            if problem is None:
                able.append(label)
            else:       # of a peer, it is said once
                missing[label if label in PEERS else f"{work.name} by {label}"] = problem
        jobs += [Job(work, label, size) for size in sizes for label in able]
    return jobs, missing


class Progress:
    """Tells on standard error how far it is: a line that is written over, on a terminal."""

    def __init__(self):
        self._started = time.monotonic()
        self._place = None
        self._on_terminal = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, done, of, job):
        if self._on_terminal:
            text = f"[{done + 1}/{of}] {job.place()}: {job.name}{self._left(done, of)}"
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
            print(f"\r\x1b[K{text[:width - 1]}", end="", file=sys.stderr, flush=True)
        elif job.place() != self._place and sys.stderr is not None:
            print(f"[{done + 1}/{of}] {job.place()}", file=sys.stderr)
        self._place = job.place()

    def _left(self, done, of):
        if done <= 5:
            return ""
        minutes = (time.monotonic() - self._started) / done * (of - done) / 60
        return f", about {minutes:.0f} min left" if minutes >= 1 else ", less than a minute left"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._on_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

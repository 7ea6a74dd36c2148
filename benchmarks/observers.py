#!/usr/bin/env python3
"""What it costs to be observed: `python benchmarks/observers.py`.

Switches per second of 100 tasks, by bare yields and by Sleep(0), which is a call: with nobody
listening, with Hooks that hear nothing, Accounting, strace of all tasks (printed to memory, and
with `-c`), and a timeline (to /dev/null). Each measurement is made in a process of its own, the
observers take turns, and the median of the rounds is shown, CPU time, and as a ratio to bare.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

ROOT = Path(__file__).parent.parent
WORK = {"yield": 2000, "Sleep(0)": 1000}      # and how many turns of each task
OBSERVERS = ["bare", "hooks", "accounting", "strace -c", "strace", "timeline"]
TASKS = 100


def observe(kernel, name):
    """Attach an observer to `kernel`; returns what finishes its work."""
    from minios import Hooks
    from minios.trace import Accounting, Strace
    from minios.trace.events import EventFile
    from minios.trace.lines import Lines
    from minios.trace.timeline import Timeline

    if name == "hooks":
        kernel.attach(Hooks())
    elif name == "accounting":
        kernel.attach(Accounting())
    elif name == "strace -c":
        kernel.attach(Strace(None))
    elif name == "strace":
        events, lines = [], Lines(0.0, durations=True)
        kernel.attach(Strace(events.append))
        return lambda: "".join(map(lines.text, events))
    elif name == "timeline":
        file = EventFile(open("/dev/null", "w", encoding="utf-8"))
        kernel.attach(Timeline(file))
        return file.close
    return lambda: None


def measure(name, work):
    """Nanoseconds of CPU time a switch, in this process."""
    sys.path.insert(0, str(ROOT))
    import minios
    from syscalls import Sleep

    turns = WORK[work]

    def giver():
        for _ in range(turns):
            yield

    def sleeper():
        for _ in range(turns):
            yield Sleep(0)

    def main():
        kernel = minios.current_kernel()
        children = [kernel.spawn(giver() if work == "yield" else sleeper()) for _ in range(TASKS)]
        finish = observe(kernel, name)
        start = time.process_time()
        for child in children:
            yield from child
        finish()
        return (time.process_time() - start) / (TASKS * turns) * 1e9

    return minios.run(main())


def interleaved(rounds):
    """{(observer, work): median}, the observers taking turns."""
    found = {(name, work): [] for work in WORK for name in OBSERVERS}
    for done in range(rounds):
        for name, work in found:
            print(f"\rround {done + 1}/{rounds}: {work} {name:20}", end="", file=sys.stderr)
            output = subprocess.run([sys.executable, __file__, "--measure", name, work],
                                    capture_output=True, text=True, check=True).stdout
            found[name, work].append(float(output))
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return {pair: statistics.median(figures) for pair, figures in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(measure(*options.measure))
        return
    figures = interleaved(options.rounds)
    rows = [(work, name, 1e3 / figures[name, work], figures[name, work],
             figures[name, work] / figures["bare", work]) for name, work in figures]
    print(tabulate(rows, ["work", "observer", "M switches/s", "ns CPU", "x bare"],
                   floatfmt=("", "", ".2f", ".0f", ".1f")))
    if options.json:
        Path(options.json).write_text(json.dumps(
            {f"{work} {name}": figure for (name, work), figure in figures.items()}, indent=1
        ))


if __name__ == "__main__":
    main()

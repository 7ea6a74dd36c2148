#!/usr/bin/env python3
"""What faults, cheats and impatience do to a program on minios: `python benchmarks/faults.py`.

Each scenario is a file of its own, whose docstring says what is done; servers, victims and their
load run in processes of their own. Latencies are the machine's as much as ours: run them on an idle
one, and more than once. The exit status is 0 whether or not the targets are met.
"""

import argparse
import sys
import time

import _buffers
import _closing
import _ctrl_c
import _kills
import _loris
import _starvation
import _storm
from tabulate import tabulate

SCENARIOS = {
    "kills": _kills,
    "closed": _closing,
    "storm": _storm,
    "starvation": _starvation,
    "loris": _loris,
    "ctrl-c": _ctrl_c,
    "buffers": _buffers,
}
_WORDS = {True: "yes", False: "NO", None: ""}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--quick", action="store_true", help="fewer of everything")
    options = parser.parse_args()
    unknown = set(options.names) - set(SCENARIOS)
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    rows = []
    for name in options.names or SCENARIOS:
        started = time.monotonic()
        print(f"{name} ... ", end="", file=sys.stderr, flush=True)
        rows += SCENARIOS[name].measure(options.quick)
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    rows = [(*row[:4], _WORDS[row.met]) for row in rows]
    print(tabulate(rows, ["scenario", "what was done", "figure", "target", "met"],
                   maxcolwidths=[12, 40, 50, 14, 4]))


if __name__ == "__main__":
    main()

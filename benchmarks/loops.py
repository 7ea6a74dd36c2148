#!/usr/bin/env python3
"""minios.aio.EventLoop beside asyncio's own loop and uvloop: `python benchmarks/loops.py`.

Each measurement is made in a process of its own, the contenders take turns, and the median of the
rounds is shown, as CPU time a unit and as a ratio to stock asyncio (more than 1: faster).
`--only switches,stream_echo` measures some, `--json FILE` keeps the figures.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

ROOT = Path(__file__).parent.parent
WORK = ["callbacks", "switches", "futures", "create_task", "timers", "stream_echo",
        "protocol_echo"]
LOOPS = ["asyncio", "uvloop", "minios", "native"]


def measure(loop, work):
    """Nanoseconds a unit, None where the loop is not to be had."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "_loops_work.py"), loop, work],
        capture_output=True, text=True, env=environment,
    )
    if done.returncode:
        print(f"\n{loop} {work}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return float(done.stdout)


def interleaved(pairs, rounds):
    """{pair: median of the figures}, the pairs taking turns."""
    found = {pair: [] for pair in pairs}
    for done in range(rounds):
        for loop, work in pairs:
            print(f"\rround {done + 1}/{rounds}: {work} {loop:20}", end="", file=sys.stderr)
            figure = measure(loop, work)
            if figure is not None:
                found[loop, work].append(figure)
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return {pair: statistics.median(figures) for pair, figures in found.items() if figures}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join([*WORK, "generator_switch"]))
    parser.add_argument("--loops", default=",".join(LOOPS))
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    chosen, loops = options.only.split(","), options.loops.split(",")
    pairs = [(loop, work) for work in WORK if work in chosen for loop in loops]
    if "generator_switch" in chosen:
        pairs += [("kernel", "generator_switch"), ("minios", "generator_switch")]
    figures = interleaved(pairs, options.rounds)
    rows = []
    for work in WORK:
        stock = figures.get(("asyncio", work))
        for loop in loops:
            figure = figures.get((loop, work))
            if figure is not None:
                rows.append((work, loop, figure, stock / figure if stock else None))
    print(tabulate(rows, ["work", "loop", "ns CPU", "x asyncio"], floatfmt=("", "", ".0f", ".2f")))
    alone = figures.get(("kernel", "generator_switch"))
    if alone:
        shared = figures["minios", "generator_switch"]
        print(f"\na generator's switch: {alone:.0f} ns on a kernel of its own, {shared:.0f} ns "
              f"beside an event loop ({shared / alone:.2f} x)")
    if options.json:
        Path(options.json).write_text(json.dumps(
            {f"{work} {loop}": figure for (loop, work), figure in figures.items()}, indent=1
        ))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What one switch costs, beside asyncio and uvloop: run it as `python benchmarks/switch.py`.

Each measurement is made in a process of its own, the contenders take turns, and the median of
the rounds is shown, with its ratio to minios: absolute times depend on the machine. Also the
memory of a sleeping task, and the time that `import minios` takes beside `import asyncio`.
"""

import argparse
import json
import statistics
import subprocess
import sys

from tabulate import tabulate

_TIMED = """
import sys, time
tasks, turns = {tasks}, {turns}
{setup}
print((time.perf_counter() - start) / (tasks * turns) * 1e9)
"""

_MINIOS = """
import minios
from syscalls import Sleep
def worker():
    for _ in range(turns):
        {statement}
kernel = minios.Kernel()
for _ in range(tasks):
    kernel.spawn(worker())
start = time.perf_counter()
kernel.run()
"""

_ASYNCIO = """
import asyncio
{policy}
async def worker():
    for _ in range(turns):
        await asyncio.sleep(0)
async def main():
    global start
    start = time.perf_counter()
    await asyncio.gather(*[worker() for _ in range(tasks)])
loop = {loop}
loop.run_until_complete(main())
"""

_DEQUE = """
from collections import deque
def worker():
    for _ in range(turns):
        yield
def loop(ready):        # in a function, where names are fast
    while ready:
        task = ready.popleft()
        try:
            task.send(None)
        except StopIteration:
            continue
        ready.append(task)
ready = deque(worker() for _ in range(tasks))
start = time.perf_counter()
loop(ready)
"""

CONTENDERS = {
    "minios, bare yield": _MINIOS.format(statement="yield"),
    "minios, Sleep(0)": _MINIOS.format(statement="yield Sleep(0)"),
    "deque and send": _DEQUE,
    "asyncio, sleep(0)": _ASYNCIO.format(policy="", loop="asyncio.new_event_loop()"),
    "uvloop, sleep(0)": _ASYNCIO.format(policy="import uvloop", loop="uvloop.new_event_loop()"),
}

_MEMORY_MINIOS = """
import minios, tracemalloc
from syscalls import Sleep, Spawn
def sleeper():
    yield Sleep(3600)
def main():
    yield Sleep(0)
    tracemalloc.start()
    tasks = []
    for _ in range(20000):
        tasks.append((yield Spawn(sleeper())))
    yield Sleep(0.01)
    print(tracemalloc.get_traced_memory()[0] / len(tasks))
minios.run(main())
"""
_MEMORY_ASYNCIO = """
import asyncio, tracemalloc
async def main():
    await asyncio.sleep(0)
    tracemalloc.start()
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(20000)]
    await asyncio.sleep(0.01)
    print(tracemalloc.get_traced_memory()[0] / len(tasks))
    for task in tasks:
        task.cancel()
asyncio.run(main())
"""
_IMPORT = """
import time, sys
start = time.perf_counter()
import {module}
print((time.perf_counter() - start) * 1e3)
"""


def measure(program):
    """Run a program in a fresh interpreter; the number it prints, None if it cannot run."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    return float(done.stdout)


def rounds(programs, number):
    """Interleave `number` rounds of the programs; {name: median}."""
    found = {name: [] for name in programs}
    for done in range(number):
        for name, program in programs.items():
            print(f"\rround {done + 1}/{number}: {name:30}", end="", file=sys.stderr)
            figure = measure(program)
            if figure is not None:
                found[name].append(figure)
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return {name: statistics.median(figures) for name, figures in found.items() if figures}


def table(title, unit, figures, base):
    """Print figures and their ratios to that of `base`."""
    rows = [(name, figure, figure / figures[base]) for name, figure in figures.items()]
    print(tabulate(rows, [title, unit, "ratio"], floatfmt=("", ".1f", ".2f")), end="\n\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    timed = {
        name: _TIMED.format(tasks=options.tasks, turns=options.turns, setup=setup)
        for name, setup in CONTENDERS.items()
    }
    results = {
        "switch": rounds(timed, options.rounds),
        "memory": rounds({"minios": _MEMORY_MINIOS, "asyncio": _MEMORY_ASYNCIO}, 1),
        "import": rounds(
            {module: _IMPORT.format(module=module) for module in ("minios", "asyncio")},
            options.rounds * 3,
        ),
    }
    table(f"one switch, {options.tasks} tasks", "ns", results["switch"], "minios, bare yield")
    table("a sleeping task", "bytes", results["memory"], "minios")
    table("import", "ms", results["import"], "minios")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()

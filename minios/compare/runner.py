"""Run one program in this process, and report what it took apart from what it prints.

    python -P runner.py FD FILE

FILE runs as it would under `python FILE`. The figures go to the descriptor FD, as JSON: the
wall time and the CPU time in seconds, and the number of turns.

The clocks start when the interpreter is up, the program compiled, its imports done, and each
library has run an empty program, because both load some of their parts late: they measure the
program, and not what it takes to load one library or the other.

A turn is one resumption of a task by its scheduler. minios counts them in `task.switches`, and
here they are added up when a task ends, where counting costs nothing a turn. asyncio does not
count. Its loops are told here to make each Task of a coroutine that is wrapped in one which
counts how often it is resumed, whether by send or by throw; the loop, its Task and asyncio.run
are the stock ones. Two of the turns are asyncio.run's own, which starts two tasks to close
down. The routines that a task calls run within its turn in both.

This file imports nothing of minios: an asyncio program runs without it.
"""

import ast
import importlib
import itertools
import json
import operator
import os
import sys
import time
from contextlib import suppress
from types import ModuleType

__all__ = ["CountedCoroutine", "main"]

_SUPPLY = itertools.repeat(None, sys.maxsize)


class CountedCoroutine(map):
    """A coroutine that takes a None from the supply each time that it is resumed.

    A Task resumes what it runs by `__next__`, if it has one. Here that is map's: it takes the
    None and sends it to the coroutine, all of it in C. A method in Python that adds one to a
    number would make the measured program a quarter slower.
    """

    def __new__(cls, coroutine):
        return super().__new__(cls, coroutine.send, _SUPPLY)

    def __init__(self, coroutine):
        self._coroutine = coroutine

    def __await__(self):
        return self

    def send(self, value):
        return next(self)       # a Task never sends anything but None

    def throw(self, *error):
        next(_SUPPLY)
        return self._coroutine.throw(*error)

    def close(self):
        self._coroutine.close()

    def __getattr__(self, name):
        return getattr(self._coroutine, name)


async def nothing():
    """A program that does nothing: whoever runs it loads what it loads late."""


def count_asyncio_turns():
    """Let every coroutine that becomes a Task be counted; returns a function for the count."""
    from asyncio import BaseEventLoop, iscoroutine, new_event_loop

    loop = new_event_loop()
    loop.run_until_complete(nothing())
    loop.close()
    create_task = BaseEventLoop.create_task

    def create_counted_task(loop, routine, **options):
        if iscoroutine(routine):
            routine = CountedCoroutine(routine)
        return create_task(loop, routine, **options)

    BaseEventLoop.create_task = create_counted_task
    return lambda: sys.maxsize - operator.length_hint(_SUPPLY)


def count_minios_turns():
    """Let every task that ends be asked for its turns; returns a function for the sum."""
    from minios import Kernel

    Kernel().run(nothing())
    end_task = Kernel.end_task
    turns = 0

    def end_counted_task(kernel, task, result, error):
        nonlocal turns
        turns += task.switches
        end_task(kernel, task, result, error)

    Kernel.end_task = end_counted_task
    return lambda: turns


_COUNTERS = {"asyncio": count_asyncio_turns, "minios": count_minios_turns}


def import_for(tree):
    """Import what a program imports at its top. What fails here will fail there."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        else:
            continue
        for name in names:
            with suppress(Exception):
                importlib.import_module(name)


def find_imports_for(file):
    """Let imports find the program's neighbours, as under `python FILE`, and minios."""
    house = os.path.abspath(__file__)
    for _ in range(3):
        house = os.path.dirname(house)
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    if house not in sys.path:
        sys.path.append(house)


def load(file):
    """The compiled program in `file`, with its imports done."""
    with open(file, "rb") as source:
        tree = ast.parse(source.read(), file)
    import_for(tree)
    return compile(tree, file, "exec", dont_inherit=True)


def show_error(kind, error, trace):
    """The excepthook: the traceback begins where the program does, as under `python FILE`."""
    here = show_error.__code__.co_filename      # from 3.14 on, `__file__` is gone by now
    while trace is not None and trace.tb_frame.f_code.co_filename == here:
        trace = trace.tb_next
    error.__traceback__ = trace
    sys.__excepthook__(kind, error, trace)


def main(descriptor, file):
    """Run the program `file` as the main module; write its figures to `descriptor` at its end."""
    os.set_inheritable(descriptor, False)
    sys.argv, sys.excepthook = [file], show_error
    find_imports_for(file)
    program = load(file)
    counts = [count() for library, count in _COUNTERS.items() if library in sys.modules]
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__file__ = file
    process = os.getpid()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        exec(program, vars(module))
    finally:
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if os.getpid() == process:      # and not a fork of it
            turns = sum(count() for count in counts) if counts else None
            figures = {"turns": turns, "wall": wall, "cpu": cpu}
            os.write(descriptor, json.dumps(figures).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

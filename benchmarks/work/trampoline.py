"""The same ten calls as in yield_from.py, made by the trampoline of minios: `yield routine()`.

The callers stand on the task's own stack (PEP 342), so that a task is resumed at the bottom without
passing through them; the price is paid for each call and each return. The peers have no second way
to call, and are measured as in yield_from.py. The bare loop keeps such a stack and nothing else.
"""

from collections import deque
from time import process_time
from types import GeneratorType

import minios

from .yield_from import (
    LEVELS,
    SIZES,
    TASKS,
    UNIT,
    on_asyncio,
    on_curio,
    on_gevent,
    on_trio,
    rounds_of,
)

__all__ = [
    "BARE", "SIZES", "TITLE", "UNIT",
    "on_asyncio", "on_bare", "on_curio", "on_gevent", "on_minios", "on_trio",
]

TITLE = "one switch, ten calls deep, called by the trampoline"
BARE = "deque + send + stack"


def descend(levels, turns):
    """Go `levels` calls deep, and give up so many turns there."""
    if levels > 1:
        yield descend(levels - 1, turns)
    else:
        for _ in range(turns):
            yield


def give_turns(how, turns):
    if how == "switch":
        yield descend(LEVELS, turns)
    else:
        for _ in range(turns):
            yield descend(LEVELS, 1)


def on_minios(how):
    rounds = rounds_of(how)

    def main():
        yield
        start = process_time()
        yield give_turns(how, rounds)
        return (process_time() - start) / (rounds * TASKS)

    kernel = minios.Kernel()
    for _ in range(TASKS - 1):
        kernel.spawn(give_turns(how, rounds + 2))
    return kernel.run(main())


def on_bare(how):
    rounds = rounds_of(how)

    def main():
        yield
        start = process_time()
        yield give_turns(how, rounds)
        figures.append((process_time() - start) / (rounds * TASKS))

    figures = []
    ready = deque([[main()], *([give_turns(how, rounds + 2)] for _ in range(TASKS - 1))])
    while ready:
        stack = ready.popleft()
        while stack:
            try:
                request = stack[-1].send(None)
            except StopIteration:
                stack.pop()
                continue
            if type(request) is GeneratorType:
                stack.append(request)
                continue
            ready.append(stack)
            break
    return figures[0]

"""One switch: tasks that do nothing but give up their turns.

The main task is one of them: since everybody has one turn a round, it counts the rounds. Tasks
begin before the clock is started and end after it is stopped.
"""

import asyncio
from collections import deque
from time import process_time

import minios

from ..effort import times

TITLE = "one switch, where tasks give up their turns"
UNIT = "s"
SIZES = ((1,), (10,), (100,), (1000,), (100_000,))
BARE = "deque + send"

_TURNS = 1_000_000


def rounds_of(tasks):
    """How many turns each task has."""
    return max(3, times(_TURNS) // tasks)


def on_minios(tasks):
    rounds = rounds_of(tasks)

    def other():
        for _ in range(rounds + 2):
            yield

    def main():
        yield
        start = process_time()
        for _ in range(rounds):
            yield
        return (process_time() - start) / (rounds * tasks)

    kernel = minios.Kernel()
    for _ in range(tasks - 1):
        kernel.spawn(other())
    return kernel.run(main())


def on_bare(tasks):
    rounds = rounds_of(tasks)

    def other():
        for _ in range(rounds + 2):
            yield

    def main():
        yield
        start = process_time()
        for _ in range(rounds):
            yield
        figures.append((process_time() - start) / (rounds * tasks))

    figures = []
    ready = deque([main(), *(other() for _ in range(tasks - 1))])
    while ready:
        task = ready.popleft()
        try:
            task.send(None)
        except StopIteration:
            continue
        ready.append(task)
    return figures[0]


def on_asyncio(run, tasks):
    rounds = rounds_of(tasks)

    async def other():
        for _ in range(rounds + 2):
            await asyncio.sleep(0)

    async def main():
        others = [asyncio.create_task(other()) for _ in range(tasks - 1)]
        await asyncio.sleep(0)
        start = process_time()
        for _ in range(rounds):
            await asyncio.sleep(0)
        seconds = process_time() - start
        await asyncio.gather(*others)
        return seconds / (rounds * tasks)

    return run(main())


def on_curio(tasks):
    import curio

    rounds = rounds_of(tasks)

    async def other():
        for _ in range(rounds + 2):
            await curio.sleep(0)

    async def main():
        # No TaskGroup: it looks through all of its tasks whenever one ends.
        for _ in range(tasks - 1):
            await curio.spawn(other, daemon=True)
        await curio.sleep(0)
        start = process_time()
        for _ in range(rounds):
            await curio.sleep(0)
        return (process_time() - start) / (rounds * tasks)

    return curio.run(main)


def on_trio(tasks):
    import trio

    rounds = rounds_of(tasks)

    async def other():
        for _ in range(rounds + 2):
            await trio.sleep(0)

    async def main():
        async with trio.open_nursery() as nursery:
            for _ in range(tasks - 1):
                nursery.start_soon(other)
            await trio.sleep(0)
            start = process_time()
            for _ in range(rounds):
                await trio.sleep(0)
            return (process_time() - start) / (rounds * tasks)

    return trio.run(main)


def on_gevent(tasks):
    import gevent

    rounds = rounds_of(tasks)

    def other():
        for _ in range(rounds + 2):
            gevent.sleep(0)

    others = [gevent.spawn(other) for _ in range(tasks - 1)]
    gevent.sleep(0)
    start = process_time()
    for _ in range(rounds):
        gevent.sleep(0)
    seconds = process_time() - start
    gevent.joinall(others)
    return seconds / (rounds * tasks)

"""Code that calls code: 100 tasks that give up their turns ten calls deep.

    switch  each goes ten calls deep once, and gives up all of its turns there: what it costs to be
            resumed through ten frames
    call    for every turn each goes ten calls deep, gives it up there and returns all the way:
            what it costs to make the calls as well

The calls are `yield from` in minios, `await` in its peers and plain calls in gevent. The main task
is one of the hundred and counts the rounds, as in switch.py.
"""

import asyncio
from collections import deque
from time import process_time

import minios

from ..effort import times

TITLE = "one switch, ten calls deep"
UNIT = "s"
SIZES = (("switch",), ("call",))
BARE = "deque + send"

LEVELS = 10
TASKS = 100
_TURNS = {"switch": 500_000, "call": 200_000}


def rounds_of(how):
    """How many turns each task has."""
    return max(3, times(_TURNS[how]) // TASKS)


def descend(levels, turns):
    """Go `levels` calls deep, and give up so many turns there."""
    if levels > 1:
        yield from descend(levels - 1, turns)
    else:
        for _ in range(turns):
            yield


def give_turns(how, turns):
    if how == "switch":
        yield from descend(LEVELS, turns)
    else:
        for _ in range(turns):
            yield from descend(LEVELS, 1)


def on_minios(how):
    rounds = rounds_of(how)

    def main():
        yield
        start = process_time()
        yield from give_turns(how, rounds)
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
        yield from give_turns(how, rounds)
        figures.append((process_time() - start) / (rounds * TASKS))

    figures = []
    ready = deque([main(), *(give_turns(how, rounds + 2) for _ in range(TASKS - 1))])
    while ready:
        task = ready.popleft()
        try:
            task.send(None)
        except StopIteration:
            continue
        ready.append(task)
    return figures[0]


async def await_levels(sleep, levels, turns):
    """`descend`, of a library whose `sleep(0)` gives up the turn."""
    if levels > 1:
        await await_levels(sleep, levels - 1, turns)
    else:
        for _ in range(turns):
            await sleep(0)


async def await_turns(sleep, how, turns):
    if how == "switch":
        await await_levels(sleep, LEVELS, turns)
    else:
        for _ in range(turns):
            await await_levels(sleep, LEVELS, 1)


async def await_measured(sleep, how, rounds):
    await sleep(0)
    start = process_time()
    await await_turns(sleep, how, rounds)
    return (process_time() - start) / (rounds * TASKS)


def on_asyncio(run, how):
    rounds = rounds_of(how)

    async def main():
        others = [
            asyncio.create_task(await_turns(asyncio.sleep, how, rounds + 2))
            for _ in range(TASKS - 1)
        ]
        figure = await await_measured(asyncio.sleep, how, rounds)
        await asyncio.gather(*others)
        return figure

    return run(main())


def on_curio(how):
    import curio

    rounds = rounds_of(how)

    async def main():
        async with curio.TaskGroup() as group:
            for _ in range(TASKS - 1):
                await group.spawn(await_turns, curio.sleep, how, rounds + 2)
            return await await_measured(curio.sleep, how, rounds)

    return curio.run(main)


def on_trio(how):
    import trio

    rounds = rounds_of(how)

    async def main():
        async with trio.open_nursery() as nursery:
            for _ in range(TASKS - 1):
                nursery.start_soon(await_turns, trio.sleep, how, rounds + 2)
            return await await_measured(trio.sleep, how, rounds)

    return trio.run(main)


def on_gevent(how):
    import gevent

    rounds = rounds_of(how)

    def descend(levels, turns):
        if levels > 1:
            descend(levels - 1, turns)
        else:
            for _ in range(turns):
                gevent.sleep(0)

    def give_turns(turns):
        if how == "switch":
            descend(LEVELS, turns)
        else:
            for _ in range(turns):
                descend(LEVELS, 1)

    others = [gevent.spawn(give_turns, rounds + 2) for _ in range(TASKS - 1)]
    gevent.sleep(0)
    start = process_time()
    give_turns(rounds)
    seconds = process_time() - start
    gevent.joinall(others)
    return seconds / (rounds * TASKS)

"""The memory of a task that sleeps: 100,000 of them, of one line each, asleep for an hour.

What is counted is the resident memory that is the process's own, as the system sees it, and not
what Python has asked for. It is read before the tasks are made and when all are asleep, each time
after a garbage collection. asyncio's tasks are kept in a list, because its documentation says that
they have to be; the others belong to their kernel, nursery or hub.
"""

import asyncio
import gc

import minios
from syscalls import Sleep, Spawn

from ..effort import times
from ..serving import private_memory

TITLE = "the memory of a sleeping task"
UNIT = "B"
SIZES = ((),)

_TASKS = 100_000
_FEWEST = 10_000        # or what the allocators have in reserve would blur it
_HOUR = 3600.0
_FALL_ASLEEP = 0.1      # seconds, after which all of the tasks have had their first turn


def number_of_tasks():
    return max(_FEWEST, times(_TASKS))


def memory():
    """Bytes of memory that this process needs."""
    gc.collect()
    return private_memory()


def per_task(added, asleep, number):
    """The figure, once all of the tasks are known to be asleep."""
    if asleep != number:
        raise RuntimeError(f"{asleep} tasks are asleep, of {number}")
    return added / number


def on_minios():
    number, asleep = number_of_tasks(), 0

    def sleeper():
        nonlocal asleep
        asleep += 1
        yield Sleep(_HOUR)

    def main():
        before = memory()
        for _ in range(number):
            yield Spawn(sleeper())
        yield Sleep(_FALL_ASLEEP)
        return per_task(memory() - before, asleep, number)

    return minios.run(main())


def on_asyncio(run):
    number, asleep = number_of_tasks(), 0

    async def sleeper():
        nonlocal asleep
        asleep += 1
        await asyncio.sleep(_HOUR)

    async def main():
        before = memory()
        tasks = [asyncio.create_task(sleeper()) for _ in range(number)]
        await asyncio.sleep(_FALL_ASLEEP)
        return per_task(memory() - before, asleep, len(tasks))

    return run(main())


def on_curio():
    import curio

    number, asleep = number_of_tasks(), 0

    async def sleeper():
        nonlocal asleep
        asleep += 1
        await curio.sleep(_HOUR)

    async def main():
        before = memory()
        for _ in range(number):
            await curio.spawn(sleeper, daemon=True)     # nobody will join it
        await curio.sleep(_FALL_ASLEEP)
        return per_task(memory() - before, asleep, number)

    return curio.run(main)


def on_trio():
    import trio

    number, asleep = number_of_tasks(), 0

    async def sleeper():
        nonlocal asleep
        asleep += 1
        await trio.sleep(_HOUR)

    async def main():
        async with trio.open_nursery() as nursery:
            before = memory()
            for _ in range(number):
                nursery.start_soon(sleeper)
            await trio.sleep(_FALL_ASLEEP)
            figure = per_task(memory() - before, asleep, number)
            nursery.cancel_scope.cancel()
        return figure

    return trio.run(main)


def on_gevent():
    import gevent

    number, asleep = number_of_tasks(), 0

    def sleeper():
        nonlocal asleep
        asleep += 1
        gevent.sleep(_HOUR)

    gevent.sleep(0)         # makes the hub
    before = memory()
    for _ in range(number):
        gevent.spawn(sleeper)
    gevent.sleep(0)         # behind all of them
    return per_task(memory() - before, asleep, number)

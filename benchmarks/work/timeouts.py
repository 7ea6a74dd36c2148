"""A time limit around something, as around each request: it is set, and mostly not reached.

A thousand tasks do nothing else. Nine limits of ten are long, and are around what is done at once,
a turn given up: they are cancelled. Every tenth is of 1 or 2 ms, around what would take an hour: it
is reached, and its task goes on. Each task has its tenth at another place of the ten, so that they
are reached all along. The tasks have been spawned, and have had a turn, when the clock is started.

Where a library has a form that leaves the block in silence and one that raises, the first is used,
since it has less to do: curio, trio and gevent have one.
"""

import asyncio
from time import process_time

import minios
from minios import timeout
from syscalls import Sleep, Wait

from ..effort import times

TITLE = "one time limit, reached by every tenth"
UNIT = "s"
SIZES = ((1000,),)

_LIMITS = 100_000
_LONG = 30.0            # seconds
_SHORT = (0.001, 0.002)
_HOUR = 3600.0


def limits_of(tasks):
    """For each of the tasks, the limits that it sets, the time in which it would be done, and how
    many of them will be reached."""
    each = max(1, times(_LIMITS) // tasks // 10) * 10
    plans = []
    for number in range(tasks):
        short = _SHORT[number % 2]
        plans.append([
            (short, _HOUR) if (number + turn) % 10 == 0 else (_LONG, 0) for turn in range(each)
        ])
    return plans, tasks * each // 10


def per_limit(seconds, reached, expected):
    """The figure, once as many limits as expected are known to have been reached."""
    if reached != expected:
        raise RuntimeError(f"{reached} limits were reached, not {expected}")
    return seconds / (10 * expected)


def on_minios(tasks):
    plans, expected = limits_of(tasks)

    def worker(plan):
        reached = 0
        yield
        for limit, seconds in plan:
            try:
                with timeout(limit):
                    yield Sleep(seconds)
            except TimeoutError:
                reached += 1
        return reached

    def main():
        reached = 0
        start = process_time()
        for task in workers:
            reached += yield Wait(task)
        return per_limit(process_time() - start, reached, expected)

    kernel = minios.Kernel()
    workers = [kernel.spawn(worker(plan)) for plan in plans]
    return kernel.run(main())


def on_asyncio(run, tasks):
    plans, expected = limits_of(tasks)

    async def worker(plan):
        reached = 0
        await asyncio.sleep(0)
        for limit, seconds in plan:
            try:
                async with asyncio.timeout(limit):
                    await asyncio.sleep(seconds)
            except TimeoutError:
                reached += 1
        return reached

    async def main():
        reached = 0
        workers = [asyncio.create_task(worker(plan)) for plan in plans]
        await asyncio.sleep(0)
        start = process_time()
        for task in workers:
            reached += await task
        return per_limit(process_time() - start, reached, expected)

    return run(main())


def on_curio(tasks):
    import curio

    plans, expected = limits_of(tasks)

    async def worker(plan):
        reached = 0
        await curio.sleep(0)
        for limit, seconds in plan:
            async with curio.ignore_after(limit) as block:
                await curio.sleep(seconds)
            reached += block.expired
        return reached

    async def main():
        reached = 0
        workers = [await curio.spawn(worker, plan) for plan in plans]
        await curio.sleep(0)
        start = process_time()
        for task in workers:
            reached += await task.join()
        return per_limit(process_time() - start, reached, expected)

    return curio.run(main)


def on_trio(tasks):
    import trio

    plans, expected = limits_of(tasks)
    reached = 0

    async def worker(plan):
        nonlocal reached
        await trio.sleep(0)
        for limit, seconds in plan:
            with trio.move_on_after(limit) as scope:
                await trio.sleep(seconds)
            reached += scope.cancelled_caught

    async def main():
        async with trio.open_nursery() as nursery:
            for plan in plans:
                nursery.start_soon(worker, plan)
            await trio.sleep(0)
            start = process_time()
        return per_limit(process_time() - start, reached, expected)

    return trio.run(main)


def on_gevent(tasks):
    import gevent

    plans, expected = limits_of(tasks)

    def worker(plan):
        reached = 0
        gevent.sleep(0)
        for limit, seconds in plan:
            done = False
            with gevent.Timeout(limit, False):
                gevent.sleep(seconds)
                done = True
            reached += not done
        return reached

    workers = [gevent.spawn(worker, plan) for plan in plans]
    gevent.sleep(0)
    start = process_time()
    reached = 0
    for task in workers:
        task.join()
        reached += task.value
    return per_limit(process_time() - start, reached, expected)

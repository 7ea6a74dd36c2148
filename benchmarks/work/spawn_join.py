"""A task's whole life: it is spawned, returns at once, and its end is waited for.

Of size 1 each is waited for before the next is spawned; of size 1000 so many are spawned and then
waited for. What a task returns goes to who waits for it, and is added up; trio's tasks return
nothing, and count themselves. Its nursery is opened anew for each batch, which is how one waits for
a task there. Of several ways to wait for a thousand (asyncio's await of each, gather, wait and
TaskGroup; curio's join and TaskGroup; gevent's join and joinall) the quickest is taken.
"""

import asyncio
from time import process_time

import minios
from syscalls import Spawn, Wait

from ..effort import times

TITLE = "a task is spawned, ends, and is waited for"
UNIT = "s"
SIZES = ((1,), (1000,))

_TASKS = 100_000


def batches_of(batch):
    """How often `batch` tasks are spawned."""
    return max(2, times(_TASKS) // batch)


def per_task(seconds, ended, tasks):
    """The figure, once all that were spawned are known to have run."""
    if ended != tasks:
        raise RuntimeError(f"{ended} tasks have ended, of {tasks}")
    return seconds / tasks


def on_minios(batch):
    batches = batches_of(batch)

    def child():
        return 1
        yield

    def main():
        ended = 0
        start = process_time()
        for _ in range(batches):
            tasks = []
            for _ in range(batch):
                tasks.append((yield Spawn(child())))
            for task in tasks:
                ended += yield Wait(task)
        return per_task(process_time() - start, ended, batches * batch)

    return minios.run(main())


def on_asyncio(run, batch):
    batches = batches_of(batch)

    async def child():
        return 1

    async def main():
        ended = 0
        start = process_time()
        for _ in range(batches):
            tasks = [asyncio.create_task(child()) for _ in range(batch)]
            for task in tasks:
                ended += await task
        return per_task(process_time() - start, ended, batches * batch)

    return run(main())


def on_curio(batch):
    import curio

    batches = batches_of(batch)

    async def child():
        return 1

    async def main():
        ended = 0
        start = process_time()
        for _ in range(batches):
            tasks = [await curio.spawn(child) for _ in range(batch)]
            for task in tasks:
                ended += await task.join()
        return per_task(process_time() - start, ended, batches * batch)

    return curio.run(main)


def on_trio(batch):
    import trio

    batches = batches_of(batch)
    ended = 0

    async def child():
        nonlocal ended
        ended += 1

    async def main():
        start = process_time()
        for _ in range(batches):
            async with trio.open_nursery() as nursery:
                for _ in range(batch):
                    nursery.start_soon(child)
        return per_task(process_time() - start, ended, batches * batch)

    return trio.run(main)


def on_gevent(batch):
    import gevent

    batches = batches_of(batch)

    def child():
        return 1

    ended = 0
    start = process_time()
    for _ in range(batches):
        tasks = [gevent.spawn(child) for _ in range(batch)]
        for task in tasks:
            task.join()
            ended += task.value
    return per_task(process_time() - start, ended, batches * batch)

"""A lock that is taken and released, by the `with` block of each library.

Of size 1 nobody else wants it. Of size 100 so many tasks do, and whoever has it gives up a turn
before it lets go. A counter that is read before and written after that turn comes out wrong unless
the lock has kept the others out.

Who gets a lock next is each library's own policy: those of minios, asyncio, curio and trio hand it
to the longest waiter; gevent's can be taken again at once by who has just released it. The hundred
tasks are made within the time, and take the lock a thousand times each.
"""

import asyncio
from time import process_time

import minios
from syscalls import Spawn, Wait

from ..effort import times

TITLE = "a lock is taken and released"
UNIT = "s"
SIZES = ((1,), (100,))

_ALONE = 300_000
_CONTENDED = 100_000


def turns_of(tasks):
    """How often each of so many tasks takes the lock."""
    return times(_ALONE) if tasks == 1 else max(1, times(_CONTENDED) // tasks)


class Counter:
    """What the lock protects."""

    def __init__(self):
        self.value = 0


def per_turn(seconds, counter, tasks):
    """The figure, once the counter is known to have counted every turn."""
    turns = tasks * turns_of(tasks)
    if counter.value != turns:
        raise RuntimeError(f"the lock was taken {turns} times, and {counter.value} were counted")
    return seconds / turns


def on_minios(tasks):
    lock, counter, turns = minios.Lock(), Counter(), turns_of(tasks)

    def alone():
        for _ in range(turns):
            with (yield from lock):
                counter.value += 1

    def contender():
        for _ in range(turns):
            with (yield from lock):
                value = counter.value
                yield
                counter.value = value + 1

    def main():
        start = process_time()
        if tasks == 1:
            yield from alone()
        else:
            others = []
            for _ in range(tasks):
                others.append((yield Spawn(contender())))
            for task in others:
                yield Wait(task)
        return per_turn(process_time() - start, counter, tasks)

    return minios.run(main())


async def take_alone(lock, counter, turns):
    for _ in range(turns):
        async with lock:
            counter.value += 1


async def take_in_turns(sleep, lock, counter, turns):
    for _ in range(turns):
        async with lock:
            value = counter.value
            await sleep(0)
            counter.value = value + 1


def on_asyncio(run, tasks):
    async def main():
        lock, counter, turns = asyncio.Lock(), Counter(), turns_of(tasks)
        start = process_time()
        if tasks == 1:
            await take_alone(lock, counter, turns)
        else:
            others = [
                asyncio.create_task(take_in_turns(asyncio.sleep, lock, counter, turns))
                for _ in range(tasks)
            ]
            for task in others:
                await task
        return per_turn(process_time() - start, counter, tasks)

    return run(main())


def on_curio(tasks):
    import curio

    async def main():
        lock, counter, turns = curio.Lock(), Counter(), turns_of(tasks)
        start = process_time()
        if tasks == 1:
            await take_alone(lock, counter, turns)
        else:
            others = [
                await curio.spawn(take_in_turns, curio.sleep, lock, counter, turns)
                for _ in range(tasks)
            ]
            for task in others:
                await task.join()
        return per_turn(process_time() - start, counter, tasks)

    return curio.run(main)


def on_trio(tasks):
    import trio

    async def main():
        lock, counter, turns = trio.Lock(), Counter(), turns_of(tasks)
        start = process_time()
        if tasks == 1:
            await take_alone(lock, counter, turns)
        else:
            async with trio.open_nursery() as nursery:
                for _ in range(tasks):
                    nursery.start_soon(take_in_turns, trio.sleep, lock, counter, turns)
        return per_turn(process_time() - start, counter, tasks)

    return trio.run(main)


def on_gevent(tasks):
    import gevent
    from gevent.lock import BoundedSemaphore

    lock, counter, turns = BoundedSemaphore(1), Counter(), turns_of(tasks)

    def alone():
        for _ in range(turns):
            with lock:
                counter.value += 1

    def contender():
        for _ in range(turns):
            with lock:
                value = counter.value
                gevent.sleep(0)
                counter.value = value + 1

    start = process_time()
    if tasks == 1:
        alone()
    else:
        gevent.joinall([gevent.spawn(contender) for _ in range(tasks)])
    return per_turn(process_time() - start, counter, tasks)

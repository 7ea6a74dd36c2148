"""Sleeping: 10,000 tasks that sleep ten times each, for times at random.

The times, up to 10 ms, are the same for every contender, and drawn beforehand. They are so short
that more sleeps end in a moment than anyone can serve: all are late from the start and nobody ever
waits for the clock, so that none is charged for polling more often because it was done sooner. What
is measured is the way through the timer queue and back, with some 10,000 timers in it. The tasks
have been spawned, and have had a turn, when the clock is started; the last that has slept stops it.

Python's garbage collector runs, as in any program.
"""

import asyncio
from random import Random
from time import process_time

import minios
from syscalls import Sleep, Wait

from ..effort import times

TITLE = "one sleep of up to 10 ms, of 10,000 tasks"
UNIT = "s"
SIZES = ((10_000,),)

_SLEEPS = 100_000
_EACH = 10
_LONGEST = 0.01         # seconds


class Measurement:
    """How long each of the tasks sleeps, and what they take together."""

    def __init__(self, tasks):
        tasks = min(tasks, max(1, times(_SLEEPS) // _EACH))
        random = Random(tasks)
        self.naps = [[random.uniform(0, _LONGEST) for _ in range(_EACH)] for _ in range(tasks)]
        self._awake = 0
        self._start = self._end = None

    def begin(self):
        self._start = process_time()

    def slept(self):
        """A task has slept for the last time."""
        self._awake += 1
        if self._awake == len(self.naps):
            self._end = process_time()

    def figure(self):
        if self._end is None:
            raise RuntimeError(f"{self._awake} tasks have slept, of {len(self.naps)}")
        return (self._end - self._start) / (len(self.naps) * _EACH)


def on_minios(tasks):
    measurement = Measurement(tasks)

    def sleeper(naps):
        yield
        for seconds in naps:
            yield Sleep(seconds)
        measurement.slept()

    def main():
        measurement.begin()
        for task in sleepers:
            yield Wait(task)

    kernel = minios.Kernel()
    sleepers = [kernel.spawn(sleeper(naps)) for naps in measurement.naps]
    kernel.run(main())
    return measurement.figure()


def on_asyncio(run, tasks):
    measurement = Measurement(tasks)

    async def sleeper(naps):
        await asyncio.sleep(0)
        for seconds in naps:
            await asyncio.sleep(seconds)
        measurement.slept()

    async def main():
        sleepers = [asyncio.create_task(sleeper(naps)) for naps in measurement.naps]
        await asyncio.sleep(0)
        measurement.begin()
        for task in sleepers:
            await task

    run(main())
    return measurement.figure()


def on_curio(tasks):
    import curio

    measurement = Measurement(tasks)

    async def sleeper(naps):
        await curio.sleep(0)
        for seconds in naps:
            await curio.sleep(seconds)
        measurement.slept()

    async def main():
        sleepers = [await curio.spawn(sleeper, naps) for naps in measurement.naps]
        await curio.sleep(0)
        measurement.begin()
        for task in sleepers:
            await task.join()

    curio.run(main)
    return measurement.figure()


def on_trio(tasks):
    import trio

    measurement = Measurement(tasks)

    async def sleeper(naps):
        await trio.sleep(0)
        for seconds in naps:
            await trio.sleep(seconds)
        measurement.slept()

    async def main():
        async with trio.open_nursery() as nursery:
            for naps in measurement.naps:
                nursery.start_soon(sleeper, naps)
            for _ in range(2):      # its order is random, and all shall have had a turn
                await trio.sleep(0)
            measurement.begin()

    trio.run(main)
    return measurement.figure()


def on_gevent(tasks):
    import gevent

    measurement = Measurement(tasks)

    def sleeper(naps):
        gevent.sleep(0)
        for seconds in naps:
            gevent.sleep(seconds)
        measurement.slept()

    sleepers = [gevent.spawn(sleeper, naps) for naps in measurement.naps]
    gevent.sleep(0)
    measurement.begin()
    for task in sleepers:
        task.join()
    return measurement.figure()

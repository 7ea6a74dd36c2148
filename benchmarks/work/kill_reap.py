"""A task that sleeps is killed, and its end is waited for; then the next.

Each of a thousand tasks sleeps for an hour, so that a timer goes with it. They are made and fall
asleep outside of the timing, and so does what else happens until the next thousand. Each contender
raises its cancellation in the task and is told of the task's end. In trio a task is cancelled by a
scope that it runs in, and says itself that it is over, by an Event; to poll for it, or to open a
nursery for each, takes longer.
"""

import asyncio
from time import process_time

import minios
from minios import TaskKilledError
from syscalls import Kill, Sleep, Spawn, Wait

from ..effort import times

TITLE = "a sleeping task is killed and waited for"
UNIT = "s"
SIZES = ((1000,),)

_TASKS = 30_000
_HOUR = 3600.0
_FALL_ASLEEP = 0.01     # seconds in which all of the tasks have had their first turn


def batches_of(tasks):
    """How often `tasks` tasks are made, and killed."""
    return max(1, times(_TASKS) // tasks)


def per_task(seconds, asleep, killed, tasks):
    """The figure, once all of the tasks are known to have slept and to have been killed."""
    if not asleep == killed == tasks:
        raise RuntimeError(f"{asleep} tasks have slept and {killed} were killed, of {tasks}")
    return seconds / tasks


def on_minios(tasks):
    batches, asleep = batches_of(tasks), 0

    def sleeper():
        nonlocal asleep
        asleep += 1
        yield Sleep(_HOUR)

    def kill_all(sleepers):
        killed = 0
        for task in sleepers:
            yield Kill(task)
            try:
                yield Wait(task)
            except TaskKilledError:
                killed += 1
        return killed

    def main():
        seconds, killed = 0.0, 0
        for _ in range(batches):
            sleepers = []
            for _ in range(tasks):
                sleepers.append((yield Spawn(sleeper())))
            yield Sleep(_FALL_ASLEEP)
            start = process_time()
            killed += yield from kill_all(sleepers)
            seconds += process_time() - start
        return per_task(seconds, asleep, killed, batches * tasks)

    return minios.run(main())


def on_asyncio(run, tasks):
    batches, asleep = batches_of(tasks), 0

    async def sleeper():
        nonlocal asleep
        asleep += 1
        await asyncio.sleep(_HOUR)

    async def kill_all(sleepers):
        killed = 0
        for task in sleepers:
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                killed += 1
        return killed

    async def main():
        seconds, killed = 0.0, 0
        for _ in range(batches):
            sleepers = [asyncio.create_task(sleeper()) for _ in range(tasks)]
            await asyncio.sleep(_FALL_ASLEEP)
            start = process_time()
            killed += await kill_all(sleepers)
            seconds += process_time() - start
        return per_task(seconds, asleep, killed, batches * tasks)

    return run(main())


def on_curio(tasks):
    import curio

    batches, asleep = batches_of(tasks), 0

    async def sleeper():
        nonlocal asleep
        asleep += 1
        await curio.sleep(_HOUR)

    async def kill_all(sleepers):
        for task in sleepers:
            await task.cancel()     # which waits for its end
        return sum(isinstance(task.exception, curio.TaskCancelled) for task in sleepers)

    async def main():
        seconds, killed = 0.0, 0
        for _ in range(batches):
            sleepers = [await curio.spawn(sleeper) for _ in range(tasks)]
            await curio.sleep(_FALL_ASLEEP)
            start = process_time()
            killed += await kill_all(sleepers)
            seconds += process_time() - start
        return per_task(seconds, asleep, killed, batches * tasks)

    return curio.run(main)


def on_trio(tasks):
    import trio

    batches, asleep = batches_of(tasks), 0

    async def sleeper(scope, ended):
        nonlocal asleep
        asleep += 1
        with scope:
            await trio.sleep(_HOUR)
        ended.set()

    async def kill_all(sleepers):
        killed = 0
        for scope, ended in sleepers:
            scope.cancel()
            await ended.wait()
            killed += scope.cancelled_caught
        return killed

    async def main():
        seconds, killed = 0.0, 0
        for _ in range(batches):
            sleepers = [(trio.CancelScope(), trio.Event()) for _ in range(tasks)]
            async with trio.open_nursery() as nursery:
                for scope, ended in sleepers:
                    nursery.start_soon(sleeper, scope, ended)
                await trio.sleep(_FALL_ASLEEP)
                start = process_time()
                killed += await kill_all(sleepers)
                seconds += process_time() - start
        return per_task(seconds, asleep, killed, batches * tasks)

    return trio.run(main)


def on_gevent(tasks):
    import gevent

    batches, asleep = batches_of(tasks), 0

    def sleeper():
        nonlocal asleep
        asleep += 1
        gevent.sleep(_HOUR)

    def kill_all(sleepers):
        for task in sleepers:
            task.kill()             # which waits for its end
        return sum(isinstance(task.value, gevent.GreenletExit) for task in sleepers)

    seconds, killed = 0.0, 0
    for _ in range(batches):
        sleepers = [gevent.spawn(sleeper) for _ in range(tasks)]
        gevent.sleep(0)             # behind all of them
        start = process_time()
        killed += kill_all(sleepers)
        seconds += process_time() - start
    return per_task(seconds, asleep, killed, batches * tasks)

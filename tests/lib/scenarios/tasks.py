"""Victims that run other tasks: groups, gathering, time limits, deferreds, threads, handlers."""

import os
import signal
import sys
import time

from minios import (
    Deferred,
    Lock,
    TaskGroup,
    add_signal_handler,
    gather,
    race,
    shield,
    timeout,
    to_thread,
    when,
)
from syscalls import Offload, Sleep, Wait

from ..suspension_points import scenario


def works(seconds=1, result=None, cleaning=0.5):
    """A task that takes its time, and cleans up if it is interrupted."""
    try:
        yield Sleep(seconds)
        return result
    except GeneratorExit:
        raise
    except BaseException:
        yield Sleep(cleaning)
        raise


def fails(world, seconds=1):
    world.allow("ValueError: expected")     # where nobody is left to hear of it
    yield Sleep(seconds)
    raise ValueError("expected")


@scenario
def a_group(world):
    def victim():
        with TaskGroup() as group:
            group.spawn(works(1))
            group.spawn(works(9), daemon=True)
            yield Sleep(0.5)
            group.spawn(works(2))
            yield from group.join()

    yield from world.victim(victim())


@scenario
def a_group_in_a_coroutine(world):
    async def victim():
        async with TaskGroup() as group:
            group.spawn(works(1))
            await Sleep(0.5)
            group.spawn(works(2))

    yield from world.victim(victim())


@scenario
def a_group_that_fails(world):
    async def victim():
        try:
            async with TaskGroup() as outer:
                outer.spawn(works(3))
                async with TaskGroup() as group:
                    group.spawn(works(9))
                    group.spawn(fails(world))
                    await Sleep(5)
        except ValueError:
            pass

    yield from world.victim(victim())


@scenario
def gathering(world):
    task = world.spawn(works(2, "two"))

    def victim():
        assert (yield from gather(works(1, "one"), task, Sleep(1))) == ["one", "two", None]
        try:
            yield from gather(works(9), fails(world))
        except ValueError:
            pass

    yield from world.victim(victim())
    assert (yield Wait(task)) == "two"


@scenario
def racing(world):
    def victim():
        assert (yield from race(works(1, "hare"), works(2, "tortoise"))) == "hare"

    yield from world.victim(victim())


@scenario
def shielding(world):
    saved = []

    def saves():
        yield Sleep(1)
        saved.append(True)

    started = []

    def victim():
        routine = saves()
        started.append(True)
        yield from shield(routine)

    yield from world.victim(victim())
    yield Sleep(2)
    world.expect("tasks", saved == started, "what was shielded did not go on")


@scenario
def nested_time_limits(world):
    def victim():
        with timeout(9):
            try:
                with timeout(1):
                    yield from works(5)
            except TimeoutError:
                yield Sleep(1)

    yield from world.victim(victim())


@scenario
def an_asynchronous_generator(world):
    """One that is abandoned in the middle lets go of what it holds."""
    lock = Lock()

    async def counts():
        with (await lock):
            for number in range(2):
                await Sleep(1)
                yield number

    async def victim():
        async for _ in counts():
            await Sleep(1)

    # Before Python 3.13, closing a coroutine does not reach the generator that it waits in.
    reached = sys.version_info >= (3, 13)
    if not reached:
        world.allow("asynchronous generator is already running")
    yield from world.victim(victim())
    yield Sleep(1)
    if reached or not world.assassin.has_sent(signal.SIGKILL):
        world.expect("locks", not lock.locked(), f"{lock!r}")


@scenario
def several_deferreds(world):
    first, second = Deferred(), Deferred()

    def resolves():
        yield Sleep(1)
        first.resolve(1)
        yield Sleep(1)
        second.resolve(2)

    def doubles(value):
        yield Sleep(1)
        return 2 * value

    def victim():
        assert (yield when(first, second, works(1, 3), 4)) == [1, 2, 3, 4]
        assert (yield from second.then(doubles)) == 4

    resolver = world.spawn(resolves())
    yield from world.victim(victim())
    yield Wait(resolver)


@scenario
def a_function_in_a_thread(world):
    async def victim():
        assert await to_thread(divmod, 7, 2) == (3, 1)
        await to_thread(time.sleep, 0.002)

    yield from world.victim(victim())


@scenario
def more_functions_than_threads(world):
    """What has not begun when the victim is struck never will."""
    from syscalls.threads import Threads

    threads = Threads(1)
    world.resources.callback(threads.shutdown)
    begun, others = [], []

    def other():
        yield Offload(time.sleep, 0.002, executor=threads)

    def victim():
        yield Offload(begun.append, True, executor=threads)

    others = [world.spawn(other()) for _ in range(2)]
    yield
    yield from world.victim(victim())
    for task in others:
        yield Wait(task)


@scenario
def a_signal_handler(world):
    async def hears():
        await Sleep(1)

    def sends():
        for _ in range(2):
            yield Sleep(2)
            os.kill(os.getpid(), signal.SIGUSR1)
        yield Sleep(2)
        handler.kill()

    handler = add_signal_handler(signal.SIGUSR1, hears)
    sender = world.spawn(sends())
    yield from world.victim(handler, others_may_kill=True)
    yield Wait(sender)
    world.expect("registrations", not world.kernel.interrupts.has_waiters())

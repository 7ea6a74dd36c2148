"""Nobody starves: whoever is ready for ever, on either side, all others have their turns.

Counted in rounds of the kernel, by a clock that ticks whenever it is read.
"""

import asyncio
import itertools
import socket

import pytest

from syscalls import Close, Park, Recv, Sleep
from syscalls.parking import wake

from .worlds import DRIVERS, World, settle

TICK = 0.001        # seconds
MANY = 100          # rounds, within which all must be served
FOR_EVER = 3000     # turns after which a hog gives up: then the test has failed
SERVED = []


class TickingClock:
    """Time passes as often as somebody looks."""

    jumps = False

    def __init__(self):
        self._now = 0.0

    def now(self):
        """Seconds."""
        self._now += TICK
        return self._now

    def wait(self, until, poll, outside):
        """Look, and do not block."""
        poll(0)


class Hogs:
    """Who is always ready: methods by name; `over` ends all, `turns` counts."""

    def __init__(self, world):
        self.world, self.kernel, self.loop = world, world.kernel, world.loop
        self.over, self.turns = False, 0

    def goes_on(self):
        """Count a turn; whether there shall be another."""
        self.turns += 1
        return not self.over and self.turns < FOR_EVER

    def call_soon(self):
        """A callback that calls itself again."""
        if self.goes_on():
            self.loop.call_soon(self.call_soon)

    def call_soon_threadsafe(self):
        """The same by the call that is for other threads."""
        if self.goes_on():
            self.loop.call_soon_threadsafe(self.call_soon_threadsafe)

    def call_later(self):
        """A timer that is due at once."""
        if self.goes_on():
            self.loop.call_later(0, self.call_later)

    def yields(self):
        """A generator."""
        def routine():
            while self.goes_on():
                yield

        self.kernel.spawn(routine())

    def sleeps(self):
        """A generator that sleeps no time."""
        def routine():
            while self.goes_on():
                yield Sleep(0)

        self.kernel.spawn(routine())

    def asyncio_task(self):
        """A task of asyncio's that only gives way."""
        async def routine():
            while self.goes_on():
                await asyncio.sleep(0)

        self.task = self.loop.create_task(routine())

    def spawned_coroutine(self):
        """A coroutine that is a task of the kernel's."""
        async def routine():
            while self.goes_on():
                await asyncio.sleep(0)

        self.kernel.spawn(routine())

    def call_from_thread(self):
        """What comes through the kernel's inbox."""
        if self.goes_on():
            self.kernel.call_from_thread(self.call_from_thread)

    def reader(self):
        """A descriptor that is always ready."""
        left, right = socket.socketpair()
        right.send(b".")

        def ready():
            if not self.goes_on():
                self.loop.remove_reader(left)
                left.close()
                right.close()

        self.loop.add_reader(left, ready)

    def all_at_once(self):
        """Several of them together."""
        for hog in (self.call_soon, self.yields, self.asyncio_task, self.reader):
            hog()


HOGS = [name for name in vars(Hogs) if not name.startswith("_") and name != "goes_on"]


def served(function):
    """Enter a function(world, done), which calls `done` when it has been served, among SERVED."""
    SERVED.append(function)
    return function


@served
def a_sleeping_task(world, done):
    def routine():
        yield Sleep(10 * TICK)
        done()

    world.kernel.spawn(routine())


@served
def a_timer_of_the_loop(world, done):
    world.loop.call_later(10 * TICK, done)


@served
def a_sleeping_coroutine(world, done):
    async def routine():
        await asyncio.sleep(10 * TICK)
        done()

    world.task = world.loop.create_task(routine())


@served
def a_task_that_waits_for_a_socket(world, done):
    left, right = socket.socketpair()

    def routine():
        assert (yield Recv(left, 10)) == b"."
        yield Close(left)
        right.close()
        done()

    world.kernel.spawn(routine())
    world.kernel.call_at(world.kernel.now() + 10 * TICK, right.send, b".")


@served
def a_reader_of_the_loop(world, done):
    left, right = socket.socketpair()

    def ready():
        world.loop.remove_reader(left)
        left.close()
        right.close()
        done()

    world.loop.add_reader(left, ready)
    world.loop.call_later(10 * TICK, right.send, b".")


@served
def a_task_that_yields(world, done):
    def routine():
        yield from settle(10)
        done()

    world.kernel.spawn(routine())


@served
def callbacks_one_after_the_other(world, done):
    def call(left):
        if left:
            world.loop.call_soon(call, left - 1)
        else:
            done()

    call(10)


@served
def a_coroutine_that_gives_way(world, done):
    async def routine():
        for _ in range(10):
            await asyncio.sleep(0)
        done()

    world.task = world.loop.create_task(routine())


@served
def futures_between_a_task_and_a_coroutine(world, done):
    there, back = world.loop.create_future(), world.loop.create_future()

    def routine():
        there.set_result(1)
        assert (yield from back) == 2
        done()

    async def coroutine():
        assert await there == 1
        back.set_result(2)

    world.kernel.spawn(routine())
    world.task = world.loop.create_task(coroutine())


@served
def a_call_from_a_thread(world, done):
    world.kernel.call_from_thread(world.loop.call_soon_threadsafe, done)


def counted(kernel):
    """Let the rounds of `kernel` be counted; a function that says how many there were."""
    turn_round, rounds = kernel.turn_round, itertools.count()
    kernel.rounds = 0

    def counting(*arguments):
        kernel.rounds = next(rounds)
        turn_round(*arguments)

    kernel.turn_round = counting


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("hog", HOGS)
@pytest.mark.parametrize("what", SERVED, ids=lambda what: what.__name__)
def test_who_is_always_ready_keeps_nobody_from_being_served(native, driver, hog, what):
    world = World(driver, native, TickingClock())
    counted(world.kernel)
    hogs = Hogs(world)

    def main():
        getattr(hogs, hog)()
        yield from settle(3)
        began, turns = world.kernel.rounds, hogs.turns
        what(world, lambda: wake("served"))
        yield Park("served")
        rounds = world.kernel.rounds - began
        assert not hogs.over and hogs.turns < FOR_EVER, "it was served when the hog gave up"
        assert rounds < MANY
        # And the hog has not starved either.
        while hogs.turns == turns:
            yield
        hogs.over = True
        yield from settle(5)

    world.run(main())
    assert not world.leftovers()
    world.end()


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_two_sides_have_as_many_turns(native, driver):
    """While both are always ready, a round is one turn of a task and one batch of callbacks."""
    world = World(driver, native, TickingClock())
    turns = {"generator": 0, "callback": 0, "coroutine": 0}

    def generator():
        while True:
            turns["generator"] += 1
            yield

    def callback():
        turns["callback"] += 1
        if turns["callback"] < 1000:
            world.loop.call_soon(callback)

    async def coroutine():
        for _ in range(1000):
            turns["coroutine"] += 1
            await asyncio.sleep(0)

    def main():
        task = world.kernel.spawn(generator())
        callback()
        yield from world.loop.create_task(coroutine())
        task.kill()

    world.run(main())
    world.end()
    assert max(turns.values()) - min(turns.values()) < 10, turns


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_gets_ready_in_a_batch_of_callbacks_waits_for_the_next(native, driver):
    world = World(driver, native)
    order = []

    def main():
        for name in "ab":
            world.loop.call_soon(again, name)
        yield from settle(5)

    def again(name):
        order.append(name)
        if len(order) < 6:
            world.loop.call_soon(again, name)

    world.run(main())
    world.end()
    assert order == list("ababab") + order[6:]

"""The loop's timers in the kernel's heap, and whose time it is."""

import asyncio
import math

import pytest

import minios
from minios.aio import EventLoop
from minios.sim import VirtualClock
from syscalls import Now, Sleep, SleepUntil

from .worlds import DRIVERS, World

drivers = pytest.mark.parametrize("driver", DRIVERS)


@drivers
def test_timers_of_both_sides_fire_in_the_order_in_which_they_are_due(native, driver):
    world = World(driver, native)
    log, tasks = [], []

    def sleeps(seconds):
        yield Sleep(seconds)
        log.append((world.loop.time(), f"task {seconds}"))

    async def coroutine(seconds):
        await asyncio.sleep(seconds)
        log.append((world.loop.time(), f"coroutine {seconds}"))

    def main():
        for seconds in (5, 2):
            world.kernel.spawn(sleeps(seconds))
            world.loop.call_later(seconds + 1, lambda: log.append((world.loop.time(), "call")))
            tasks.append(world.loop.create_task(coroutine(seconds + 2)))
        yield Sleep(10)

    world.run(main())
    world.end()
    assert log == [(2, "task 2"), (3, "call"), (4, "coroutine 4"), (5, "task 5"), (6, "call"),
                   (7, "coroutine 7")]


@drivers
def test_what_is_due_at_the_same_moment_fires_in_the_order_in_which_it_was_set(native, driver):
    world = World(driver, native)
    log = []

    def main():
        when = world.loop.time() + 1
        for number in range(10):
            world.loop.call_at(when, log.append, number)
        yield SleepUntil(when)
        yield Sleep(0)

    world.run(main())
    world.end()
    assert log == list(range(10))


def test_a_day_of_sleeping_on_a_virtual_clock_takes_no_time(virtual):
    async def main():
        await asyncio.sleep(43_200)
        await Sleep(43_200)
        return virtual.time(), await Now()

    assert virtual.run_until_complete(main()) == (86_400, 86_400)


def test_the_virtual_time_is_the_same_every_time(native):
    def play():
        world, log = World("loop", native), []

        async def coroutine(name, seconds):
            for _ in range(5):
                await asyncio.sleep(seconds)
                log.append((name, world.loop.time()))

        def generator(name, seconds):
            for _ in range(5):
                yield Sleep(seconds)
                log.append((name, world.loop.time()))

        def main():
            tasks = [world.loop.create_task(coroutine(f"c{n}", n / 7)) for n in range(1, 6)]
            for n in range(1, 6):
                world.kernel.spawn(generator(f"g{n}", n / 7))
            yield from asyncio.gather(*tasks)

        world.run(main())
        world.end()
        return log

    assert play() == play()


def test_a_cancelled_timer_leaves_nothing_in_the_heap(virtual):
    timers = virtual.kernel.timers
    handles = [virtual.call_later(1000 + n, print) for n in range(5000)]
    assert len(timers) == 5000 == len(virtual._scheduled)
    for handle in handles:
        handle.cancel()
        handle.cancel()
    assert len(timers) == 0 and len(timers._heap) < 200 and not timers.owners()
    virtual.run_until_complete(asyncio.sleep(1))
    assert virtual.time() == 1


def test_a_timer_that_is_cancelled_when_it_is_due_already_does_not_fire(virtual):
    log = []
    late = virtual.call_at(1, log.append, "late")
    virtual.call_at(1, log.append, "there")
    early = virtual.call_at(0.5, late.cancel)
    virtual.run_until_complete(asyncio.sleep(2))
    assert log == ["there"] and not early.cancelled()


@pytest.mark.parametrize("when, error", [
    ("soon", ValueError), ([], TypeError), (None, TypeError), (math.nan, ValueError)])
def test_what_is_no_moment_is_refused_and_the_heap_is_not_spoilt(virtual, when, error):
    with pytest.raises(error):
        virtual.call_at(when, print)
    assert not virtual.kernel.timers.owners()


def test_infinity_is_a_moment_that_never_comes(virtual):
    log = []
    virtual.call_at(math.inf, log.append, "never")
    virtual.run_until_complete(asyncio.sleep(10**9))
    assert log == []


# --- loop.time() replaced --------------------------------------------------------------------


class OtherTime(EventLoop):
    """Tells another time than its kernel's device, and skips a day when it is told to."""

    skipped = 1000

    def time(self):
        return super().time() + self.skipped


def test_a_subclass_s_time_is_that_of_all_timers(native):
    clock = VirtualClock()
    loop = OtherTime(kernel=minios.Kernel(clock=clock), native_tasks=native)

    def generator():
        yield Sleep(86_400)
        return (yield Now())

    async def main():
        assert loop.time() == await Now() == 1000
        sleeping = asyncio.create_task(asyncio.sleep(86_400, "slept"))
        waiting = loop.kernel.spawn(generator())
        await asyncio.sleep(0)
        loop.skipped += 86_400
        return await sleeping, await waiting, loop.time()

    assert loop.run_until_complete(main()) == ("slept", 87_400, 87_400)
    assert clock.now() == 0
    loop.close()


@drivers
def test_time_that_is_replaced_on_the_object_is_that_of_all_timers(native, driver):
    class Device:
        """A clock that does not jump; its time is what the test says."""

        jumps = False
        now = staticmethod(lambda: 0.0)

        def wait(self, until, poll, outside):
            raise AssertionError("the loop's time is asked for")

    world = World(driver, native, Device())
    now = [100.0]
    world.loop.time = lambda: now[0]
    log = []

    def advance():
        """A second a round."""
        now[0] += 1
        if now[0] < 150:
            world.loop.call_soon(advance)

    def sleeps():
        yield Sleep(20)
        log.append("task")

    def main():
        advance()
        world.kernel.spawn(sleeps())
        world.loop.call_later(10, log.append, "callback")
        world.loop.call_at(130, log.append, "at 130")
        yield SleepUntil(140)
        assert (yield Now()) >= 140

    world.run(main())
    world.end()
    assert log == ["callback", "task", "at 130"]


def test_the_kernel_has_its_own_clock_again_when_the_loop_has_left(native):
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)
    loop = EventLoop(kernel=kernel, native_tasks=native)
    assert kernel.clock is not clock and kernel.now() == clock.now()
    loop.close()
    assert kernel.clock is clock and kernel.now == clock.now

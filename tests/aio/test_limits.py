"""Time limits and groups of one world around waits of the other."""

import asyncio

import pytest

import minios
from minios import timeout
from minios.aio import aio
from syscalls import Now, Sleep, Spawn, Wait

from .worlds import DRIVERS, World

drivers = pytest.mark.parametrize("driver", DRIVERS)


@pytest.fixture
def play(native):
    """A function that runs a generator, given (kernel, loop), and looks at what is left."""
    def play(driver, main):
        world = World(driver, native)
        result = world.run(main(world.kernel, world.loop))
        assert not world.leftovers()
        world.end()
        return result

    return play


async def forever(log=None):
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        if log is not None:
            await asyncio.sleep(1)
            log.append("cleaned up")


@drivers
def test_a_limit_of_minios_cuts_an_await_short_and_waits_for_its_clean_up(play, driver):
    log = []

    def main(kernel, loop):
        with pytest.raises(TimeoutError, match="not done within 5 s"):
            with timeout(5):
                yield from aio(forever(log))
        return log, (yield Now())

    assert play(driver, main) == (["cleaned up"], 6)


@drivers
def test_a_limit_of_asyncio_cuts_a_generator_task_short_and_waits_for_its_clean_up(play, driver):
    log = []

    def generator():
        try:
            yield Sleep(1000)
        finally:
            yield Sleep(1)
            log.append("cleaned up")

    async def limited(kernel):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await kernel.spawn(generator())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(kernel.spawn(generator()), 5)

    def main(kernel, loop):
        yield from aio(limited(kernel))
        return log, (yield Now())

    assert play(driver, main) == (["cleaned up"] * 2, 12)


LIMITS = [(1, 2, "outer"), (2, 1, "inner")]


@drivers
@pytest.mark.parametrize("outer, inner, reached", LIMITS)
def test_of_a_limit_of_minios_around_one_of_asyncio_the_earlier_is_reached(
    play, driver, outer, inner, reached
):
    async def limited():
        try:
            async with asyncio.timeout(inner):
                await asyncio.sleep(100)
        except TimeoutError:
            return "inner"

    def main(kernel, loop):
        try:
            with timeout(outer):
                return (yield from aio(limited()))
        except TimeoutError:
            return "outer"

    assert play(driver, main) == reached


@drivers
@pytest.mark.parametrize("outer, inner, reached", LIMITS)
def test_of_a_limit_of_asyncio_around_one_of_minios_the_earlier_is_reached(
    play, driver, outer, inner, reached
):
    def limited():
        try:
            with timeout(inner):
                yield Sleep(100)
        except TimeoutError:
            return "inner"

    async def coroutine(kernel):
        try:
            async with asyncio.timeout(outer):
                return await kernel.spawn(limited())
        except TimeoutError:
            return "outer"

    def main(kernel, loop):
        return (yield from aio(coroutine(kernel)))

    assert play(driver, main) == reached


@drivers
def test_a_limit_of_minios_in_a_native_task_cuts_asyncio_s_waits_short(play, driver, native):
    if not native:
        pytest.skip("a C task is no task of the kernel's")

    async def limited():
        for wait in (asyncio.sleep(100), asyncio.Event().wait(), Sleep(100), minios.Event().wait(),
                     forever()):
            with pytest.raises(TimeoutError):
                with timeout(1):
                    await wait
        return await Now()

    def main(kernel, loop):
        return (yield from aio(limited()))

    assert play(driver, main) == 5


@drivers
def test_a_limit_that_is_not_reached_leaves_no_timer(play, driver):
    async def limited(kernel):
        async with asyncio.timeout(100):
            await kernel.spawn(short())

    def short():
        with timeout(100):
            yield from aio(asyncio.sleep(1))

    def main(kernel, loop):
        yield from aio(limited(kernel))
        assert not kernel.timers.owners()
        return (yield Now())

    assert play(driver, main) == 1


@drivers
def test_a_group_of_asyncio_ends_the_generator_tasks_of_its_tasks_when_one_fails(play, driver):
    log = []

    def generator(name):
        try:
            yield Sleep(100)
        finally:
            log.append(name)

    async def waits(kernel, name):
        await kernel.spawn(generator(name))

    async def fails():
        await asyncio.sleep(1)
        raise ZeroDivisionError

    async def group(kernel):
        async with asyncio.TaskGroup() as tasks:
            for name in "abc":
                tasks.create_task(waits(kernel, name))
            tasks.create_task(fails())

    def main(kernel, loop):
        with pytest.raises(ExceptionGroup) as caught:
            yield from aio(group(kernel))
        assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]
        return sorted(log), (yield Now())

    assert play(driver, main) == (["a", "b", "c"], 1)


@drivers
def test_a_group_of_minios_ends_what_its_tasks_await_when_one_fails(play, driver):
    log = []

    def waits():
        yield from aio(forever(log))

    def fails():
        yield Sleep(1)
        raise ZeroDivisionError

    def main(kernel, loop):
        with pytest.raises(ZeroDivisionError):
            with minios.TaskGroup() as group:
                for routine in (waits(), waits(), fails()):
                    group.spawn(routine)
                yield from group.join()
        return log, (yield Now())

    assert play(driver, main) == (["cleaned up"] * 2, 2)


@drivers
def test_gather_and_wait_of_asyncio_take_generator_tasks(play, driver):
    def generator(n):
        yield Sleep(n)
        return n

    async def coroutine(kernel):
        async def awaits(n):
            return await kernel.spawn(generator(n))

        assert await asyncio.gather(*(awaits(n) for n in (3, 1, 2))) == [3, 1, 2]
        done, pending = await asyncio.wait(
            [asyncio.ensure_future(awaits(n)) for n in (1, 50)],
            return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == [1]
        for task in pending:
            task.cancel()
        assert [n for n in [await each for each in asyncio.as_completed(
            [awaits(2), awaits(1)])]] == [1, 2]

    def main(kernel, loop):
        yield from aio(coroutine(kernel))

    play(driver, main)


@drivers
def test_a_task_is_cancelled_as_often_as_it_is_asked_to(play, driver):
    log = []

    async def stubborn():
        for number in range(3):
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                log.append(number)
        return "at last"

    def victim():
        return (yield from aio(stubborn()))

    def main(kernel, loop):
        task = yield Spawn(victim())
        for _ in range(3):
            yield Sleep(1)
            task.kill()
        return (yield Wait(task)), log

    assert play(driver, main) == ("at last", [0, 1, 2])

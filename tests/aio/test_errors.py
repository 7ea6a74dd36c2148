"""Errors cross the border in both directions: the very object, to who waits, and nobody else."""

import asyncio
from concurrent.futures import Executor, Future

import pytest

from minios import TaskKilledError
from minios.aio import aio
from syscalls import Await, Offload, Spawn, Wait

from .worlds import DRIVERS, World, heard, play_in_world, settle


class Mine(Exception):
    pass


ERRORS = [KeyboardInterrupt(), SystemExit(3), Mine("mine"), GeneratorExit(), TimeoutError(),
          ExceptionGroup("two", [Mine(1), Mine(2)]), BaseExceptionGroup("base", [SystemExit(1)])]
# A Task of asyncio's lets these two out of the loop: they stop it.
STOPS = (KeyboardInterrupt, SystemExit)

# Thrown into `yield from`, GeneratorExit closes what is called and goes on in the caller, so it has
# a test of its own.
into_generators = pytest.mark.parametrize(
    "error", [each for each in ERRORS if not isinstance(each, GeneratorExit)],
    ids=lambda error: type(error).__name__)
errors = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
drivers = pytest.mark.parametrize("driver", DRIVERS)


@pytest.fixture
def play(native):
    """A function that runs a generator, given (kernel, loop), in a world that must be left clean:
    nobody but who waited may have heard of anything."""
    return lambda driver, main: play_in_world(driver, native, main)


def caught(routine):
    """Run a routine; return what it raises."""
    try:
        yield from routine
    except BaseException as error:
        return error


# --- From asyncio into a generator -----------------------------------------------------------


WAYS = {
    "yield Await(coroutine)": lambda loop, coro: (yield Await(coro)),
    "yield from aio(coroutine)": lambda loop, coro: aio(coro),
    "yield coroutine": lambda loop, coro: (yield coro),
}


@drivers
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("turns", [0, 1])
@into_generators
def test_what_an_awaited_coroutine_raises_is_raised_in_the_generator(
    play, driver, way, turns, error
):
    async def fails():
        for _ in range(turns):
            await asyncio.sleep(0)
        raise error

    def main(kernel, loop):
        assert (yield from caught(WAYS[way](loop, fails()))) is error
        yield from settle(5)        # and the program goes on

    play(driver, main)


@drivers
@into_generators
def test_what_a_task_of_asyncio_raises_is_raised_in_the_generator_that_waits(play, driver, error):
    async def fails():
        await asyncio.sleep(0)
        raise error

    def main(kernel, loop):
        task = loop.create_task(fails())
        for way in (lambda: (yield Await(task)), lambda: aio(task), lambda: (yield from task)):
            assert (yield from caught(way())) is error

    if isinstance(error, STOPS):
        pytest.skip("a task of asyncio's that raises it ends the program")
    play(driver, main)


@drivers
@into_generators
def test_the_error_of_a_future_is_raised_in_the_generator_that_waits(play, driver, error):
    def main(kernel, loop):
        for way in (lambda f: (yield Await(f)), lambda f: aio(f), lambda f: (yield from f)):
            future = loop.create_future()
            loop.call_soon(future.set_exception, error)
            assert (yield from caught(way(future))) is error

    play(driver, main)


@drivers
def test_generator_exit_is_raised_at_the_yield_and_may_be_caught(play, driver):
    async def leaves():
        raise GeneratorExit

    def main(kernel, loop):
        try:
            yield Await(leaves())
        except GeneratorExit:
            yield from settle(3)
            return "goes on"

    assert play(driver, main) == "goes on"


@drivers
@pytest.mark.parametrize("way", WAYS)
def test_stop_iteration_is_a_runtime_error_before_it_can_end_a_generator(play, driver, way):
    async def fails():
        await asyncio.sleep(0)
        raise StopIteration("wrong")

    def main(kernel, loop):
        error = yield from caught(WAYS[way](loop, fails()))
        assert type(error) is RuntimeError and isinstance(error.__cause__, StopIteration)

    play(driver, main)


@drivers
@pytest.mark.parametrize("way", WAYS)
def test_a_coroutine_that_cancels_itself_does_not_kill_the_generator(play, driver, way):
    async def gives_up():
        await asyncio.sleep(0)
        raise asyncio.CancelledError("by itself")

    def main(kernel, loop):
        error = yield from caught(WAYS[way](loop, gives_up()))
        assert type(error) is asyncio.CancelledError
        return "lives"

    assert play(driver, main) == "lives"


# --- From a generator into a coroutine -------------------------------------------------------


@drivers
@pytest.mark.parametrize("turns", [0, 1])
@errors
def test_what_an_awaited_generator_task_raises_is_raised_in_the_coroutine(
    play, driver, turns, error
):
    def fails():
        yield from settle(turns)
        raise error

    async def coroutine(kernel):
        try:
            await kernel.spawn(fails())
        except BaseException as raised:
            return raised

    def main(kernel, loop):
        task = loop.create_task(coroutine(kernel))
        assert (yield from aio(task)) is error
        yield from settle(5)

    play(driver, main)


@drivers
@errors
def test_what_a_system_call_raises_is_raised_in_the_coroutine(play, driver, error):
    def fails():
        raise error

    async def coroutine():
        try:
            await Offload(fails, executor=AtOnce())
        except BaseException as raised:
            return raised

    def main(kernel, loop):
        task = loop.create_task(coroutine())
        assert (yield from aio(task)) is error

    play(driver, main)


class AtOnce(Executor):
    """An executor that calls the function on the spot."""

    def submit(self, function, /, *arguments, **options):
        future = Future()
        try:
            future.set_result(function(*arguments, **options))
        except BaseException as error:
            future.set_exception(error)
        return future


@drivers
def test_a_generator_task_that_was_killed_is_a_cancelled_one_for_asyncio(play, driver):
    def sleeper():
        yield from settle(1000)

    async def coroutine(kernel):
        task = kernel.spawn(sleeper())
        asyncio.get_running_loop().call_soon(task.kill)
        with pytest.raises(asyncio.CancelledError, match="killed"):
            await task

    def main(kernel, loop):
        yield from loop.create_task(coroutine(kernel))

    play(driver, main)


@drivers
@into_generators
def test_an_error_goes_through_three_borders(play, driver, error):
    """A generator raises it, a coroutine lets it through, a generator, another coroutine."""
    def innermost():
        yield
        raise error

    async def inner(kernel):
        await kernel.spawn(innermost())

    def middle(kernel):
        yield from aio(inner(kernel))

    async def outer(kernel):
        await kernel.spawn(middle(kernel))

    def main(kernel, loop):
        assert (yield from caught(aio(outer(kernel)))) is error

    play(driver, main)


# --- What leaves the loop, as it does in asyncio ---------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt("now"), SystemExit(3)],
                         ids=lambda error: type(error).__name__)
def test_what_stops_a_loop_leaves_run_until_complete(virtual, error):
    async def fails():
        await asyncio.sleep(1)
        raise error

    with pytest.raises(type(error)) as caught:
        virtual.run_until_complete(fails())
    assert caught.value is error
    assert virtual.run_until_complete(asyncio.sleep(1, "it can run again")) == "it can run again"


def test_a_generator_task_that_exits_the_program_ends_the_loop(virtual):
    def exits():
        yield
        raise SystemExit(3)

    async def main():
        virtual.kernel.spawn(exits())
        await asyncio.sleep(10)

    with pytest.raises(SystemExit) as caught:
        virtual.run_until_complete(main())
    assert caught.value.code == 3


def test_an_error_that_nobody_waits_for_is_logged_once(native):
    def fails():
        yield
        raise Mine("of a generator")

    async def coroutine():
        raise Mine("of a coroutine")

    with heard() as hearing:
        world = World("loop", native)

        def main(loop):
            yield Spawn(fails())
            loop.create_task(coroutine())
            yield from settle(5)

        world.run(main(world.loop))
        world.end()
        del world
    assert sorted(str(error) for error in hearing.errors) == ["of a coroutine", "of a generator"]


@drivers
def test_who_waits_with_wait_hears_as_who_awaits(play, driver):
    def fails():
        yield
        raise Mine

    async def awaits(task):
        with pytest.raises(Mine):
            await task

    def waits(task):
        with pytest.raises(Mine):
            yield Wait(task)

    def main(kernel, loop):
        failing = kernel.spawn(fails())
        asyncio_task = loop.create_task(awaits(failing))
        waiting = kernel.spawn(waits(failing))
        yield from asyncio_task
        yield Wait(waiting)

    play(driver, main)


@drivers
def test_another_task_s_end_is_not_taken_for_the_end_of_the_one_that_is_awaited(play, driver):
    """A generator lets through that a third was killed; who awaits it was not cancelled."""
    def sleeper():
        yield from settle(1000)

    def lets_through(task):
        yield Wait(task)

    async def coroutine(kernel):
        for way in (Wait, lambda task: kernel.spawn(lets_through(task))):
            task = kernel.spawn(sleeper())
            asyncio.get_running_loop().call_soon(task.kill)
            with pytest.raises(TaskKilledError) as caught:
                await way(task)
            assert caught.value.tid == task.tid

    def main(kernel, loop):
        yield from loop.create_task(coroutine(kernel))

    play(driver, main)

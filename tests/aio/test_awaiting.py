"""A generator waits for what asyncio can wait for, with the context variables that are due."""

import asyncio
import contextvars

import pytest

from minios.aio import EventLoop, aio
from syscalls import Await, Sleep, Spawn, Wait

from .worlds import DRIVERS, World, settle

drivers = pytest.mark.parametrize("driver", DRIVERS)


# --- Contexts --------------------------------------------------------------------------------


variable = contextvars.ContextVar("variable", default="none")


@drivers
@pytest.mark.parametrize("way", [
    lambda coro: (yield Await(coro)), lambda coro: aio(coro), lambda coro: (yield coro),
], ids=["Await", "aio", "yield"])
def test_an_awaited_coroutine_has_the_context_of_the_generator(native, driver, way):
    world = World(driver, native)

    async def coroutine():
        before = variable.get()
        await asyncio.sleep(1)
        variable.set("of the coroutine")
        return before

    def other():
        yield Sleep(0.5)
        variable.set("of another")

    def main():
        variable.set("of the generator")
        yield Spawn(other())
        before = yield from way(coroutine())
        return before, variable.get()

    before, after = world.run(main())
    world.end()
    assert before == "of the generator"
    assert after in ("of the generator", "of the coroutine")    # the same context, or a copy


@drivers
def test_a_generator_task_inherits_the_context_of_the_coroutine_that_spawns_it(native, driver):
    world = World(driver, native)

    def generator():
        yield Sleep(1)
        return variable.get()

    async def coroutine():
        variable.set("of the coroutine")
        task = world.kernel.spawn(generator())
        variable.set("changed later")
        return await task

    def main():
        result = yield from world.loop.create_task(coroutine())
        return result, variable.get()

    assert world.run(main()) == ("of the coroutine", "none")
    world.end()


@drivers
def test_a_callback_runs_in_the_context_that_it_was_given(native, driver):
    world = World(driver, native)
    context, seen = contextvars.copy_context(), []
    context.run(variable.set, "given")

    def main():
        for call in (world.loop.call_soon, lambda f, context: world.loop.call_later(
                1, f, context=context), world.loop.call_soon_threadsafe):
            call(lambda: seen.append(variable.get()), context=context)
        yield Sleep(2)

    world.run(main())
    world.end()
    assert seen == ["given"] * 3


# --- Await of all kinds ----------------------------------------------------------------------


@drivers
def test_a_generator_waits_for_all_that_asyncio_can_wait_for(native, driver):
    world = World(driver, native)

    async def coroutine():
        await asyncio.sleep(1)
        return "coroutine"

    class Awaitable:
        def __await__(self):
            yield from asyncio.sleep(1).__await__()
            return "awaitable"

    def main():
        loop, results = world.loop, []
        future = loop.create_future()
        loop.call_later(1, future.set_result, "future")
        results.append((yield Await(coroutine())))
        results.append((yield from aio(Awaitable())))
        results.append((yield from aio(future)))
        results.append((yield from future))
        results.append((yield from loop.create_task(coroutine())))
        results.append((yield coroutine()))
        results.append((yield from aio(asyncio.gather(coroutine(), coroutine()))))
        results.append((yield from aio(loop.run_in_executor(None, lambda: "thread"))))
        return results

    assert world.run(main()) == [
        "coroutine", "awaitable", "future", "future", "coroutine", "coroutine",
        ["coroutine", "coroutine"], "thread",
    ]
    assert not world.leftovers()
    world.end()


@drivers
def test_yield_future_itself_gives_its_result(native, driver):
    world = World(driver, native)

    def main():
        future = world.loop.create_future()
        world.loop.call_soon(future.set_result, "result")
        return (yield future)

    assert world.run(main()) == "result"
    world.end()


@drivers
def test_a_future_of_another_loop_and_what_is_none_are_refused(native, driver):
    world, other = World(driver, native), EventLoop()
    future = other.create_future()

    def main():
        with pytest.raises(ValueError):
            yield Await(future)
        with pytest.raises(RuntimeError, match="another event loop"):
            yield from future
        with pytest.raises(TypeError, match="Await takes a coroutine or a Future"):
            yield Await(17)
        with pytest.raises(TypeError, match="call the function"):
            yield Await(asyncio.sleep)
        yield

    world.run(main())
    assert not world.leftovers()
    world.end()
    other.close()


@drivers
def test_many_tasks_wait_for_one_future(native, driver):
    world = World(driver, native)

    def waits(future):
        return (yield from aio(future))

    def main():
        future = world.loop.create_future()
        tasks = [world.kernel.spawn(waits(future)) for _ in range(50)]
        yield from settle()
        future.set_result("one")
        results = []
        for task in tasks:
            results.append((yield Wait(task)))
        return results

    assert world.run(main()) == ["one"] * 50
    assert not world.leftovers()
    world.end()

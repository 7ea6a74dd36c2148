"""What is asyncio's task here: driven, cancelled, killed, stopped and awaited, of either make."""

import asyncio
import gc
import signal

import pytest

import minios
from minios.aio import EventLoop, aio
from minios.aio.tasks import Task
from syscalls import Park, Sleep, Wait
from syscalls.parking import wake

from .worlds import DRIVERS, World, heard, play_in_world, settle

drivers = pytest.mark.parametrize("driver", DRIVERS)


@pytest.fixture
def play(native):
    """play_in_world, with tasks of either make."""
    return lambda driver, main: play_in_world(driver, native, main)


# --- Which make it is ------------------------------------------------------------------------


def test_the_make_of_a_task_is_as_the_loop_was_told(native):
    loop = EventLoop(native_tasks=native)
    task = loop.create_task(asyncio.sleep(0))
    assert isinstance(task, asyncio.Task) and (type(task) is Task) is native
    loop.run_until_complete(task)
    loop.close()


def test_a_task_factory_has_its_way(native):
    loop, made = EventLoop(native_tasks=native), []

    def factory(loop, coro, **options):
        made.append(coro)
        return asyncio.Task(coro, loop=loop, **options)

    loop.set_task_factory(factory)
    task = loop.create_task(asyncio.sleep(0, "done"))
    assert type(task) is asyncio.Task and len(made) == 1
    assert loop.run_until_complete(task) == "done"
    loop.close()


@drivers
def test_steps_of_tasks_and_callbacks_come_in_asyncio_s_order(native, driver):
    """The same program in asyncio's own loop, and here, side by side."""
    def program(loop, log):
        async def child(name, turns):
            for turn in range(turns):
                log.append((name, turn))
                await asyncio.sleep(0)
            return name

        async def main():
            loop.call_soon(log.append, "soon")
            future = loop.create_future()
            future.add_done_callback(lambda f: log.append("future"))
            tasks = [loop.create_task(child(name, n)) for n, name in enumerate("abcd")]
            for task in tasks:
                task.add_done_callback(lambda t: log.append(("done", t.result())))
            loop.call_soon(future.set_result, None)
            log.append("main")
            await future
            log.append("main again")
            tasks[3].cancel()
            log.append([str(each) for each in await asyncio.gather(
                *tasks, return_exceptions=True)])
            await asyncio.shield(asyncio.sleep(0))
            log.append(await asyncio.wait_for(child("e", 2), 5))

        return main()

    def told(log):
        """The callback of the cancelled one fails: that is told of, at its place in the order."""
        return lambda loop, context: log.append(context["message"][:30])

    ours, theirs = [], []
    stock = asyncio.SelectorEventLoop()
    stock.set_exception_handler(told(theirs))
    stock.run_until_complete(program(stock, theirs))
    stock.close()
    world = World(driver, native)
    world.loop.set_exception_handler(told(ours))

    def main():
        yield from aio(world.loop.create_task(program(world.loop, ours)))

    world.run(main())
    world.end()
    assert ours == theirs


# --- await task ------------------------------------------------------------------------------


@drivers
def test_a_task_of_either_world_is_awaited_by_the_other(play, driver):
    def generator(n):
        yield Sleep(1)
        return n

    async def coroutine(n):
        await asyncio.sleep(1)
        return n

    async def awaits(kernel, loop):
        return [await kernel.spawn(generator(1)), await loop.create_task(coroutine(2)),
                await kernel.spawn(coroutine(3)), await kernel.spawn(generator(4))]

    def main(kernel, loop):
        return [(yield from kernel.spawn(generator(1))),
                (yield from loop.create_task(coroutine(2))),
                (yield Wait(kernel.spawn(coroutine(3)))),
                *(yield from aio(awaits(kernel, loop)))]

    assert play(driver, main) == [1, 2, 3, 1, 2, 3, 4]


@drivers
def test_a_task_that_has_ended_is_awaited_as_often_as_one_likes(play, driver):
    def generator():
        yield
        return "result"

    async def awaits(task):
        return await task, await task

    def main(kernel, loop):
        task = kernel.spawn(generator())
        yield Wait(task)
        return (yield from aio(awaits(task)))

    assert play(driver, main) == ("result", "result")


@drivers
def test_many_wait_for_one_task_and_one_that_gives_up_kills_it(play, driver):
    """As in asyncio: who is cancelled cancels what it awaits, whoever else does."""
    log = []

    def generator():
        try:
            yield Sleep(100)
        finally:
            log.append("killed")

    async def awaits(task):
        await task

    def main(kernel, loop):
        task = kernel.spawn(generator())
        waiting = [loop.create_task(awaits(task)) for _ in range(3)]
        yield from settle(5)
        waiting[1].cancel()
        yield from settle(5)
        return log, [each.cancelled() for each in waiting]

    assert play(driver, main) == (["killed"], [True] * 3)


@drivers
def test_a_shielded_generator_task_outlives_the_coroutine_that_awaited_it(play, driver):
    def generator():
        yield Sleep(10)
        return "outlived"

    async def awaits(task):
        await asyncio.shield(task)

    def main(kernel, loop):
        task = kernel.spawn(generator())
        waiting = loop.create_task(awaits(task))
        yield from settle(5)
        waiting.cancel()
        yield from settle(5)
        assert waiting.cancelled() and not task.done()
        return (yield Wait(task))

    assert play(driver, main) == "outlived"


@drivers
def test_tasks_that_await_each_other_in_a_circle_can_be_cancelled(play, driver):
    tasks = {}

    def generator():
        yield from aio(tasks["asyncio"])

    async def coroutine():
        await tasks["kernel"]

    def main(kernel, loop):
        tasks["asyncio"] = loop.create_task(coroutine())
        tasks["kernel"] = kernel.spawn(generator())
        yield from settle(2)
        tasks["kernel"].kill(signal.SIGKILL)
        yield from settle(10)
        assert tasks["kernel"].done() and tasks["asyncio"].done()

    play(driver, main)


# --- Cancelling ------------------------------------------------------------------------------


@drivers
def test_the_message_of_a_cancellation_arrives(play, driver):
    async def forever():
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError as error:
            return error.args

    def main(kernel, loop):
        task = loop.create_task(forever())
        yield from settle()
        assert task.cancel("the reason") and task.cancelling() == 1
        return (yield from task)

    assert play(driver, main) == ("the reason",)


@drivers
@pytest.mark.parametrize("rounds", range(6))
def test_a_task_that_cancels_itself_hears_at_its_next_await(play, driver, rounds):
    async def cancels_itself():
        for _ in range(rounds):
            await asyncio.sleep(0)
        asyncio.current_task().cancel()
        await asyncio.sleep(0)
        return "never"

    def main(kernel, loop):
        task = loop.create_task(cancels_itself())
        yield from settle()
        assert task.cancelled()

    play(driver, main)


@drivers
def test_cancelled_in_a_system_call_a_coroutine_hears_of_it_and_the_call_is_undone(play, driver):
    log = []

    async def waits():
        try:
            await Park("channel")
        except asyncio.CancelledError:
            log.append("heard")
            await Sleep(1)
            raise

    def main(kernel, loop):
        task = loop.create_task(waits())
        yield from settle()
        task.cancel()
        yield Sleep(5)
        assert task.cancelled() and log == ["heard"]
        assert wake("channel") == []

    play(driver, main)


@drivers
def test_uncancel_takes_back_what_was_counted(play, driver):
    async def swallows():
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            assert asyncio.current_task().cancelling() == 1
            assert asyncio.current_task().uncancel() == 0
        await asyncio.sleep(1)
        await Sleep(1)
        return "goes on"

    def main(kernel, loop):
        task = loop.create_task(swallows())
        yield from settle()
        task.cancel()
        return (yield from task)

    assert play(driver, main) == "goes on"


@drivers
def test_what_cannot_be_awaited_is_refused_in_the_task(play, driver):
    class Odd:
        def __await__(self):
            yield 17

    async def awaits():
        with pytest.raises((TypeError, RuntimeError)):
            await Odd()
        task = asyncio.current_task()
        with pytest.raises(RuntimeError, match="cannot await on itself"):
            await task
        return "goes on"

    def main(kernel, loop):
        return (yield from loop.create_task(awaits()))

    assert play(driver, main) == "goes on"


def test_ten_thousand_tasks_of_asyncio_and_as_many_generators_end(native):
    world, log = World("loop", native), []

    async def coroutine(n):
        await asyncio.sleep(n % 7)
        log.append(n)

    def generator(n):
        yield Sleep(n % 7)
        log.append(n)

    def main():
        tasks = [world.loop.create_task(coroutine(n)) for n in range(10_000)]
        for n in range(10_000):
            world.kernel.spawn(generator(n))
        yield from aio(asyncio.wait(tasks))
        yield Sleep(7)

    world.run(main())
    assert len(log) == 20_000 and not world.leftovers()
    world.end()


def test_a_task_that_nothing_can_wake_and_nobody_holds_is_forgotten_as_in_asyncio(native):
    with heard() as hearing:
        loop = EventLoop(native_tasks=native)

        async def main():
            asyncio.get_running_loop().create_task(unwakeable())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            gc.collect()
            return len(asyncio.all_tasks())

        async def unwakeable():
            await asyncio.get_running_loop().create_future()

        assert loop.run_until_complete(main()) == 1
        loop.close()
    assert [text.partition("\n")[0] for text in hearing.texts] == [
        "Task was destroyed but it is pending!"]


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="Python 3.12 has it")
def test_a_task_that_is_started_eagerly_is_not_taken_for_its_creator(native):
    loop = EventLoop(native_tasks=native)
    log = []

    def generator():
        yield Sleep(0.001)
        return "a task"

    async def eager():
        with pytest.raises(minios.KernelError, match="asyncio's own make"):
            minios.current_task()
        with pytest.raises(minios.KernelError, match="asyncio's own make"):
            with minios.timeout(0.001):
                pass
        await Sleep(0.001)              # the first step is within the creator's turn
        log.append(await loop.kernel.spawn(generator()))

    async def main():
        task = asyncio.Task(eager(), loop=loop, eager_start=True)
        await asyncio.sleep(0.002)
        await task
        log.append("goes on")

    loop.run_until_complete(main())
    loop.close()
    assert log == ["a task", "goes on"]

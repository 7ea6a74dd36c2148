"""Other threads reach a loop and its kernel, and two loops in two threads exchange work."""

import asyncio
import concurrent.futures
import random
import threading
import time

import pytest

import minios
from minios.aio import EventLoop, aio
from syscalls import Park, Wait
from syscalls.parking import wake

from .worlds import DRIVERS, World, heard, settle

THREADS = 8
CALLS = 200

drivers = pytest.mark.parametrize("driver", DRIVERS)


def in_threads(function, count=THREADS):
    """Run `function(number)` in `count` threads; return them, started."""
    threads = [threading.Thread(target=function, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads


@drivers
def test_calls_from_many_threads_arrive_all_and_each_thread_s_in_order(native, driver):
    world = World(driver, native, minios.kernel.clock.MonotonicClock())
    arrived = []

    def arrive(number, call, way):
        arrived.append((number, call, way))
        if len(arrived) == THREADS * CALLS:
            wake("all")

    def thread(number):
        ways = (world.loop.call_soon_threadsafe, world.kernel.call_from_thread)
        for call in range(CALLS):
            ways[number % 2](arrive, number, call, number % 2)

    def main():
        world.kernel.hold()
        in_threads(thread)
        yield Park("all")
        world.kernel.release()

    world.run(main())
    world.end()
    for number in range(THREADS):
        assert [call for n, call, _ in arrived if n == number] == list(range(CALLS))


@drivers
def test_a_loop_that_sleeps_is_woken_by_a_thread(native, driver):
    world = World(driver, native, minios.kernel.clock.MonotonicClock())
    log = []

    def main():
        world.kernel.hold()
        for way in (world.loop.call_soon_threadsafe, world.kernel.call_from_thread) * 5:
            # It is called when the kernel blocks, or is just about to.
            threading.Thread(target=way, args=(wake, "slept"), daemon=True).start()
            yield Park("slept")
            log.append(way)
        world.kernel.release()

    world.run(main())
    world.end()
    assert len(log) == 10


def asleep(kernel):
    """In another thread: wait until the kernel has nothing to do, or has ended."""
    while kernel.thread is not None and not kernel._inbox.blocking:
        time.sleep(0.001)
    return "answer"


ANSWERS = {
    "run_in_executor": lambda kernel, loop: aio(loop.run_in_executor(None, asleep, kernel)),
    "to_thread": lambda kernel, loop: aio(asyncio.to_thread(asleep, kernel)),
    "concurrent future": lambda kernel, loop: aio(asyncio.wrap_future(
        submitted(asleep, kernel), loop=loop)),
    "call_soon_threadsafe": lambda kernel, loop: resolved_by_a_thread(kernel, loop),
}


def submitted(function, *arguments):
    """The concurrent future of a call in a thread."""
    future = concurrent.futures.Future()
    threading.Thread(target=lambda: future.set_result(function(*arguments)), daemon=True).start()
    return future


def resolved_by_a_thread(kernel, loop):
    """`yield from` a future that a thread resolves."""
    def resolve():
        answer = asleep(kernel)
        if not loop.is_closed():
            loop.call_soon_threadsafe(future.set_result, answer)

    future = loop.create_future()
    threading.Thread(target=resolve, daemon=True).start()
    return (yield from future)


@drivers
@pytest.mark.parametrize("way", ANSWERS)
def test_a_kernel_that_waits_for_a_thread_s_answer_sees_no_deadlock(native, driver, way):
    world = World(driver, native, minios.kernel.clock.MonotonicClock())

    def main():
        return (yield from ANSWERS[way](world.kernel, world.loop))

    assert world.run(main()) == "answer"
    world.end()


def test_a_coroutine_is_run_for_another_thread(loop):
    kernel = loop.kernel

    def doubled(n):
        yield
        return 2 * n

    async def coroutine(n):
        return await kernel.spawn(doubled(n))

    results = {}

    def thread(number):
        future = asyncio.run_coroutine_threadsafe(coroutine(number), loop)
        results[number] = future.result()
        if len(results) == THREADS:
            loop.call_soon_threadsafe(loop.stop)

    threads = in_threads(thread)
    loop.run_forever()
    for thread in threads:
        thread.join()
    assert results == {n: 2 * n for n in range(THREADS)}


@drivers
def test_two_loops_in_two_threads_exchange_work(native, driver):
    """Each asks the other for results, by futures and by kernel calls, both at once."""
    worlds, ready = {}, threading.Barrier(2)
    outcomes, errors = {}, []
    seed = random.randrange(2**32)
    print(f"seed {seed}")

    def serve(name, other):
        try:
            world = worlds[name] = World(driver, native, minios.kernel.clock.MonotonicClock())
            ready.wait()
            outcomes[name] = world.run(main(world, name, worlds[other]))
            ready.wait()
            world.loop.run_until_complete(asyncio.sleep(0)) if driver == "loop" else None
            assert not world.leftovers()
            world.end()
        except BaseException as error:
            errors.append(error)
            raise

    def main(world, name, other):
        choose, total = random.Random(f"{seed} {name}"), 0
        world.kernel.hold()
        for number in range(CALLS):
            if choose.random() < 0.5:
                concurrent = asyncio.run_coroutine_threadsafe(square(number), other.loop)
                total += yield from aio(asyncio.wrap_future(concurrent, loop=world.loop))
            else:
                total += yield from by_kernels(world, other, number)
        # The other may still ask for something.
        finished = threading.Event()
        world.kernel.call_from_thread(finished.set)
        done[name].set()
        while not all(event.is_set() for event in done.values()):
            yield
        world.kernel.release()
        return total

    def by_kernels(world, other, number):
        def spawn_there():
            task = other.kernel.spawn(generator(number))
            task.add_done_callback(
                lambda task: world.kernel.call_from_thread(answer.append, task.result()) or True)
            task.add_done_callback(lambda task: world.kernel.call_from_thread(wake, channel))

        answer, channel = [], object()
        other.kernel.call_from_thread(spawn_there)
        yield Park(channel)
        return answer[0]

    async def square(number):
        await asyncio.sleep(0)
        return number * number

    def generator(number):
        yield
        return number * number

    done = {"a": threading.Event(), "b": threading.Event()}
    threads = [threading.Thread(target=serve, args=names, daemon=True)
               for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert outcomes == {name: sum(n * n for n in range(CALLS)) for name in "ab"}


@drivers
def test_a_victim_is_killed_from_another_thread(native, driver):
    world = World(driver, native, minios.kernel.clock.MonotonicClock())

    async def forever():
        await asyncio.get_running_loop().create_future()

    def victim():
        yield from aio(forever())

    def main():
        task = world.kernel.spawn(victim())
        yield from settle()
        world.kernel.hold()
        threading.Thread(target=task.kill, daemon=True).start()
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)
        world.kernel.release()

    world.run(main())
    assert not world.leftovers()
    world.end()


def test_a_loop_in_a_thread_is_stopped_from_outside_and_closed(native):
    loop = EventLoop(native_tasks=native)
    log, begun = [], threading.Event()

    def generator():
        begun.set()
        try:
            while True:
                yield
        finally:
            log.append("cleaned up")

    def thread():
        loop.kernel.spawn(generator())
        loop.run_forever()
        loop.close()

    with heard() as hearing:
        running = threading.Thread(target=thread)
        running.start()
        begun.wait()
        loop.call_soon_threadsafe(loop.stop)
        running.join()
    assert log == ["cleaned up"] and loop.is_closed() and not hearing.texts

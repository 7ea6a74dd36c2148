"""The library of minios in native tasks, together with asyncio's."""

import asyncio

import pytest

import minios
from minios.aio import aio

from .worlds import DRIVERS, World, settle


def number(n=7):
    yield from settle(2)
    return n


@pytest.fixture
def native_world():
    """A function that runs coroutines as native tasks, all at once, and returns their results."""
    def run(driver, *coroutines):
        world = World(driver, True)

        def main():
            return (yield from aio(asyncio.gather(*[each(world) for each in coroutines])))

        results = world.run(main())
        assert not world.leftovers()
        world.end()
        return results

    return run


drivers = pytest.mark.parametrize("driver", DRIVERS)


@drivers
def test_a_queue_of_minios_between_native_tasks_and_a_generator(native_world, driver):
    queue = minios.Queue(2)

    async def puts(world):
        for n in range(10):
            await queue.put(n)

    async def gets(world):
        return sum([await queue.get() for _ in range(10)])

    async def both(world):
        def generator():
            yield from queue.put(100)
            return (yield from queue.get())

        return await world.kernel.spawn(generator())

    results = native_world(driver, puts, gets, both)
    assert results[0] is None and results[1] + results[2] == 45 + 100


@drivers
def test_a_lock_of_minios_is_held_by_one_native_task_at_a_time(native_world, driver):
    lock, inside, log = minios.Lock(), [], []

    async def holds(world):
        for _ in range(3):
            async with lock:
                inside.append(1)
                assert len(inside) == 1
                await asyncio.sleep(1)
                inside.pop()
                log.append(world.loop.time())

    native_world(driver, holds, holds, holds)
    assert log == list(range(1, 10)) and not lock.locked()


@drivers
def test_events_semaphores_and_barriers_of_minios_work_in_native_tasks(native_world, driver):
    event, semaphore, barrier = minios.Event(), minios.Semaphore(1), minios.Barrier(3)

    async def waits(world):
        await event.wait()
        async with semaphore:
            await asyncio.sleep(1)
        await barrier.wait()
        return world.loop.time()

    async def sets(world):
        await asyncio.sleep(5)
        event.set()

    assert native_world(driver, waits, waits, waits, sets) == [8, 8, 8, None]


@drivers
def test_a_group_of_minios_in_a_native_task_runs_generators_and_coroutines(native_world, driver):
    async def coroutine():
        await asyncio.sleep(2)
        return "coroutine"

    async def grouped(world):
        async with minios.TaskGroup() as group:
            tasks = [group.spawn(number()), group.spawn(coroutine())]
        return [task.result() for task in tasks]

    assert native_world(driver, grouped) == [[7, "coroutine"]]


@drivers
def test_streams_of_minios_and_of_asyncio_talk_to_each_other(native_world, driver):
    async def talks(world):
        served = []

        async def handler(stream):
            served.append(await stream.readline())
            await stream.write(b"answer\n")

        server = await minios.start_server(handler, "127.0.0.1", 0)
        host, port = server.addresses[0][:2]
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"question\n")
        served.append(await reader.readline())
        writer.close()
        await writer.wait_closed()
        server.close()
        return served

    world = World(driver, True)

    def main():
        served = yield from aio(talks(world))
        yield from settle()
        return served

    assert world.run(main()) == [b"question\n", b"answer\n"]
    world.end()


@drivers
def test_what_minios_offloads_and_gathers_works_in_native_tasks(native_world, driver):
    async def works(world):
        return (await minios.to_thread(max, 1, 2),
                await minios.gather(number(1), number(2)),
                await minios.race(number(3), settle(1000)))

    assert native_world(driver, works) == [(2, [1, 2], 3)]

"""Items through a queue of ten places, from producers to consumers.

Of size 1x1 there is one of each, of size 10x10 there are ten. Each producer puts its share of the
items and each consumer gets its share; nobody has to be told of the end. The tasks, 20 at most, are
made within the time. The items are numbers, and what the consumers got has to add up.
"""

import asyncio
from time import process_time

import minios
from syscalls import Spawn, Wait

from ..effort import times

TITLE = "one item through a queue of ten places"
UNIT = "s"
SIZES = ((1, 1), (10, 10))

_ITEMS = 200_000
_PLACES = 10


def share_of(tasks):
    """How many items each of so many tasks has to do with."""
    return times(_ITEMS) // 10 * 10 // tasks


def per_item(seconds, total, producers):
    """The figure, once the items that were got add up to those that were put."""
    share = share_of(producers)
    if total != producers * sum(range(share)):
        raise RuntimeError(f"the items that were got add up to {total}")
    return seconds / (producers * share)


def on_minios(producers, consumers):
    queue = minios.Queue(_PLACES)

    def producer():
        for item in range(share_of(producers)):
            yield from queue.put(item)

    def consumer():
        total = 0
        for _ in range(share_of(consumers)):
            total += yield from queue.get()
        return total

    def main():
        total, getting = 0, []
        start = process_time()
        for _ in range(consumers):
            getting.append((yield Spawn(consumer())))
        for _ in range(producers):
            yield Spawn(producer())
        for task in getting:
            total += yield Wait(task)
        return per_item(process_time() - start, total, producers)

    return minios.run(main())


def on_asyncio(run, producers, consumers):
    async def producer(queue):
        for item in range(share_of(producers)):
            await queue.put(item)

    async def consumer(queue):
        total = 0
        for _ in range(share_of(consumers)):
            total += await queue.get()
        return total

    async def main():
        queue, total = asyncio.Queue(_PLACES), 0
        start = process_time()
        getting = [asyncio.create_task(consumer(queue)) for _ in range(consumers)]
        putting = [asyncio.create_task(producer(queue)) for _ in range(producers)]
        for task in getting:
            total += await task
        figure = per_item(process_time() - start, total, producers)
        await asyncio.gather(*putting)
        return figure

    return run(main())


def on_curio(producers, consumers):
    import curio

    async def producer(queue):
        for item in range(share_of(producers)):
            await queue.put(item)

    async def consumer(queue):
        total = 0
        for _ in range(share_of(consumers)):
            total += await queue.get()
        return total

    async def main():
        queue, total = curio.Queue(_PLACES), 0
        start = process_time()
        getting = [await curio.spawn(consumer, queue) for _ in range(consumers)]
        putting = [await curio.spawn(producer, queue) for _ in range(producers)]
        for task in getting:
            total += await task.join()
        figure = per_item(process_time() - start, total, producers)
        for task in putting:
            await task.join()
        return figure

    return curio.run(main)


def on_trio(producers, consumers):
    import trio

    total = 0

    async def producer(channel):
        for item in range(share_of(producers)):
            await channel.send(item)

    async def consumer(channel):
        nonlocal total
        got = 0
        for _ in range(share_of(consumers)):
            got += await channel.receive()
        total += got

    async def main():
        sending, receiving = trio.open_memory_channel(_PLACES)
        start = process_time()
        async with trio.open_nursery() as nursery:
            for _ in range(consumers):
                nursery.start_soon(consumer, receiving)
            for _ in range(producers):
                nursery.start_soon(producer, sending)
        return per_item(process_time() - start, total, producers)

    return trio.run(main)


def on_gevent(producers, consumers):
    import gevent
    from gevent.queue import Queue

    queue = Queue(_PLACES)

    def producer():
        for item in range(share_of(producers)):
            queue.put(item)

    def consumer():
        total = 0
        for _ in range(share_of(consumers)):
            total += queue.get()
        return total

    start = process_time()
    getting = [gevent.spawn(consumer) for _ in range(consumers)]
    putting = [gevent.spawn(producer) for _ in range(producers)]
    gevent.joinall(getting)
    figure = per_item(process_time() - start, sum(task.value for task in getting), producers)
    gevent.joinall(putting)
    return figure

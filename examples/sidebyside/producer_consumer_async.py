"""Producer and consumers: workers share a small queue.

It holds two items at most, and comes with asyncio: a task
that finds it full, or empty, awaits a Future, a box for
one result that another task fills. Tasks take turns only
at an `await`, so that the queue needs no lock.

The program ends where the other one goes on to write
its own queue.
"""

import asyncio
from asyncio import Queue

WORKERS = 3


async def producer(queue):
    for number in range(1, 10):
        await queue.put(number)
    for _ in range(WORKERS):
        await queue.put("the end")
    print("the producer is done")


async def worker(queue, squares):
    item = await queue.get()
    while item != "the end":
        await asyncio.sleep(0.002)
        squares[item] = item * item
        item = await queue.get()


async def main():
    queue, squares, tasks = Queue(maxsize=2), {}, []
    for _ in range(WORKERS):
        task = asyncio.create_task(worker(queue, squares))
        tasks.append(task)
    await producer(queue)
    for task in tasks:
        await task
    for number, square in sorted(squares.items()):
        print(f"{number} squared is {square}")


if __name__ == "__main__":
    asyncio.run(main())

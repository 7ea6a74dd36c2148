"""Producer and consumers: workers share a small queue.

It holds two items at most. It is a few lines on Park and
Wake: a task that finds it full, or empty, parks until
another wakes it. Tasks take turns only at a `yield`, so
that nobody comes between looking and parking, and no
wakeup is lost.
"""

from collections import deque

import minios
from syscalls import Park, Sleep, Spawn, Wait, Wake

WORKERS = 3


def producer(queue):
    for number in range(1, 10):
        yield from queue.put(number)
    for _ in range(WORKERS):
        yield from queue.put("the end")
    print("the producer is done")


def worker(queue, squares):
    item = yield from queue.get()
    while item != "the end":
        yield Sleep(0.002)
        squares[item] = item * item
        item = yield from queue.get()


def main():
    queue, squares, tasks = Queue(maxsize=2), {}, []
    for _ in range(WORKERS):
        task = yield Spawn(worker(queue, squares))
        tasks.append(task)
    yield from producer(queue)
    for task in tasks:
        yield Wait(task)
    for number, square in sorted(squares.items()):
        print(f"{number} squared is {square}")


class Queue:
    """What asyncio has as asyncio.Queue."""

    def __init__(self, maxsize):
        self.items, self.maxsize = deque(), maxsize

    def put(self, item):
        while len(self.items) == self.maxsize:
            yield Park((self, "room"))
        self.items.append(item)
        yield Wake((self, "item"))

    def get(self):
        while not self.items:
            yield Park((self, "item"))
        item = self.items.popleft()
        yield Wake((self, "room"))
        return item


if __name__ == "__main__":
    minios.run(main())

"""Random tasks put into and get from a queue, give up, are stopped, and the queue is closed.

Whatever happens when, each item that was put is got once or is still there, in order; and
nobody waits who need not.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios import (
    LifoQueue,
    PriorityQueue,
    Queue,
    QueueClosedError,
    QueueEmptyError,
    QueueFullError,
)
from minios.sim import VirtualClock
from tests.lib.giving_up import Waiter, end_all, play, schedules

END = object()

class World:
    """A queue, and the book that is kept of what is put and got.

    Items are numbered in the order in which the puts began, which is the order in which they
    come into the queue, since putters are served first come, first served.
    """

    def __init__(self, kind, maxsize):
        self.queue = kind(maxsize)
        self.begun = 0
        self.put = []           # items whose put has returned
        self.refused = []       # items whose put has raised, and SIGKILL was not what it raised
        self.got = []           # in the order in which they left the queue

    def putter(self, n):
        for _ in range(n):
            item, self.begun = self.begun, self.begun + 1
            try:
                yield from self.queue.put(item)
            except GeneratorExit:
                raise           # it may have been put already: nobody can tell
            except BaseException as error:
                self.refused.append(item)
                if isinstance(error, QueueClosedError):
                    return
                raise
            self.put.append(item)

    async def getter(self, n):
        for _ in range(n):
            item = await self.queue.get(END)
            if item is END:
                assert self.queue.closed
                return
            self.take(item)

    def take(self, item):
        if isinstance(self.queue, PriorityQueue):
            assert all(item < chunk[0] for chunk in self.queue._items._chunks)
        self.got.append(item)

    def act(self, what, argument):
        """Do one step; returns the Waiter if it is a task."""
        if what == "putter":
            return Waiter(self.putter(argument))
        if what == "getter":
            return Waiter(self.run_getter(argument))
        if what == "close":
            self.queue.close()
        else:
            self.act_without_waiting(argument)
        return None

    def run_getter(self, n):
        return (yield self.getter(n))       # a coroutine, on the task's own stack

    def act_without_waiting(self, what):
        try:
            if what == "get":
                self.take(self.queue.get_nowait())
            else:
                self.queue.put_nowait(self.begun)
                self.put.append(self.begun)
                self.begun += 1
        except (QueueEmptyError, QueueFullError, QueueClosedError):
            pass

    # --- What must hold ------------------------------------------------------------------

    def check(self):
        size, limit, getters, putters, _ = self.queue.statistics()
        assert size >= 0
        assert not (size and getters), "a getter waits beside an item"
        assert not (putters and size < limit), "a putter waits beside room"

    def check_end(self):
        """All tasks have ended: nothing is left of them, and the book is right."""
        queue = self.queue
        assert queue.statistics()[2:4] == (0, 0)
        assert queue._getting == 0 and not queue._promised and not queue._offers
        left = []
        while not queue.empty():
            left.append(queue.get_nowait())
        self.check_book(left)

    def check_book(self, left):
        everything = self.got + left
        assert len(everything) == len(set(everything)), "an item came twice"
        assert set(self.put) <= set(everything), "an item is lost"
        assert not set(self.refused) & set(everything), "an item came that was not put"
        assert self.queue._unfinished == len(everything)
        if type(self.queue) is Queue:
            assert everything == sorted(everything), "an item has overtaken another"
        elif type(self.queue) is LifoQueue:
            assert left == sorted(left, reverse=True)
        else:
            assert left == sorted(left)


@settings(max_examples=600, deadline=None)
@given(
    kind=st.sampled_from((Queue, Queue, PriorityQueue, LifoQueue)),
    maxsize=st.integers(0, 3),
    schedule=schedules(
        st.tuples(st.just("putter"), st.integers(1, 4)),
        st.tuples(st.just("getter"), st.integers(1, 4)),
        st.tuples(st.just("nowait"), st.sampled_from(("put", "get"))),
        size=50,
    ),
    close_at=st.integers(0, 100),
)
def test_no_item_is_lost_or_doubled_or_overtakes_whatever_happens(
    kind, maxsize, schedule, close_at
):
    if close_at < len(schedule):
        schedule.insert(close_at, ("close", None))

    def main():
        world = World(kind, maxsize)
        waiters = yield from play(schedule, world.act, world.check)
        yield from end_all(waiters)
        world.check_end()

    minios.run(main(), clock=VirtualClock())

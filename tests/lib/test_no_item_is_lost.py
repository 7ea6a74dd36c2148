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
from tests.invariants import check_invariants
from tests.lib.giving_up import WAYS, Waiter

END = object()

STEPS = st.one_of(
    st.tuples(st.just("putter"), st.integers(1, 4)),
    st.tuples(st.just("getter"), st.integers(1, 4)),
    st.tuples(st.just("turns"), st.integers(1, 3)),
    st.tuples(st.just("give up"), st.tuples(st.integers(0, 20), st.sampled_from(WAYS))),
    st.tuples(st.just("stop"), st.tuples(st.integers(0, 20), st.sampled_from((19, 18, 18)))),
    st.tuples(st.just("nowait"), st.sampled_from(("put", "get"))),
    st.tuples(st.just("close"), st.sampled_from((True, False, False, False))),
)


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
        self.tasks = []

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

    def act(self, step, argument):
        """Do one step; "turns" are the caller's."""
        if step == "putter":
            self.tasks.append(Waiter(self.putter(argument)))
        elif step == "getter":
            self.tasks.append(Waiter(self.run_getter(argument)))
        elif step == "close" and argument:
            self.queue.close()
        elif step == "nowait":
            self.act_without_waiting(argument)
        elif step in ("give up", "stop") and self.tasks:
            index, way = argument
            target = self.tasks[index % len(self.tasks)]
            if step == "stop":
                target.task.kill(way)
            else:
                target.give_up(way)

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
        check_invariants(minios.current_kernel())

    def finish(self):
        """Let everybody come to an end, and look at the book."""
        for each in self.tasks:
            each.task.kill(18)
        yield
        for each in self.tasks:
            each.give_up(15)
            yield from each.end()
            assert each.error is None or isinstance(each.error, TimeoutError), each.error
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
    steps=st.lists(STEPS, max_size=50),
)
def test_no_item_is_lost_or_doubled_or_overtakes_whatever_happens(kind, maxsize, steps):
    def main():
        world = World(kind, maxsize)
        for step, argument in steps:
            if step == "turns":
                for _ in range(argument):
                    yield
                    world.check()
            else:
                world.act(step, argument)
                world.check()
        yield from world.finish()

    minios.run(main(), clock=VirtualClock())

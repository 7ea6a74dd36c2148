"""A result that is on its way is not lost to a kill, a limit or a cancellation at the same moment:
it is either received, or has not left where it was."""

import asyncio
import itertools
import signal

import pytest

import minios
from minios import timeout
from minios.aio import aio
from syscalls import Sleep

from .worlds import DRIVERS, World, settle

HOW = ("SIGTERM", "SIGINT", "timeout", "cancel", "asyncio.timeout")
OUTCOMES = (minios.Cancelled, asyncio.CancelledError, KeyboardInterrupt, TimeoutError)
MOMENTS = list(itertools.product(range(5), ("result", "strike")))     # rounds, what is first


class Items:
    """Hands out one item; `left()` says whether it is still there."""

    def __init__(self, world):
        self.world = world

    def left(self):
        raise NotImplementedError


class AsyncioQueue(Items):
    """A queue of asyncio's."""

    def __init__(self, world):
        self.queue = asyncio.Queue()

    async def get(self):
        return await self.queue.get()

    def put(self):
        self.queue.put_nowait("item")

    def left(self):
        return not self.queue.empty()


class MiniosQueue(Items):
    """A queue of the kernel's library."""

    def __init__(self, world):
        self.queue = minios.Queue()
        self.kernel = world.kernel

    async def get(self):
        return await self.queue.get()

    def put(self):
        self.queue.put_nowait("item")

    def left(self):
        return self.queue.qsize() > 0


class AsyncioLock(Items):
    """A lock of asyncio's, held by nobody when it was given back."""

    def __init__(self, world):
        self.lock = asyncio.Lock()
        self.lock._locked = True        # by somebody

    async def get(self):
        async with self.lock:
            return "item"

    def put(self):
        self.lock.release()

    def left(self):
        return not self.lock.locked()


SOURCES = (AsyncioQueue, MiniosQueue, AsyncioLock)


class Getter:
    """Gets the item, as a task of one kind or the other; `outcome` is what it got or heard."""

    def __init__(self, world, items, of_kernel):
        self.outcome = self.limit = None
        self.items, self.of_kernel = items, of_kernel
        if of_kernel:
            self.task = world.kernel.spawn(self._generator())
        else:
            self.task = world.loop.create_task(self._coroutine())

    def _generator(self):
        try:
            with timeout(None) as self.limit:
                self.outcome = yield from aio(self.items.get())
                yield Sleep(1)      # the strike, if it waited
        except OUTCOMES as error:
            self.outcome = self.outcome or error

    async def _coroutine(self):
        try:
            async with asyncio.timeout(None) as self.limit:
                self.outcome = await self.items.get()
                await asyncio.sleep(1)
        except OUTCOMES as error:
            self.outcome = self.outcome or error

    def strike(self, how):
        if how == "timeout":
            self.limit._expire()
        elif how == "asyncio.timeout":
            self.limit.reschedule(0)
        elif how == "cancel":
            self.task.cancel()
        else:
            self.task.kill(signal.Signals[how])

    def can_be_struck(self):
        return not self.task.done() and self.limit is not None


@pytest.mark.parametrize("source", SOURCES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("driver", DRIVERS)
def test_an_item_is_received_or_left_whatever_comes_at_the_same_moment(
    native, driver, how, source
):
    of_kernel = how in ("SIGTERM", "SIGINT", "timeout")
    if source is MiniosQueue and not native:
        pytest.skip("a C task is no task of the kernel's")

    def play(world, rounds, first):
        items = source(world)
        getter = Getter(world, items, of_kernel)
        yield from settle(5)
        steps = [items.put, lambda: getter.can_be_struck() and getter.strike(how)]
        if first == "strike":
            steps.reverse()
        steps[0]()
        yield from settle(rounds)
        steps[1]()
        yield Sleep(5)
        yield from settle()
        assert getter.task.done()
        received = getter.outcome == "item"
        if isinstance(items, AsyncioLock):
            assert items.left(), "the lock is held by nobody, for ever"
        else:
            assert received != items.left(), (getter.outcome, items.left())
        assert not world.leftovers()

    for rounds, first in MOMENTS:
        world = World(driver, native)
        world.run(play(world, rounds, first))
        world.end()


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("first", ["result", "strike"])
@pytest.mark.parametrize("how", HOW)
def test_of_a_result_and_a_strike_the_first_is_heard_first(native, driver, how, first):
    heard = []

    def play(world):
        future = world.loop.create_future()
        items = type("", (), {"get": staticmethod(lambda: future)})
        getter = Getter(world, items, how in ("SIGTERM", "SIGINT", "timeout"))
        yield from settle(5)
        if first == "result":
            future.set_result("item")
        getter.strike(how)
        if first == "strike" and not future.done():
            future.set_result("item")
        yield Sleep(5)
        heard.append(getter.outcome)
        assert getter.task.done() and not world.leftovers()

    world = World(driver, native)
    world.run(play(world))
    world.end()
    if first == "strike":
        assert isinstance(heard[0], OUTCOMES)
    elif how in ("SIGTERM", "SIGINT", "timeout"):
        assert heard == ["item"]
    else:
        # asyncio cancels a task whose result is due: it is the future that keeps it.
        assert heard == ["item"] or isinstance(heard[0], OUTCOMES)

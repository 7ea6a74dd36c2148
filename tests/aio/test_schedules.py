"""Random schedules: producers and consumers of every make, which are struck at any moment. Whatever
happens, each item is received once or is still there, all tasks end, and nothing is left."""

import asyncio
import contextlib
import random
import signal

import pytest

import minios
from minios import timeout
from minios.aio import aio
from syscalls import Sleep

from .worlds import DRIVERS, World, heard, settle

SEEDS = [*range(25), random.randrange(2**32)]
STEPS = 120
QUIET = (minios.Cancelled, asyncio.CancelledError, TimeoutError, KeyboardInterrupt)


class Market:
    """A queue of asyncio's and one of minios', and who puts into them and gets out."""

    def __init__(self, world, native, choose):
        self.world, self.native, self.choose = world, native, choose
        self.theirs, self.ours = asyncio.Queue(3), minios.Queue(3)
        self.next, self.put, self.got = 0, [], []
        self.actors, self.limits = [], {}

    def item(self):
        """A new item."""
        self.next += 1
        return self.next

    # --- Who acts ------------------------------------------------------------------------

    def generator_gets_theirs(self, me):
        yield from self._limited(me, self._gets_theirs())

    def _gets_theirs(self):
        while True:
            self.got.append((yield from aio(self.theirs.get())))

    def generator_gets_ours(self, me):
        yield from self._limited(me, self._gets_ours())

    def _gets_ours(self):
        while True:
            self.got.append((yield from self.ours.get()))

    def generator_puts_ours(self, me):
        yield from self._limited(me, self._puts_ours())

    def _puts_ours(self):
        while True:
            item = self.item()
            yield from self.ours.put(item)
            self.put.append(item)
            yield Sleep(self.choose.random())

    def _limited(self, me, routine):
        try:
            with timeout(None) as self.limits[me]:
                yield from routine
        except QUIET:
            yield from settle(self.choose.randrange(4))

    async def coroutine_gets_theirs(self, me):
        async with asyncio.timeout(None) as self.limits[me]:
            while True:
                self.got.append(await self.theirs.get())
                if self.choose.random() < 0.5:
                    await Sleep(self.choose.random())

    async def coroutine_puts_theirs(self, me):
        async with asyncio.timeout(None) as self.limits[me]:
            while True:
                item = self.item()
                await self.theirs.put(item)
                self.put.append(item)
                await asyncio.sleep(self.choose.random())

    async def coroutine_gets_ours(self, me):
        async with asyncio.timeout(None) as self.limits[me]:
            while True:
                self.got.append(await self.ours.get())
                await asyncio.sleep(0)

    # --- What happens --------------------------------------------------------------------

    def start(self):
        """Start one more of whatever make."""
        makes = [self.generator_gets_theirs, self.generator_gets_ours, self.generator_puts_ours,
                 self.coroutine_gets_theirs, self.coroutine_puts_theirs]
        if self.native:     # a C task is no task of the kernel's
            makes.append(self.coroutine_gets_ours)
        make, me = self.choose.choice(makes), len(self.actors)
        if make.__name__.startswith("generator"):
            self.actors.append(self.world.kernel.spawn(make(me), make.__name__))
        else:
            self.actors.append(self.world.loop.create_task(self._quiet(make, me)))

    async def _quiet(self, make, me):
        try:
            await make(me)
        except QUIET:
            await asyncio.sleep(self.choose.random())

    def strike(self):
        """Strike one, in a way that is known on its side; SIGKILL takes a result along."""
        me = self.choose.randrange(len(self.actors))
        task, limit = self.actors[me], self.limits.get(me)
        if task.done():
            return
        if isinstance(task, asyncio.Task):
            if self.choose.random() < 0.5 or limit is None:
                task.cancel()
            else:
                with contextlib.suppress(RuntimeError):     # it was reached, or left
                    limit.reschedule(self.world.loop.time() + self.choose.random())
        elif self.choose.random() < 0.5 or limit is None:
            task.kill(self.choose.choice([signal.SIGTERM, signal.SIGINT]))
        else:
            limit.reschedule(self.world.kernel.now() + self.choose.random())

    def pause(self):
        """Stop one for a while; only tasks of the kernel can be."""
        tasks = [task for task in self.actors if not task.done() and hasattr(task, "kill")]
        if tasks:
            task = self.choose.choice(tasks)
            task.kill(signal.SIGSTOP)
            self.world.kernel.call_at(self.world.kernel.now() + self.choose.random(),
                                      task.kill, signal.SIGCONT)

    def play(self):
        """The main task."""
        for _ in range(4):
            self.start()
        for _ in range(STEPS):
            what = self.choose.choice([self.start, self.strike, self.strike, self.pause, None])
            if what is not None and len(self.actors) < 40:
                what()
            if self.choose.random() < 0.3:
                yield Sleep(self.choose.random())
            else:
                yield from settle(self.choose.randrange(3))
        yield from self._end()

    def _end(self):
        for _ in range(10):
            for task in self.actors:
                if not task.done():
                    if hasattr(task, "kill"):
                        task.kill(signal.SIGCONT)
                        task.kill()
                    else:
                        task.cancel()
            yield Sleep(2)
        assert all(task.done() for task in self.actors), "one of them lives for ever"
        self._check_items()
        assert not self.world.leftovers()

    def _check_items(self):
        while not self.theirs.empty():
            self.got.append(self.theirs.get_nowait())
        while not self.ours.empty():
            self.got.append(self.ours.get_nowait())
        assert len(self.got) == len(set(self.got)), "an item was received twice"
        # One that was cut short in `put` may have put it, and not have known.
        lost = set(self.put) - set(self.got)
        assert not lost, f"lost: {lost}"


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed {seed}" if seed < 25 else "random")
def test_nothing_is_lost_whatever_the_schedule(native, driver, seed):
    print(f"seed {seed}")
    with heard() as hearing:
        world = World(driver, native)
        market = Market(world, native, random.Random(seed))
        world.run(market.play())
        world.end()
    assert len(market.got) > 5, "nothing happened"
    assert not hearing.texts, hearing.texts

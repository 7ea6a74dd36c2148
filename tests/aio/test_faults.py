"""A wait that crosses the border between asyncio and the kernel is cut short, from either side.

A victim waits in each of WAITS and is struck at each of its first suspension points, and when all
is at rest. Nothing may be left of it, nothing may hang, and each error is heard once: by who waits,
or in the log.
"""

import asyncio
import signal

import pytest

import minios
from minios import timeout
from minios.aio import aio
from minios.kernel.hooks import Hooks
from syscalls import Sleep

from .suspended import (
    ASYNCIO_TASK,
    CLEANS,
    NATIVE_TASK,
    RAISES,
    SWALLOWS,
    WAITS,
    Case,
    Mine,
)
from .worlds import DRIVERS, LATER, World, heard, settle

AT_REST = 40                            # rounds until a victim waits as deep as it will
POINTS = (*range(5), AT_REST)           # rounds after which it is struck

# how it is struck -> what a prompt victim hears
BY_KERNEL = {
    "SIGTERM": minios.Cancelled, "SIGKILL": GeneratorExit, "SIGINT": KeyboardInterrupt,
    "timeout": TimeoutError,
}
BY_ASYNCIO = {
    "cancel": asyncio.CancelledError, "cancel twice": asyncio.CancelledError,
    "asyncio.timeout": TimeoutError, "sibling": asyncio.CancelledError,
}


class Victim:
    """Waits for something; `heard` is what came of it."""

    def __init__(self, case, wait):
        self.case, self.wait = case, wait
        self.heard = []
        self.task = self.limit = self.sibling = self.group = None
        self.killed_quietly = (minios.Cancelled, asyncio.CancelledError, GeneratorExit,
                               KeyboardInterrupt)

    # --- Who waits -----------------------------------------------------------------------

    def as_generator(self):
        """A generator that waits for a coroutine."""
        self.task = self.case.kernel.spawn(self._generate(), "victim")

    def _generate(self):
        with self._noting(), timeout(None) as self.limit:
            self.heard.append((yield from aio(self.wait.routine(self.case))))

    def as_spawned_coroutine(self):
        """A coroutine that is a task of the kernel's."""
        self.task = self.case.kernel.spawn(self._await_in_kernel(), "victim")

    async def _await_in_kernel(self):
        with self._noting(), timeout(None) as self.limit:
            self.heard.append(await self.wait.routine(self.case))

    def as_asyncio_task(self):
        """A task of asyncio's, one of two in a group."""
        self.group = self.case.loop.create_task(self._group())

    async def _group(self):
        try:
            async with asyncio.TaskGroup() as group:
                self.sibling = self.case.loop.create_future()
                self.task = group.create_task(self._await())
                self.task.add_done_callback(self._let_sibling_go)
                group.create_task(self._fail())
        except (asyncio.CancelledError, BaseExceptionGroup):
            pass

    async def _fail(self):
        if await self.sibling:
            raise ZeroDivisionError

    async def _await(self):
        with self._noting():
            async with asyncio.timeout(None) as self.limit:
                self.heard.append(await self.wait.routine(self.case))

    def _let_sibling_go(self, task):
        if not self.sibling.done():
            self.sibling.set_result(False)

    def _noting(self):
        return _Noting(self)

    # --- What strikes it -----------------------------------------------------------------

    def strike(self, how):
        """Strike now, from a task of the kernel."""
        if how in ("SIGTERM", "SIGKILL", "SIGINT"):
            self.task.kill(signal.Signals[how])
        elif how == "timeout":
            self.limit._expire()
        elif how == "asyncio.timeout":
            self.limit.reschedule(self.case.loop.time())
        elif how == "sibling":
            if not self.sibling.done():
                self.sibling.set_result(True)
        else:
            for _ in range(2 if how == "cancel twice" else 1):
                self.task.cancel()

    def can_be_struck(self, how):
        """Whether it has come so far that it can."""
        if self.task is None or self.task.done():
            return False
        return "timeout" not in how or self.limit is not None

    def give_up(self):
        """End what the strike has not."""
        if self.group is not None:
            self.group.cancel()
        else:
            self.task.kill()

    def done(self):
        """Whether it has ended."""
        return self.task.done() and (self.sibling is None or self.group.done())


class _Noting:
    """Notes what a victim hears, and lets those errors go on which end a task quietly."""

    def __init__(self, victim):
        self._victim = victim

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self._victim.heard.append(kind)
        return kind is not None and not issubclass(kind, self._victim.killed_quietly)


def play(world, victim, case, start, how, rounds):
    """The main task: prepare the victim, strike it after `rounds`, and let all come to rest.

    Returns whether it was struck.
    """
    start(victim)
    for _ in range(rounds):
        yield
    struck = victim.can_be_struck(how)
    if struck:
        victim.strike(how)
    else:
        victim.give_up()
    yield from settle(AT_REST)
    for _ in range(5):
        yield Sleep(case.pause)         # what cleans up has the time for it
    case.end()
    yield from settle()
    yield Sleep(10 * case.pause)
    return struck, world.leftovers()


def expected(manner, how, error):
    """What a victim hears that was at rest: what came of its wait."""
    if how == "SIGKILL":
        return GeneratorExit            # it does not stay to hear more
    return {SWALLOWS: "swallowed", RAISES: Mine}.get(manner, error)


def check(world, victim, case, how, error, at_rest, struck, rest, hearing):
    """What must be true afterwards."""
    manner = victim.wait.manner
    if not struck:
        return          # it had not begun, or had ended: see the other points
    assert not rest, rest
    assert victim.done(), f"it waits for ever: {victim.task!r}"
    assert len(victim.heard) <= 1, victim.heard
    if at_rest:
        assert victim.heard == [expected(manner, how, error)]
        if manner is CLEANS:
            assert case.cleaned == 3, "the clean-up was not seen through"
    else:
        assert not victim.heard or victim.heard[0] in (error, expected(manner, how, error))
    told = [each for each in hearing.errors if isinstance(each, Mine)]
    times = victim.heard.count(Mine) + len(told)
    assert times == 1 if at_rest and manner is RAISES else times <= 1, (victim.heard, told)
    others = [each for each in hearing.errors if not isinstance(each, Mine)]
    assert not others, hearing.texts
    if manner is not RAISES:
        assert not hearing.texts, hearing.texts


def strike_everywhere(driver, native, start, wait, how, error, prepare=None):
    """Play it once for each of POINTS; `prepare(world)` does what is special about it."""
    if wait.needs is NATIVE_TASK and not native and start is not Victim.as_spawned_coroutine:
        pytest.skip("a C task is no task of the kernel's")
    for rounds in POINTS:
        with heard() as hearing:
            world = World(driver, native)
            if prepare is not None:
                prepare(world)
            case = Case(world)
            victim = Victim(case, wait)
            struck, rest = world.run(play(world, victim, case, start, how, rounds))
            left = world.leftovers()
            world.end()
        assert not left, left
        check(world, victim, case, how, error, rounds == AT_REST, struck, rest, hearing)


waits = pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.name)
drivers = pytest.mark.parametrize("driver", DRIVERS)
# What a coroutine of the kernel can wait for and leave in the way that a strike asks for: it waits
# for another task as any task does, which lives on; and what it does itself hears of the strike.
in_kernel = [wait for wait in WAITS if wait.needs is not ASYNCIO_TASK
             and not wait.name.startswith(("a_generator", "a_coroutine"))]


@drivers
@pytest.mark.parametrize("how", BY_KERNEL)
@waits
def test_a_generator_that_awaits_is_struck_and_nothing_is_left(native, driver, how, wait):
    strike_everywhere(driver, native, Victim.as_generator, wait, how, BY_KERNEL[how])


@drivers
@pytest.mark.parametrize("how", BY_KERNEL)
@pytest.mark.parametrize("wait", in_kernel, ids=lambda wait: wait.name)
def test_a_coroutine_of_the_kernel_is_struck_and_nothing_is_left(native, driver, how, wait):
    strike_everywhere(driver, native, Victim.as_spawned_coroutine, wait, how, BY_KERNEL[how])


@drivers
@pytest.mark.parametrize("how", BY_ASYNCIO)
@waits
def test_a_task_of_asyncio_is_struck_and_nothing_is_left(native, driver, how, wait):
    strike_everywhere(driver, native, Victim.as_asyncio_task, wait, how, BY_ASYNCIO[how])


@pytest.mark.parametrize("prepare", [
    lambda world: world.loop.set_debug(True), lambda world: world.kernel.attach(Hooks()),
], ids=["in debug mode", "while somebody observes"])
@waits
def test_on_the_slow_paths_it_is_the_same(native, wait, prepare):
    for start, how, error in ((Victim.as_generator, "SIGTERM", minios.Cancelled),
                              (Victim.as_asyncio_task, "cancel", asyncio.CancelledError)):
        strike_everywhere("loop", native, start, wait, how, error, prepare)


@pytest.mark.parametrize("how", BY_KERNEL)
@waits
def test_where_the_loop_moves_in_while_the_kernel_runs_it_is_the_same(native, how, wait):
    strike_everywhere(LATER, native, Victim.as_generator, wait, how, BY_KERNEL[how])

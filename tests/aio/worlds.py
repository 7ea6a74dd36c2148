"""A kernel and the loop that lives on it, driven by either side; and what may be left of them.

`World.run(routine)` runs a generator until it ends: as the main task of a kernel that runs by
itself, or as a task that a coroutine awaits, in a loop that turns the kernel's rounds.
"""

import asyncio
import contextlib
import gc
import itertools
import logging
import os
import sys
import warnings

import minios
from minios.aio import EventLoop
from minios.kernel.shutdown import kill_all
from minios.sim import VirtualClock

__all__ = ["DRIVERS", "LATER", "World", "awaiting", "heard", "open_descriptors", "play_in_world",
           "put_away", "settle"]

DRIVERS = ("loop", "kernel")
LATER = "kernel, and the loop moves in while it runs"


def open_descriptors():
    """What is open: {number: what it is}."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):      # that of listdir itself
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return found


def settle(rounds=20):
    """Let all others go on until they wait."""
    for _ in range(rounds):
        yield


def put_away(kernel):
    """End the tasks of a kernel that does not run, and give back what it has open."""
    kill_all(kernel)
    if kernel.powered:
        kernel.power_off()


async def awaiting(kernel, routine):
    """Run `routine` as a task of the kernel, and await it."""
    return await kernel.spawn(routine)


class World:
    """One kernel, one loop; `driver` is who turns the rounds, one of DRIVERS or LATER."""

    def __init__(self, driver, native, clock=None):
        self.driver = driver
        self.kernel = minios.Kernel(clock=VirtualClock() if clock is None else clock)
        self._native = native
        self.loop = None
        if driver is not LATER:
            self._move_in()
        self._main = None       # the coroutine's task, where the loop drives

    def run(self, routine):
        """Run `routine` to its end; return what it returns."""
        if self.driver is LATER:
            routine = self._moving_in(routine)
        if self.driver != "loop":
            return self.kernel.run(routine)
        self._main = self.loop.create_task(awaiting(self.kernel, routine))
        return self.loop.run_until_complete(self._main)

    def _move_in(self):
        self.loop = EventLoop(kernel=self.kernel, native_tasks=self._native)

    def _moving_in(self, routine):
        self._move_in()
        return (yield from routine)

    def end(self):
        """Close the loop, and give back what the kernel has open."""
        self.loop.close()
        put_away(self.kernel)

    # --- What must not be left -----------------------------------------------------------

    def leftovers(self):
        """What is left beside who asks, and the main task that waits for him, as texts."""
        kernel, loop = self.kernel, self.loop
        tasks = {*kernel.tasks.values(), *asyncio.all_tasks(loop)} - {kernel.current, self._main}
        found = [f"{task!r} is alive" for task in tasks]
        found += [f"{each!r} is ready" for each in itertools.chain(kernel.ready, loop._ready)]
        found += [f"a timer of {owner!r}" for owner in kernel.timers.owners()]
        found += [f"fd {each.fd} is registered" for each in kernel.poller.descriptors()]
        if not loop.is_closed() and len(loop._selector.get_map()) > loop._internal_fds:
            found.append(f"the loop watches {list(loop._selector.get_map())}")
        found += [f"{task!r} is parked" for task in kernel.parking.parked()]
        if kernel._held:
            found.append(f"{kernel._held} answers are expected")
        if kernel.interrupts.has_waiters():
            found.append("somebody waits for a signal")
        return found


class Hearing:
    """What was logged, warned of or could not be raised."""

    def __init__(self):
        self.errors = []        # those that the log, or Python's own hook, tells of
        self.texts = []


@contextlib.contextmanager
def heard():
    """Collect what is heard of errors beside who waits for them: a Hearing."""
    hearing = Hearing()

    class Recorder(logging.Handler):
        def emit(self, record):
            hearing.texts.append(record.getMessage())
            if record.exc_info:
                hearing.errors.append(record.exc_info[1])

    def unraisable(each):
        hearing.errors.append(each.exc_value)
        hearing.texts.append(f"{each.exc_value!r} in {each.object!r}")

    recorder, kept = Recorder(), []
    for name in ("minios", "asyncio"):
        log = logging.getLogger(name)
        kept.append((log, log.propagate))
        log.propagate = False
        log.addHandler(recorder)
    hook, sys.unraisablehook = sys.unraisablehook, unraisable
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield hearing
            gc.collect()        # a Future that was never asked for its error says so now
        hearing.texts += [str(each.message) for each in warned]
    finally:
        sys.unraisablehook = hook
        for log, propagates in kept:
            log.removeHandler(recorder)
            log.propagate = propagates


def play_in_world(driver, native, main):
    """Run a generator, given (kernel, loop), in a world that must be left clean."""
    with heard() as hearing:
        world = World(driver, native)
        result = world.run(main(world.kernel, world.loop))
        assert not world.leftovers()
        world.end()
    assert not hearing.texts, hearing.texts
    return result

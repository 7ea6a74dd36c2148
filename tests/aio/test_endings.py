"""The end of a kernel, or of a loop, finds tasks on either side of the border in the middle of a
wait: all that can is cleaned up, nothing is left and nothing hangs."""

import asyncio

import pytest

import minios
from minios.aio import EventLoop, aio
from syscalls import Sleep

from .suspended import ASYNCIO_TASK, CLEANS, NATIVE_TASK, RAISES, SWALLOWS, WAITS, Case, Mine
from .worlds import World, heard, open_descriptors, settle

PAUSE = 0.001       # seconds of real time that a clean-up sleeps
waits = pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.name)


class Noted:
    """What a victim heard, and whether its `finally` clause ran."""

    def __init__(self):
        self.heard, self.left = [], 0

    def generator(self, wait, case):
        """A generator that waits for `wait`."""
        try:
            self.heard.append((yield from aio(wait.routine(case))))
        except BaseException as error:
            self.heard.append(type(error))
            raise
        finally:
            self.left += 1

    async def coroutine(self, wait, case):
        """The same as a coroutine."""
        try:
            self.heard.append(await wait.routine(case))
        except BaseException as error:
            self.heard.append(type(error))
            raise
        finally:
            self.left += 1


def expected(manner, prompt):
    return {SWALLOWS: "swallowed", RAISES: Mine}.get(manner, prompt)


def told_of_mine(wait, hearing):
    """Check that nothing but Mine was told of, and that once, where the victim ended by it."""
    assert [type(error) for error in hearing.errors] == ([Mine] if wait.manner is RAISES else [])


# --- A kernel that runs by itself ------------------------------------------------------------


@waits
def test_a_kernel_that_ends_lets_a_generator_clean_up_what_it_awaits(native, wait):
    if wait.needs is NATIVE_TASK and not native:
        pytest.skip("a C task is no task of the kernel's")
    with heard() as hearing:
        world, noted = World("kernel", native), Noted()
        case = Case(world)

        def main():
            world.kernel.spawn(noted.generator(wait, case))
            yield from settle(40)

        world.run(main())
        assert noted.heard == [expected(wait.manner, minios.Cancelled)] and noted.left == 1
        assert case.cleaned == (3 if wait.manner is CLEANS else 0)
        left = world.leftovers()
        world.end()
        case.end()
    # A shielded task of asyncio's is cancelled with all others.
    assert not left, left
    told_of_mine(wait, hearing)


@waits
def test_a_kernel_that_ends_cancels_the_tasks_of_asyncio(native, wait):
    if wait.needs is NATIVE_TASK and not native:
        pytest.skip("a C task is no task of the kernel's")
    with heard() as hearing:
        world, noted = World("kernel", native), Noted()
        case = Case(world)

        def main():
            world.loop.create_task(noted.coroutine(wait, case))
            yield from settle(40)

        world.run(main())
        assert noted.heard == [expected(wait.manner, asyncio.CancelledError)]
        assert case.cleaned == (3 if wait.manner is CLEANS else 0)
        left = world.leftovers()
        world.end()
        case.end()
    assert not left, left
    told_of_mine(wait, hearing)


def test_a_kernel_that_ends_has_patience_for_its_grace_and_no_longer(native):
    world = World("kernel", native)
    log = []

    async def stubborn():
        while True:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                log.append(world.kernel.now())

    def main():
        world.loop.create_task(stubborn())
        yield Sleep(10)

    with heard():
        world.run(main())
        assert log == [10] and world.kernel.now() == 10 + world.kernel.grace
        world.end()


# --- A loop that is closed -------------------------------------------------------------------


@waits
def test_a_loop_that_is_closed_lets_a_generator_clean_up_what_it_awaits(native, wait):
    if wait.needs is NATIVE_TASK and not native:
        pytest.skip("a C task is no task of the kernel's")
    before = open_descriptors()
    with heard() as hearing:
        loop, noted = EventLoop(native_tasks=native), Noted()
        kernel = loop.kernel
        case = Case(_Owner(loop), PAUSE)

        async def main(case):
            asyncio.get_running_loop().kernel.spawn(noted.generator(wait, case))
            for _ in range(40):
                await asyncio.sleep(0)

        loop.run_until_complete(main(case))
        loop.close()
        assert noted.heard == [expected(wait.manner, minios.Cancelled)] and noted.left == 1
        assert case.cleaned == (3 if wait.manner is CLEANS else 0)
        assert not kernel.tasks and not kernel.parking.parked() and not kernel.poller.descriptors()
        assert not kernel.powered and loop.is_closed()
        case.background.clear()
        case.end()
        del loop, kernel, case
    assert open_descriptors() == before
    told_of_mine(wait, hearing)
    # What goes on by itself is left as asyncio leaves it.
    others = [text for text in hearing.texts if "was destroyed but it is pending" not in text]
    assert len(others) == len(hearing.errors), others


@pytest.mark.parametrize("wait", [wait for wait in WAITS if wait.needs is not ASYNCIO_TASK],
                         ids=lambda wait: wait.name)
def test_a_loop_that_is_closed_leaves_the_tasks_of_asyncio_as_asyncio_does(native, wait):
    if wait.needs is NATIVE_TASK and not native:
        pytest.skip("a C task is no task of the kernel's")
    before = open_descriptors()
    with heard():
        loop, noted = EventLoop(native_tasks=native), Noted()
        case = Case(_Owner(loop), PAUSE)

        async def main(case):
            task = asyncio.create_task(noted.coroutine(wait, case))
            for _ in range(40):
                await asyncio.sleep(0)
            return task

        task = loop.run_until_complete(main(case))
        loop.close()
        assert not loop.kernel.tasks
        case.background.clear()
        case.end()
        if wait.name.startswith("a_generator") or wait.name.endswith("_of_minios"):
            # What it waits for may have ended with the kernel, and it has heard of that.
            assert noted.heard in ([], [expected(wait.manner, asyncio.CancelledError)])
        else:
            assert noted.heard == [] and not task.done()
        del task, loop, case
    assert open_descriptors() == before


class _Owner:
    """A world that is one loop alone."""

    def __init__(self, loop):
        self.loop, self.kernel = loop, loop.kernel

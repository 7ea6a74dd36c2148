"""Waits for what is outside are cut short too: subprocesses and threads, in real time."""

import asyncio
import signal
import sys
import threading

import pytest

import minios
from minios.aio import aio
from minios.kernel.clock import MonotonicClock
from syscalls import Offload, Sleep, Wait, WaitAny

from ..lib.leftovers import children
from .worlds import DRIVERS, World, heard, open_descriptors, settle

drivers = pytest.mark.parametrize("driver", DRIVERS)


async def a_child():
    """Wait for a program that does not end by itself, and end it if that is cut short."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    try:
        await process.wait()
    finally:
        process.kill()
        await process.wait()
        process._transport.close()


async def a_child_s_output():
    """The same for who reads what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE)
    try:
        await process.stdout.read()
    finally:
        process.kill()
        await process.communicate()


@pytest.fixture
def real(native):
    """A world in real time, which must leave no descriptor and no child."""
    def real(driver):
        worlds.append(World(driver, native, MonotonicClock()))
        return worlds[0]

    before, worlds = open_descriptors(), []
    with heard() as hearing:
        yield real
        # asyncio's child watcher says when the child has ended, which may be after all else.
        left = [each for each in worlds[0].leftovers() if "_child_watcher_callback" not in each]
        assert not left
        worlds[0].end()
        worlds.clear()
    assert not hearing.texts, hearing.texts
    assert open_descriptors() == before and not children()


@drivers
@pytest.mark.parametrize("wait", [a_child, a_child_s_output], ids=lambda wait: wait.__name__)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, "timeout"])
def test_a_generator_that_waits_for_a_child_is_struck(real, driver, how, wait):
    world = real(driver)

    def victim():
        with minios.timeout(None) as limits["victim"]:
            yield from aio(wait())

    def main():
        task = world.kernel.spawn(victim())
        while not children():
            yield Sleep(0.001)
        yield from settle()
        if how == "timeout":
            limits["victim"]._expire()
        else:
            task.kill(how)
        with pytest.raises((minios.TaskKilledError, TimeoutError)):
            yield Wait(task)
        while children():       # who was hit by SIGKILL does not stay until the child has ended
            yield Sleep(0.001)
        yield from settle()

    limits = {}
    world.run(main())


@drivers
@pytest.mark.parametrize("wait", [a_child, a_child_s_output], ids=lambda wait: wait.__name__)
def test_a_task_of_asyncio_that_waits_for_a_child_is_cancelled(real, driver, wait):
    world = real(driver)

    def main():
        task = world.loop.create_task(wait())
        while not children():
            yield Sleep(0.001)
        yield from settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            yield from task
        yield from settle()

    world.run(main())


@drivers
def test_children_of_both_sides_end_each_for_who_waits(real, driver):
    world = real(driver)
    program = [sys.executable, "-c", "import sys; sys.exit(int(sys.argv[1]))"]

    async def by_asyncio(status):
        process = await asyncio.create_subprocess_exec(*program, str(status))
        result = await process.wait()
        return result

    def by_minios(status):
        done = yield from minios.run_process([*program, str(status)], check=False)
        return done.returncode

    def main():
        asyncio_s = [world.loop.create_task(by_asyncio(n)) for n in range(3)]
        kernel_s = [world.kernel.spawn(by_minios(n)) for n in range(3, 6)]
        results = []
        for task in asyncio_s:
            results.append((yield from aio(task)))
        for task in kernel_s:
            results.append((yield Wait(task)))
        return results

    assert world.run(main()) == list(range(6))


@drivers
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("who", ["run_in_executor", "Offload", "to_thread"])
def test_who_waits_for_a_thread_is_struck_and_the_thread_bothers_nobody(real, driver, who, how):
    world, release, begun = real(driver), threading.Event(), threading.Event()

    def work():
        begun.set()
        release.wait()

    async def waits():
        if who == "run_in_executor":
            await world.loop.run_in_executor(None, work)
        elif who == "Offload":
            await Offload(work)
        else:
            await asyncio.to_thread(work)

    def victim():
        yield from aio(waits())

    def main():
        task = world.kernel.spawn(victim())
        while not begun.is_set():
            yield Sleep(0.001)
        task.kill(how)
        yield WaitAny([task])
        assert task.done()
        release.set()
        yield from aio(world.loop.shutdown_default_executor())

    world.run(main())

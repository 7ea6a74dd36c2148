"""Unix signals: SigWait, loop.add_signal_handler and Ctrl-C, each in the presence of the others."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from minios.aio import EventLoop, aio
from minios.aio import run as aio_run
from syscalls import SigWait, Sleep, Wait

from .worlds import DRIVERS, World, settle

drivers = pytest.mark.parametrize("driver", DRIVERS)


def send(signum):
    os.kill(os.getpid(), signum)


@pytest.fixture(autouse=True)
def handlers_as_they_were():
    """Every test gives the signals back."""
    signums = (signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)
    before = [signal.getsignal(signum) for signum in signums]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    after = [signal.getsignal(signum) for signum in signums]
    for signum, handler in zip(signums, before, strict=True):
        signal.signal(signum, handler)
    assert after[0] is signal.default_int_handler and after[1:] == before[1:]
    assert signal.set_wakeup_fd(-1) == -1


@pytest.fixture
def real(native):
    """A world in real time, by driver."""
    worlds = []

    def real(driver):
        from minios.kernel.clock import MonotonicClock

        worlds.append(World(driver, native, MonotonicClock()))
        return worlds[-1]

    yield real
    for world in worlds:
        world.end()


@drivers
def test_a_generator_waits_for_a_signal_while_the_loop_runs(real, driver):
    world = real(driver)

    def main():
        world.loop.call_soon(send, signal.SIGUSR1)
        return (yield SigWait(signal.SIGUSR1))

    assert world.run(main()) == signal.SIGUSR1


@drivers
def test_a_coroutine_waits_for_a_signal(real, driver):
    world = real(driver)

    async def waits():
        return await SigWait([signal.SIGUSR1, signal.SIGUSR2])

    def main():
        task = world.loop.create_task(waits())
        yield from settle(5)
        send(signal.SIGUSR2)
        return (yield from aio(task))

    assert world.run(main()) == signal.SIGUSR2


@drivers
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_signal_handler_of_the_loop_is_called(real, driver, when):
    world, log = real(driver), []

    def main():
        if when == "during":
            world.loop.add_signal_handler(signal.SIGUSR1, log.append, "handler")
        send(signal.SIGUSR1)
        while not log:
            yield Sleep(0.001)
        assert world.loop.remove_signal_handler(signal.SIGUSR1)

    if when == "before":
        world.loop.add_signal_handler(signal.SIGUSR1, log.append, "handler")
    world.run(main())
    assert log == ["handler"]


@drivers
def test_a_handler_wakes_a_loop_that_sleeps(real, driver):
    world, log = real(driver), []

    def main():
        future = world.loop.create_future()
        world.loop.add_signal_handler(signal.SIGUSR1, future.set_result, "heard")
        child = subprocess.Popen(["kill", "-USR1", str(os.getpid())])
        world.kernel.hold()
        log.append((yield from aio(future)))
        world.kernel.release()
        child.wait()
        world.loop.remove_signal_handler(signal.SIGUSR1)

    world.run(main())
    assert log == ["heard"]


@drivers
def test_one_waits_for_a_signal_and_the_loop_handles_another(real, driver):
    world, log = real(driver), []

    def waits():
        log.append((yield SigWait(signal.SIGUSR2)))

    def main():
        world.loop.add_signal_handler(signal.SIGUSR1, log.append, "handler")
        task = world.kernel.spawn(waits())
        yield from settle(3)
        send(signal.SIGUSR1)
        send(signal.SIGUSR2)
        yield Wait(task)
        while len(log) < 2:
            yield
        world.loop.remove_signal_handler(signal.SIGUSR1)

    world.run(main())
    assert sorted(map(str, log)) == sorted(["handler", str(signal.SIGUSR2)])


@drivers
def test_ctrl_c_is_delivered_to_the_main_task_when_nobody_has_taken_it(native, driver):
    """Where the loop drives by itself, it leaves run_forever as in asyncio."""
    if driver == "loop":
        loop = EventLoop(native_tasks=native)
        loop.call_soon(send, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(asyncio.sleep(60))
        assert loop.run_until_complete(asyncio.sleep(0, "runs again")) == "runs again"
        loop.close()
        return
    world, log = World("kernel", native), []

    async def forever():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(1)
            log.append("cleaned up")

    def main():
        world.loop.call_soon(send, signal.SIGINT)
        try:
            yield from aio(forever())
        except KeyboardInterrupt:
            log.append("heard")
        return "goes on"

    assert world.run(main()) == "goes on" and log == ["cleaned up", "heard"]
    world.end()


@pytest.mark.skipif(not hasattr(asyncio, "Runner"), reason="Python 3.11 has it")
def test_ctrl_c_cancels_the_main_task_of_a_runner(native):
    log = []

    async def main():
        asyncio.get_running_loop().call_soon(send, signal.SIGINT)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    with asyncio.Runner(loop_factory=lambda: EventLoop(native_tasks=native)) as runner:
        with pytest.raises(KeyboardInterrupt):
            runner.run(main())
        assert runner.run(asyncio.sleep(0, "again")) == "again"
    assert log == ["cancelled"]


def test_ctrl_c_reaches_a_generator_that_run_runs():
    log = []

    def main():
        asyncio.get_running_loop().call_soon(send, signal.SIGINT)
        try:
            yield Sleep(60)
        finally:
            log.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        aio_run(main())
    assert log == ["cleaned up"]


def test_ctrl_c_while_a_loop_is_closed_cuts_the_grace_short_and_the_loop_is_closed(native):
    loop, log = EventLoop(native_tasks=native), []

    def stubborn():
        try:
            yield Sleep(1000)
        finally:
            send(signal.SIGINT)
            try:
                yield Sleep(1000)       # as long as it is let
            finally:
                log.append("killed")

    loop.kernel.spawn(stubborn())
    loop.run_until_complete(asyncio.sleep(0))
    loop.kernel.grace = 500             # longer than this test may take
    loop.close()                        # as at the end of kernel.run(): it hurries, and no more
    assert log == ["killed"] and loop.is_closed() and not loop.kernel.powered


@drivers
def test_a_generator_may_wait_for_ctrl_c(real, driver):
    world = real(driver)

    def main():
        world.loop.call_soon(send, signal.SIGINT)
        return (yield SigWait(signal.SIGINT))

    assert world.run(main()) == signal.SIGINT


# --- fork ------------------------------------------------------------------------------------


FORKS = """
import asyncio, os, sys
from minios.aio import EventLoop, run
from syscalls import Sleep

native = sys.argv[1] == "True"

def generator():
    for _ in range(3):
        yield Sleep(0.001)
    return "generator"

async def child():
    return await asyncio.get_running_loop().kernel.spawn(generator())

async def main():
    loop = asyncio.get_running_loop()
    other = loop.kernel.spawn(generator())
    await asyncio.sleep(0)
    pid = os.fork()
    if not pid:
        # As in asyncio: nothing runs here, and a new loop may.
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            os._exit(3)
        try:
            with asyncio.Runner(loop_factory=lambda: EventLoop(native_tasks=native)) as runner:
                os._exit(0 if runner.run(child()) == "generator" else 4)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(5)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, await other, await child()

with asyncio.Runner(loop_factory=lambda: EventLoop(native_tasks=native)) as runner:
    print(runner.run(main()))
"""


def test_a_coroutine_forks_and_either_side_goes_on(native):
    # Since 3.12 Python warns where there are threads: the watchdog is one.
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS, str(native)],
        capture_output=True, text=True, timeout=60,
    )
    assert done.stdout == "(0, 'generator', 'generator')\n", done.stderr
    assert done.stderr == ""

"""Who drives, how a loop is stopped, and that it can run again."""

import asyncio
import errno
import os
import socket

import pytest

import minios
from minios.aio import EventLoop, aio
from minios.sim import VirtualClock
from syscalls import Await, Now, Sleep

from .worlds import DRIVERS, World, settle

drivers = pytest.mark.parametrize("driver", DRIVERS)


# --- Who drives ------------------------------------------------------------------------------


def test_the_loop_drives_and_generator_tasks_have_their_turns(virtual):
    log = []

    def generator(name, seconds):
        for _ in range(3):
            yield Sleep(seconds)
            log.append((name, virtual.time()))

    async def main():
        tasks = [virtual.kernel.spawn(generator("a", 2)), virtual.kernel.spawn(generator("b", 3))]
        for task in tasks:
            await task
        return virtual.time()

    assert virtual.run_until_complete(main()) == 9
    # At 6, b is first: its timer was set at 3, that of a at 4.
    assert log == [("a", 2), ("b", 3), ("a", 4), ("b", 6), ("a", 6), ("b", 9)]


def test_a_kernel_without_a_loop_is_joined_by_one_at_the_first_await():
    async def coroutine():
        await asyncio.sleep(2)
        return asyncio.get_running_loop()

    def main():
        kernel = minios.current_kernel()
        assert kernel.lodger.is_nobody
        first = yield Await(coroutine())
        second = yield from aio(coroutine())
        assert isinstance(first, EventLoop) and first is second and first.kernel is kernel
        return first, (yield Now())

    loop, now = minios.run(main(), clock=VirtualClock())
    assert now == 4 and loop.is_closed()


def test_a_loop_moves_in_with_a_kernel_that_runs(native):
    def main():
        kernel = minios.current_kernel()
        loop = EventLoop(kernel=kernel, native_tasks=native)
        assert asyncio.get_running_loop() is loop and loop.is_running()
        result = yield from loop.create_task(asyncio.sleep(5, "slept"))
        now = yield Now()
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            loop.close()
        return loop, result, now

    kernel = minios.Kernel(clock=VirtualClock())
    loop, result, now = kernel.run(main())
    assert (result, now) == ("slept", 5) and not loop.is_running()
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    loop.close()


def test_a_loop_that_moved_in_before_the_kernel_ran_is_the_running_loop_while_it_does(virtual):
    def main():
        assert asyncio.get_running_loop() is virtual
        yield from aio(asyncio.sleep(1))
        assert asyncio.get_running_loop() is virtual

    for _ in range(2):
        virtual.kernel.run(main())
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()


def test_a_kernel_has_room_for_one_loop(virtual):
    with pytest.raises(minios.KernelError, match="lives on this kernel already"):
        EventLoop(kernel=virtual.kernel)
    assert virtual.run_until_complete(asyncio.sleep(1, "goes on")) == "goes on"


def test_a_kernel_has_room_for_another_loop_when_the_first_is_closed(native):
    kernel = minios.Kernel(clock=VirtualClock())
    for number in range(3):
        loop = EventLoop(kernel=kernel, native_tasks=native)
        assert loop.run_until_complete(asyncio.sleep(1, number)) == number
        loop.close()
    assert kernel.now() == 3 and kernel.lodger.is_nobody


def test_a_loop_does_not_run_inside_of_another(virtual, native):
    other = EventLoop(native_tasks=native)

    async def main():
        coroutine = asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="Cannot run the event loop while another"):
            other.run_until_complete(coroutine)
        with pytest.raises(RuntimeError, match="already running"):
            virtual.run_forever()
        coroutine.close()

    virtual.run_until_complete(main())
    other.close()


@drivers
def test_a_kernel_does_not_run_inside_of_a_loop(native, driver):
    world = World(driver, native)

    def main():
        with pytest.raises(minios.KernelError, match="already running"):
            minios.run(settle())
        yield

    world.run(main())
    world.end()


def test_the_loop_s_own_kernel_cannot_be_run_while_the_loop_runs(virtual):
    async def main():
        with pytest.raises(minios.KernelError, match="already running"):
            virtual.kernel.run()

    virtual.run_until_complete(main())


def test_a_kernel_that_runs_within_another_s_callback_gives_the_loop_back():
    async def inner():
        await asyncio.sleep(1)
        return asyncio.get_running_loop()

    def program():
        return (yield from aio(inner()))

    async def main():
        before = asyncio.get_running_loop()
        ours = minios.run(program(), clock=VirtualClock())
        assert asyncio.get_running_loop() is before is not ours
        await asyncio.sleep(0)

    stock = asyncio.SelectorEventLoop()
    stock.run_until_complete(main())
    stock.close()


# --- Again and again -------------------------------------------------------------------------


def test_generator_tasks_live_on_between_two_runs(virtual):
    log = []

    def generator():
        while True:
            yield Sleep(1)
            log.append(virtual.time())

    task = virtual.kernel.spawn(generator())
    virtual.run_until_complete(asyncio.sleep(2.5))
    assert log == [1, 2] and not task.done()
    virtual.run_until_complete(asyncio.sleep(2))
    assert log == [1, 2, 3, 4] and not task.done()
    task.kill()
    virtual.run_until_complete(asyncio.sleep(0))
    assert task.done()


def test_a_generator_that_awaits_lives_on_between_two_runs(virtual):
    log = []

    def generator(future):
        log.append((yield from aio(future)))

    future = virtual.create_future()
    virtual.kernel.spawn(generator(future))
    virtual.run_until_complete(asyncio.sleep(1))
    future.set_result("between the runs")
    assert log == []
    virtual.run_until_complete(asyncio.sleep(1))
    assert log == ["between the runs"]


def test_a_task_of_asyncio_lives_on_between_two_runs(virtual):
    async def forever():
        for _ in range(100):
            await Sleep(1)
        return "done"

    task = virtual.create_task(forever())
    virtual.run_until_complete(asyncio.sleep(10))
    assert not task.done()
    assert virtual.run_until_complete(task) == "done" and virtual.time() == 100


def test_the_loop_runs_on_when_all_generator_tasks_have_ended(virtual):
    async def main():
        await virtual.kernel.spawn(settle(1))
        await asyncio.sleep(10)
        return virtual.time()

    assert virtual.run_until_complete(main()) == 10


def test_a_kernel_that_runs_waits_for_the_tasks_of_asyncio_as_for_its_own(virtual):
    log = []

    async def coroutine():
        await asyncio.sleep(3)
        log.append(virtual.time())

    def generator():
        log.append(virtual.create_task(coroutine()))
        yield

    virtual.kernel.spawn(generator())
    virtual.kernel.run()
    assert log[1:] == [3]


# --- stop() ----------------------------------------------------------------------------------


def test_stop_ends_the_run_after_the_round(virtual):
    log = []

    def generator():
        while True:
            log.append("turn")
            yield

    virtual.kernel.spawn(generator())
    virtual.call_soon(virtual.stop)
    virtual.call_soon(log.append, "the same round")
    virtual.call_soon(lambda: virtual.call_soon(log.append, "the next round"))
    virtual.run_forever()
    assert "the same round" in log and "the next round" not in log
    virtual.call_soon(virtual.stop)
    virtual.run_forever()
    assert log.count("the next round") == 1


def test_stop_before_the_run_lets_one_round_be_turned(virtual):
    log = []
    virtual.kernel.spawn(noting(log, 3))
    virtual.call_soon(log.append, "callback")
    virtual.stop()
    virtual.run_forever()
    assert "callback" in log
    before = len(log)
    virtual.run_until_complete(asyncio.sleep(1))
    assert len(log) >= before and log.count("turn") == 3


def noting(log, turns):
    for _ in range(turns):
        log.append("turn")
        yield


def test_a_generator_task_may_stop_the_loop(virtual):
    def stops():
        yield Sleep(5)
        virtual.stop()
        yield Sleep(5)

    task = virtual.kernel.spawn(stops())
    virtual.run_forever()
    assert virtual.time() == 5 and not task.done()


def test_stop_is_refused_where_the_kernel_drives(virtual):
    def main():
        with pytest.raises(RuntimeError, match="ends when its main task does"):
            virtual.stop()
        yield from aio(asyncio.sleep(1))
        return "goes on"

    assert virtual.kernel.run(main()) == "goes on"


def test_a_loop_that_is_stopped_too_early_says_so(virtual):
    virtual.call_soon(virtual.stop)
    with pytest.raises(RuntimeError, match="Event loop stopped before Future completed"):
        virtual.run_until_complete(asyncio.sleep(100))


# --- Where there is no room for it ----------------------------------------------------------


def test_a_second_loop_on_a_kernel_is_refused_and_the_first_goes_on(native):
    loop = EventLoop(native_tasks=native)
    with pytest.raises(minios.KernelError, match="room for one"):
        EventLoop(kernel=loop.kernel)
    assert loop.run_until_complete(asyncio.sleep(0, "goes on")) == "goes on"
    loop.close()


def test_a_loop_for_which_no_descriptors_are_left_leaves_none_open(monkeypatch):
    def none_left(*_):
        raise OSError(errno.EMFILE, "too many open files")

    EventLoop().close()     # what is opened once
    before = sorted(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(socket, "socketpair", none_left)
    with pytest.raises(OSError, match="too many"):
        EventLoop()
    assert sorted(os.listdir("/proc/self/fd")) == before

"""run_kernel: a program of minios inside an asyncio program, on any loop."""

import asyncio
import os
import socket
import threading

import pytest

import minios
from minios.aio import EventLoop, run_kernel
from syscalls import Await, Offload, Park, Recv, Send, Sleep, Spawn, Wait


def stock():
    return asyncio.SelectorEventLoop()


def uv():
    return pytest.importorskip("uvloop").new_event_loop()


@pytest.fixture(params=[stock, uv, EventLoop], ids=["asyncio", "uvloop", "minios"])
def run(request):
    """Runs a coroutine on a loop of the kind, and looks at what it leaves."""
    loop = request.param()

    def run_on_loop(coro):
        return loop.run_until_complete(asyncio.wait_for(coro, 20))

    yield run_on_loop
    loop.close()


def number(n):
    yield Sleep(0.001 * n)
    return n


def test_what_the_routine_returns_is_returned_and_what_it_raises_is_raised(run):
    def fails():
        yield Sleep(0)
        raise LookupError("gone")

    assert run(run_kernel(number(3))) == 3
    with pytest.raises(LookupError, match="gone"):
        run(run_kernel(fails()))


def test_tasks_sockets_threads_and_futures_of_the_loop_work_in_it(run):
    def reader(sock):
        return (yield Recv(sock, 10))

    def main():
        found = []
        for task in [(minios.current_kernel().spawn(number(n))) for n in (2, 1)]:
            found.append((yield Wait(task)))
        left, right = socket.socketpair()
        with left, right:
            left.setblocking(False)
            right.setblocking(False)
            task = yield Spawn(reader(left))
            yield Sleep(0.001)
            yield Send(right, b"hi")
            found.append((yield Wait(task)))
        found.append((yield Offload(divmod, 7, 2)))
        found.append((yield Await(asyncio.sleep(0.001, "slept"))))
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, future.set_result, "set")
        found.append((yield Await(future)))
        return found

    assert run(run_kernel(main())) == [2, 1, b"hi", (3, 1), "slept", "set"]


def test_the_loop_goes_on_while_the_kernel_sleeps_and_several_kernels_at_once(run):
    async def main():
        ticks = 0

        async def ticker():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        beside = asyncio.ensure_future(ticker())
        found = await asyncio.gather(*[run_kernel(number(20)) for _ in range(5)])
        beside.cancel()
        return found, ticks

    found, ticks = run(main())
    assert found == [20] * 5 and ticks > 3


def test_a_cancelled_await_kills_the_routine_and_waits_until_it_has_cleaned_up(run):
    log = []

    def routine():
        try:
            yield Sleep(3600)
        finally:
            yield Sleep(0.002)
            log.append("clean")

    async def main():
        task = asyncio.ensure_future(run_kernel(routine()))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        log.append("heard")

    run(main())
    assert log == ["clean", "heard"]


def test_tasks_that_are_left_are_shut_down_at_its_end(run):
    log = []

    def left():
        try:
            yield Sleep(3600)
        finally:
            yield Sleep(0.001)
            log.append("clean")

    def main():
        yield Spawn(left())
        yield Sleep(0)
        return "over"

    assert run(run_kernel(main())) == "over"
    assert log == ["clean"]


def test_a_deadlock_is_an_error_of_it_and_the_loop_goes_on(run):
    def stuck():
        yield Park("nobody wakes this")

    with pytest.raises(minios.DeadlockError, match="nobody wakes this"):
        run(run_kernel(stuck()))
    assert run(run_kernel(number(1))) == 1


def test_a_call_from_a_thread_wakes_a_kernel_that_sleeps(run):
    def main():
        kernel = minios.current_kernel()
        deferred = minios.Deferred()
        kernel.hold()

        def answer():
            kernel.release()
            deferred.resolve("from a thread")

        threading.Timer(0.005, kernel.call_from_thread, [answer]).start()
        return (yield deferred)

    assert run(run_kernel(main())) == "from a thread"


def test_a_task_of_it_can_be_awaited_by_what_it_awaits(run):
    def main():
        task = yield Spawn(number(2))

        async def wait():
            return await task

        return (yield Await(wait()))

    assert run(run_kernel(main())) == 2


def test_it_leaves_no_descriptor_and_no_reader(run):
    run(run_kernel(number(1)))      # what is made once
    before = sorted(os.listdir("/proc/self/fd"))

    def fails():
        yield Await(asyncio.sleep(0.001))
        raise LookupError

    for _ in range(5):
        with pytest.raises(LookupError):
            run(run_kernel(fails()))
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_function_in_place_of_a_routine_is_told_how_to_call_it(run):
    with pytest.raises(TypeError, match=r"number\(\)"):
        run(run_kernel(number))

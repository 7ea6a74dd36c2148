"""The selector that a loop was given, and descriptors that both sides use at once."""

import asyncio
import os
import selectors
import signal
import socket

import pytest

import minios
from minios.aio import EventLoop
from syscalls import ReadWait, Sleep, Wait

from .mixture import all_kinds
from .worlds import awaiting, settle

SELECTORS = [getattr(selectors, name) for name in
             ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector",
              "KqueueSelector") if hasattr(selectors, name)]


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_selector_that_was_given_is_the_kernel_s_and_is_closed_with_the_loop(native, selector):
    given = selector()
    loop = EventLoop(given, native_tasks=native)
    assert loop.kernel.poller._selector is given
    loop.run_until_complete(all_kinds(loop.kernel))
    loop.close()
    assert given.get_map() is None


@pytest.mark.parametrize("selector", SELECTORS)
def test_one_descriptor_serves_a_generator_task_and_add_reader_at_once(native, selector):
    loop, log = EventLoop(selector(), native_tasks=native), []
    left, right = socket.socketpair()
    for sock in (left, right):
        sock.setblocking(False)

    def waits():
        for _ in range(3):
            yield ReadWait(left)
            log.append("task")
            yield Sleep(0)

    async def main():
        task = loop.kernel.spawn(waits())
        loop.add_reader(left, log.append, "reader")
        loop.add_writer(left, lambda: (log.append("writer"), loop.remove_writer(left)))
        right.send(b".")
        await task
        assert loop.remove_reader(left)
        seen = len(log)
        again = loop.kernel.spawn(waits())          # still readable, for the task alone
        await again
        assert log[seen:] == ["task"] * 3

    loop.run_until_complete(main())
    loop.close()
    left.close()
    right.close()
    assert log.count("task") == 6 and log.count("writer") == 1 and log.count("reader") >= 3


@pytest.mark.parametrize("order", ["task first", "reader first"])
@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGKILL])
def test_a_task_that_is_killed_leaves_the_reader_of_the_same_descriptor(loop, order, way, pipe):
    log, (reader, writer) = [], pipe

    def waits():
        yield ReadWait(reader)
        log.append("task")

    def read():
        log.append(os.read(reader, 10))

    async def main():
        if order == "reader first":
            loop.add_reader(reader, read)
        task = loop.kernel.spawn(waits())
        await asyncio.sleep(0)
        if order == "task first":
            loop.add_reader(reader, read)
        task.kill(way)
        with pytest.raises(asyncio.CancelledError):
            await task
        os.write(writer, b"data")
        while not log:
            await asyncio.sleep(0)
        loop.remove_reader(reader)

    loop.run_until_complete(main())
    assert log == [b"data"]
    assert not loop.kernel.poller.descriptors()


def test_two_tasks_may_not_read_one_descriptor_but_a_reader_of_the_loop_may(loop, pipe):
    def waits():
        yield ReadWait(pipe[0])

    def main():
        first = loop.kernel.spawn(waits())
        yield from settle(3)
        loop.add_reader(pipe[0], int)
        with pytest.raises(minios.ResourceBusyError):
            yield ReadWait(pipe[0])
        os.write(pipe[1], b".")
        yield Wait(first)
        loop.remove_reader(pipe[0])

    loop.run_until_complete(awaiting(loop.kernel, main()))

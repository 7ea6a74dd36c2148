"""Victims that run other programs. The clock is virtual all the same: what waits for a child
without a time limit waits in real time, and patience with a slow child ends at once."""

import errno
import os
import signal
import sys
from subprocess import DEVNULL, PIPE
from unittest import mock

from minios import run_process, start_process
from minios.kernel.clock import MonotonicClock
from syscalls import Sleep, Wait

from ..suspension_points import scenario

BIG = b"x" * 200_000        # more than a pipe takes at once


@scenario
def running_a_program(world):
    def victim():
        done = yield from run_process(["true"])
        assert done.returncode == 0

    yield from world.victim(victim())


@scenario
def running_a_program_with_input_and_output(world):
    async def victim():
        done = await run_process(["cat"], input=BIG, capture_output=True)
        assert done.stdout == BIG and done.stderr == b""

    yield from world.victim(victim())


@scenario
def running_a_program_that_does_not_want_to_end(world):
    def victim():
        yield from run_process(
            ["sh", "-c", "trap '' TERM INT; echo ready; exec sleep 0.05"], stdout=DEVNULL
        )

    yield from world.victim(victim())


@scenario
def a_child(world):
    def victim():
        with (yield from start_process(["cat"], stdin=PIPE, stdout=PIPE)) as child:
            yield from child.stdin.write(b"hello\n")
            assert (yield from child.stdout.readline()) == b"hello\n"
            output, errors = yield from child.communicate(b"bye")
            assert output == b"bye" and errors is None
            assert (yield from child.wait()) == 0

    yield from world.victim(victim())


@scenario
def a_child_in_a_coroutine(world):
    async def victim():
        async with await start_process(["sleep", "9"], stdin=DEVNULL) as child:
            await Sleep(1)
            child.kill()
            assert await child.wait() == -signal.SIGKILL
        async with await start_process(["sleep", "9"], stdin=DEVNULL):
            await Sleep(1)

    yield from world.victim(victim())


@scenario
def a_child_that_others_wait_for(world):
    child = yield from start_process(["sleep", "0.01"])

    def waits():
        assert (yield from child.wait()) == 0

    other = world.spawn(waits())
    yield from world.victim(waits())
    yield Wait(other)
    world.expect("children", child.returncode == 0)


@scenario(clock=MonotonicClock)
def a_child_that_a_thread_waits_for(world):
    """Where the system has no pidfd. Virtual time would stand still while the thread waits."""
    missing = OSError(errno.ENOSYS, "not here")
    world.resources.enter_context(mock.patch.object(os, "pidfd_open", side_effect=missing))

    def victim():
        with (yield from start_process(["sleep", "0.01"])) as child:
            assert (yield from child.wait()) == 0

    yield from world.victim(victim())


@scenario
def a_child_of_nobody(world):
    """Its task ends, and takes the child along."""
    def victim():
        yield from start_process([sys.executable, "-c", "input()"], stdin=PIPE, stdout=PIPE)
        yield Sleep(1)

    yield from world.victim(victim())

"""What the tests of the event loop share: both makes of task, a limit of patience, kernels, fds."""

import faulthandler
import gc
import os
import signal

import pytest

import minios
from minios.aio import EventLoop
from minios.sim import VirtualClock

from .worlds import put_away

PATIENCE = 30       # seconds: a safety net for what hangs, never what a test measures


@pytest.fixture(autouse=True)
def patience():
    """Fail a test that hangs; what does not even listen to that ends with all stacks printed."""
    def give_up(signum, frame):
        pytest.fail(f"it hangs: not done within {PATIENCE} s")

    faulthandler.dump_traceback_later(3 * PATIENCE, exit=True)
    previous = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE, 5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module", autouse=True)
def little_garbage():
    """Let the collector, which is asked often here, not look at all of pytest each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(params=[False, True], ids=["C tasks", "native tasks"])
def native(request):
    """Which tasks the loop makes: asyncio's own, or native ones."""
    return request.param


@pytest.fixture
def loop(native):
    """A loop in real time on a kernel of its own; closed afterwards."""
    loop = EventLoop(native_tasks=native)
    yield loop
    loop.close()


@pytest.fixture
def virtual(native):
    """A loop on a kernel with a virtual clock; closed afterwards."""
    kernel = minios.Kernel(clock=VirtualClock())
    loop = EventLoop(kernel=kernel, native_tasks=native)
    yield loop
    loop.close()
    put_away(kernel)


@pytest.fixture
def pipe():
    """The two ends of a pipe, neither of which blocks; closed afterwards unless the test has."""
    ends = os.pipe()
    for fd in ends:
        os.set_blocking(fd, False)
    known = [os.fstat(fd).st_ino for fd in ends]
    yield ends
    for fd, inode in zip(ends, known, strict=True):
        try:
            if os.fstat(fd).st_ino == inode:
                os.close(fd)
        except OSError:
            pass

"""What the tests share: a kernel on a virtual clock, so that nothing sleeps for real."""

import socket

import pytest

import minios
from minios.sim import VirtualClock


@pytest.fixture
def run():
    """minios.run on a virtual clock."""

    def run(routine, **options):
        return minios.run(routine, **{"clock": VirtualClock(), **options})

    return run


@pytest.fixture
def kernel():
    """A kernel on a virtual clock that has not been booted."""
    return minios.Kernel(clock=VirtualClock())


@pytest.fixture
def pair():
    """Two connected sockets, closed afterwards."""
    left, right = socket.socketpair()
    yield left, right
    left.close()
    right.close()

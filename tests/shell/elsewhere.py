"""A kernel that runs in a thread of its own, to be looked at from another."""

import threading
from contextlib import contextmanager

import minios
from minios.shell.system import System
from syscalls import Park

_TURNS = 5          # that each has had then
_PATIENCE = 20      # seconds, after which a test fails instead of hanging


@contextmanager
def elsewhere(*routines, rights=("rw", "py"), **options):
    """A System of a kernel in another thread, in which `routines` run as tasks 2, 3 ...; each has
    had a few turns. A routine that holds the CPU has to be let go before the block ends."""
    kernel = minios.Kernel(**options)
    ready, over = threading.Event(), threading.Event()

    def main():
        kernel.hold()           # somebody may come at any time: no deadlock
        for routine in routines:
            kernel.spawn(routine)
        for _ in range(_TURNS):
            yield
        ready.set()
        while not over.is_set():
            yield Park(over)
        kernel.release()

    def end():
        over.set()
        kernel.parking.wake(over, None, None)

    thread = threading.Thread(target=kernel.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(_PATIENCE)
    try:
        yield System(kernel, rights)
    finally:
        kernel.call_from_thread(end)
        thread.join(_PATIENCE)
        assert not thread.is_alive()


class Hog:
    """A routine that holds the CPU, from when `begun` is set until `let_go` is."""

    def __init__(self):
        self.begun, self.let_go = threading.Event(), threading.Event()

    def routine(self):
        for _ in range(2 * _TURNS):
            yield
        self.begun.set()
        while not self.let_go.is_set():
            pass

    def line(self):
        """The number of the line in which it loops, and of the one behind."""
        first = self.routine.__func__.__code__.co_firstlineno
        return {first + 4, first + 5}


@contextmanager
def hogged():
    """A System of a kernel in another thread whose task 2 holds the CPU, and that Hog."""
    hog = Hog()
    with elsewhere(hog.routine(), slow_turn=float("inf")) as system:
        assert hog.begun.wait(_PATIENCE)
        try:
            yield system, hog
        finally:
            hog.let_go.set()


def three_locks():
    """Routines of three tasks that wait for each other's lock in a circle, and the lines where they
    take their first lock, and wait for their second."""
    locks = [minios.Lock() for _ in range(3)]

    def taker(first, second):
        with (yield from first):
            yield
            yield
            with (yield from second):
                pass

    line = taker.__code__.co_firstlineno
    routines = [taker(locks[n], locks[(n + 1) % 3]) for n in range(3)]
    return routines, line + 1, line + 4

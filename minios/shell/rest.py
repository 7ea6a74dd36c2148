"""REST: what a program yields between two slices of work.

A bare `yield` queues the task behind those that are ready, and where nobody else is, it has its
next turn at once: the kernel polls and looks at its timers only now and then, after a number of
turns, not of seconds. Sleeping until a moment that has passed takes no time, and lets everybody
in whose descriptor is ready or whose timer is due.

In a console, those that are to come in are in another thread. Python lets go of its global lock
when a thread has waited for it for 5 ms, and forgets how long it has if the lock is given up and
taken again meanwhile, as it is in each of our slices: it would wait for as long as we work. So the
lock is given up for longer than another thread takes to wake up.
"""

from time import sleep

from syscalls import SleepUntil

__all__ = ["REST"]

_HANDOVER = 0.00005     # seconds; with the time that the system adds, about twice as much


class _Rest(SleepUntil):
    """Let everybody else in, of this kernel and of other threads. Returns None."""

    __slots__ = ()

    def __init__(self):
        super().__init__(0.0)

    def handle(self, kernel, task):
        sleep(_HANDOVER)
        super().handle(kernel, task)

    def arguments(self):
        return []


REST = _Rest()

"""REST: what a program yields between two slices of work.

A bare `yield` queues the task behind those that are ready, and where nobody else is, it has its
next turn at once: the kernel polls and looks at its timers only now and then, after a number of
turns, not of seconds. Sleeping until a moment that has passed takes no time, and lets everybody
in whose descriptor is ready or whose timer is due.
"""

from syscalls import SleepUntil

__all__ = ["REST"]

REST = SleepUntil(0.0)

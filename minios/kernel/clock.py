"""The clock device. Another one may take its place: see minios.sim.VirtualClock."""

from __future__ import annotations

import math
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Clock(Protocol):
        """The clock device: see clock.py."""

        jumps: bool

        def now(self) -> float:
            """Seconds; only differences mean much."""

        def wait(self, until: float | None, poll: Callable[..., int], outside: bool) -> None:
            """Let time pass until `until`, or until something is ready."""

__all__ = ["MonotonicClock"]


class MonotonicClock:
    """Real time that never goes backwards (clock_gettime(2), CLOCK_MONOTONIC).

    A clock has `now()`; `wait(until, poll, outside)`, by which the kernel spends the time in
    which nothing is ready; and `jumps`, whether that takes no real time.
    """

    __slots__ = ()

    jumps = False
    now = staticmethod(time.monotonic)

    def wait(self, until, poll, outside):
        """Let time pass until `until` (None: without end), or until something is ready.

        `poll(seconds)` blocks at most so long and returns how many descriptors were ready;
        `outside` says whether other threads owe the kernel an answer.
        """
        if until is None or until == math.inf:
            poll(None)
        else:
            poll(max(0.0, until - time.monotonic()))

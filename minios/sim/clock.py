"""A clock that jumps: a day of sleeping takes milliseconds, in the same order every time."""

from __future__ import annotations

import math

__all__ = ["VirtualClock"]


class VirtualClock:
    """Time that stands still while anything runs and jumps to the next timer when nothing can.

        minios.run(main(), clock=minios.sim.VirtualClock())

    Descriptors that are ready at that moment are served first. While a thread owes the kernel
    an answer (`kernel.hold()`), time waits for it: how long real work takes in virtual time
    would otherwise depend on the machine.
    """

    __slots__ = ("_now",)

    jumps = True

    def __init__(self, start: float = 0.0) -> None:
        self._now = float(start)

    def now(self) -> float:
        """Seconds since `start`, as far as time has jumped."""
        return self._now

    def wait(self, until, poll, outside):
        """Jump to `until`, unless something is ready or expected from outside."""
        if outside or until is None or until == math.inf:
            poll(None)
        elif not poll(0.0):
            self._now = max(self._now, until)

    def advance(self, seconds: float) -> None:
        """Let `seconds` (>= 0) pass. Timers that come due fire in the kernel's next round."""
        if not 0 <= seconds < math.inf:
            raise ValueError(f"time advances by a finite number of seconds >= 0, not {seconds!r}")
        self._now += seconds

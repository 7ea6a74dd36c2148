"""The clock of a kernel on which an event loop lives: time is what `loop.time()` says.

Tests and users replace `loop.time`, on the object or in a subclass, and expect the loop's timers
to follow; those of tasks are in the same heap. The device underneath, real or virtual, is what
`EventLoop.time` itself reads.
"""

from __future__ import annotations

import math

__all__ = ["LoopClock"]


class LoopClock:
    """Reads `loop.time()`; lets time pass as `device` does."""

    def __init__(self, loop, device):
        self._loop = loop
        self.device = device
        self.jumps = device.jumps

    def now(self):
        """Seconds, as the loop tells them."""
        return self._loop.time()

    def wait(self, until, poll, outside):
        """Let time pass until `until`, as the loop tells it, or until something is ready."""
        if until is not None and until != math.inf:
            # The device's own time may be another than what the loop makes of it.
            until = self.device.now() + max(0.0, until - self._loop.time())
        self.device.wait(until, poll, outside)

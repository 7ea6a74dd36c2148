"""The loop's timers, in the kernel's heap, beside those of sleeping tasks.

A TimerHandle of asyncio that is due goes into the loop's ready queue, where its turn comes in the
same round.
"""

from __future__ import annotations

import asyncio

__all__ = ["ScheduledView", "TimerHandle"]


class TimerHandle(asyncio.TimerHandle):
    """What `call_at` and `call_later` return: an owner of an entry in the kernel's heap."""

    __slots__ = ("token",)

    def expired(self, kernel):
        """Kernel side: the moment has come."""
        self._scheduled = False
        self._loop._ready.append(self)


class ScheduledView:
    """What the loop has in the kernel's heap: `_scheduled` of a loop, which elsewhere is a list."""

    __slots__ = ("_loop", "_timers")

    def __init__(self, loop, timers):
        self._loop, self._timers = loop, timers

    def _own(self):
        owners = [owner for owner in self._timers.owners()
                  if isinstance(owner, TimerHandle) and owner._loop is self._loop]
        return sorted(owners)

    def __len__(self):
        return len(self._own())

    def __iter__(self):
        return iter(self._own())

    def __getitem__(self, index):
        return self._own()[index]

    def clear(self):
        """Cancel all, and those of tasks stay: the loop is being closed."""
        for handle in self._own():
            self._timers.cancel(handle)
            handle._scheduled = False
        self._timers.purge()        # those cancelled earlier would keep the loop alive

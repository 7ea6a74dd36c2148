"""Backlog: events on their way from the kernel that is observed to the task that prints them.

Those two may be on the same kernel or in different threads. The backlog is bounded: what comes
while it is full is lost, and counted, because the observed program is not to wait for who looks at
it.
"""

from __future__ import annotations

from collections import deque

__all__ = ["Backlog"]


class Backlog:
    """A bounded queue with one reader. `wake()` is called, in the thread of whoever puts something,
    when the reader has said that it waits. `lost` counts what found no room."""

    def __init__(self, limit, wake):
        self.lost = 0
        self.closed = False
        self._limit, self._wake = limit, wake
        self._events = deque()
        self._waiting = False

    def put(self, event):
        """Add an event; safe in any thread."""
        if len(self._events) >= self._limit:
            self.lost += 1
            return
        self._events.append(event)
        self._stir()

    def close(self):
        """Nothing more comes."""
        self.closed = True
        self._stir()

    def _stir(self):
        if self._waiting:
            self._waiting = False
            self._wake()

    def take(self, n):
        """Up to `n` events, oldest first, as a list."""
        popleft, events = self._events.popleft, self._events
        return [popleft() for _ in range(min(n, len(events)))]

    def is_empty(self):
        """Whether the reader has to wait; then `wake` will be called.

        First said, then looked: what is put in between is seen here or wakes.
        """
        self._waiting = True
        if self._events or self.closed:
            self._waiting = False
            return False
        return True

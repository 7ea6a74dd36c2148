"""The lookout: finds the descriptors that were closed behind the kernel's back.

Policy. Whoever closes a descriptor without Close tells nobody, and epoll drops it in silence, so
the only way to wake its waiter is to look. Few descriptors are looked at before every poll that
comes after a turn. Of many, a slice at a time, so that nobody is held up by it, as often as a small
share of the time allows; and before the kernel sleeps for long, it has looked at all. What other
threads close, and what is closed by its number alone, is found by a thorough look, now and then.
"""

import time

__all__ = ["Lookout"]

_SWEEP = 1.0            # seconds between two thorough looks
_FEW = 8                # descriptors that are looked at before every poll
_SLICE = 32             # descriptors that are looked at in one go
_SHARE = 100            # of the time, at most one part in so many goes into looking at more


class Lookout:
    """Looks at `descriptors`, the poller's own table; `lost(descriptor)` is called for each that
    turns out to be closed."""

    __slots__ = (
        "stale", "_descriptors", "_lost", "_unseen", "_thorough", "_next_look", "_next_thorough",
    )

    def __init__(self, descriptors, lost):
        self.stale = True           # tasks have run since it began to look
        self._descriptors, self._lost = descriptors, lost
        self._unseen = []           # descriptors that are still to be looked at
        self._thorough = False
        self._next_look = self._next_thorough = 0.0

    def look(self, now):
        """Look at some descriptors if it is time to, as the monotonic clock reads `now`.

        Returns how many seconds the kernel may block.
        """
        if len(self._descriptors) <= _FEW and now < self._next_thorough:
            return self._look_at_few(now)
        if now >= self._next_look and (self._unseen or self._begin_to_look(now)):
            thorough = self._thorough
            part, self._unseen = self._unseen[:_SLICE], self._unseen[_SLICE:]
            closed = [each for each in part if each.was_closed(thorough)]
            if closed:      # who closes one often closes more
                closed += [each for each in self._unseen if each.was_closed(thorough)]
                self._unseen = []
            for descriptor in closed:
                if self._descriptors.get(descriptor.fd) is descriptor:
                    self._lost(descriptor)
            self._next_look = now + (time.monotonic() - now) * _SHARE
            if closed:
                return 0.0
        if self._unseen or self.stale:
            return max(0.0, self._next_look - now)
        return max(0.0, min(_SWEEP, self._next_thorough - now))

    def _look_at_few(self, now):
        if self.stale:
            self.stale, self._unseen = False, ()
            closed = [each for each in self._descriptors.values() if each.was_closed()]
            if closed:
                for descriptor in closed:
                    self._lost(descriptor)
                return 0.0
        return self._next_thorough - now

    def _begin_to_look(self, now):
        """Whether it is time to look at all descriptors once more, from now on."""
        self._thorough = now >= self._next_thorough
        if not self._thorough and not self.stale:
            return False
        self.stale = False
        self._unseen = list(self._descriptors.values())
        if self._thorough:
            self._next_thorough = now + _SWEEP * (1 + len(self._unseen) / 1000)
        return True

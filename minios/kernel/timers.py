"""The timer queue: a heap of (when, order, owner), cancelled lazily.

A timer is live as long as its owner still holds it as `token`; whoever cancels lets go of
the token and leaves the entry in the heap, because finding it there would cost O(n). When
most of the heap is dead it is rebuilt, so that a program which sets and cancels a million
timeouts keeps no more entries than twice what is live. `order` makes timers that are due at
the same moment fire in the order in which they were set.
"""

from heapq import heapify, heappop, heappush
from itertools import count

__all__ = ["Timer", "Timers"]

_SMALL = 64     # a heap below this size is not worth rebuilding


class Timer:
    """A function to be called at a moment of the kernel's clock; made by `Kernel.call_at`."""

    __slots__ = ("token", "_timers", "_function", "_arguments")

    def __init__(self, timers, function, arguments):
        self.token = None
        self._timers, self._function, self._arguments = timers, function, arguments

    def cancel(self):
        """Do not call the function any more. Harmless after it has been called."""
        self._timers.cancel(self)
        self._function = self._arguments = None

    def moved(self, timers, when):
        """Kernel side: from now on, `timers` has this timer."""
        self._timers = timers
        timers.start(self, when)

    def expired(self, kernel):
        """Kernel side: the moment has come."""
        function, arguments = self._function, self._arguments
        self._function = self._arguments = None
        kernel.run_callback(function, arguments)


class Timers:
    """The heap. An owner is a task or a Timer: it has a `token` and `expired(kernel)`."""

    __slots__ = ("_heap", "_dead", "_order")

    def __init__(self):
        self._heap = []
        self._dead = 0
        self._order = count()

    def __len__(self):
        return len(self._heap) - self._dead

    def start(self, owner, when):
        """Let `owner` expire when the clock reads `when`. An owner has one timer at a time.

        Raises TypeError or ValueError for what is no moment: it would spoil the heap.
        """
        if type(when) is not float or when != when:
            when = _moment(when)
        owner.token = entry = (when, next(self._order), owner)
        heappush(self._heap, entry)

    def cancel(self, owner):
        """Let `owner` not expire. Harmless where it has no timer."""
        if owner.token is not None:
            owner.token = None
            self._dead += 1
            if self._dead > _SMALL and self._dead * 2 > len(self._heap):
                self._rebuild()

    def next_due(self):
        """When the first live timer is due, None where there is none."""
        heap = self._heap
        while heap:
            entry = heap[0]
            if entry[2].token is entry:
                return entry[0]
            heappop(heap)
            self._dead -= 1
        return None

    def expire(self, now, kernel):
        """Expire all that is due at `now`, in order."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            entry = heappop(heap)
            owner = entry[2]
            if owner.token is entry:
                owner.token = None
                owner.expired(kernel)
            else:
                self._dead -= 1

    def move_to(self, other):
        """Let another heap, with the same clock, have the timers of this one."""
        for when, _, owner in sorted(self._heap, key=lambda entry: entry[:2]):
            if owner.token is not None:
                owner.moved(other, when)
        self._heap.clear()
        self._dead = 0

    def purge(self):
        """Let go of the owners whose timers were cancelled."""
        self._rebuild()

    def owners(self):
        """The owners of the live timers, in no order: for checks and reports."""
        return [entry[2] for entry in self._heap if entry[2].token is entry]

    def _rebuild(self):
        self._heap = [entry for entry in self._heap if entry[2].token is entry]
        heapify(self._heap)
        self._dead = 0


def _moment(when):
    try:
        moment = float(when)
    except OverflowError:
        moment = float("inf")
    if moment != moment:
        raise ValueError(f"{when!r} is no moment of the clock")
    return moment

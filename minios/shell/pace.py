"""Pace: work in slices, so that a program that looks at 100,000 tasks holds up nobody.

    pace = Pace()
    for task in tasks:
        ...
        if pace.is_over():
            yield REST      # see rest.py
"""

from time import perf_counter

__all__ = ["Pace"]

_SLICE = 0.004      # seconds; what a turn of a program may take
_STRIDE = 32        # items between two looks at the clock, which take as long as an item


class Pace:
    """Tells when a slice of work is over."""

    __slots__ = ("_left", "_until")

    def __init__(self):
        self._left = _STRIDE
        self._until = perf_counter() + _SLICE

    def is_over(self):
        """Whether to give up the turn now; then the next slice begins when it comes back.

        To be asked once an item, and to be followed by `yield REST` where it says yes.
        """
        self._left -= 1
        if self._left:
            return False
        self._left = _STRIDE
        if self._until is None:         # the turn was given up in between
            self._until = perf_counter() + _SLICE
            return False
        if perf_counter() < self._until:
            return False
        self._until = None
        return True

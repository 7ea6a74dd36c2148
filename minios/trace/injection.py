"""Faults that are injected into calls, in strace's syntax: `recv:error=ECONNRESET:when=3+2`.

`when` counts, for each task, the calls that the set matches: `3` the third alone, `3+` the third
and all behind it, `3+2` the third, fifth and so on, `3..6` the third to the sixth, `3..9+2` every
second of those; without it, all of them.
"""

from __future__ import annotations

import errno
import os
import re
from weakref import WeakKeyDictionary

from .selection import Selection

__all__ = ["Injection"]

_WHEN = re.compile(r"(\d+)(?:\.\.(\d+))?(?:(\+)(\d*))?")


class Injection:
    """One `inject=` expression. Raises ValueError for one that cannot be read."""

    def __init__(self, expression):
        calls, _, rest = expression.partition(":")
        self.calls = Selection(calls)
        self._number = None
        self._first, self._last, self._step = 1, None, 1
        self._made = WeakKeyDictionary()        # how many of them each task has made
        for word in rest.split(":"):
            key, _, value = word.partition("=")
            if key == "error":
                self._number = _errno(value)
            elif key == "when":
                self._set_when(value)
            else:
                raise ValueError(f"invalid inject argument '{word}': give SET:error=ERRNO[:when=N]")
        if self._number is None:
            raise ValueError(f"'{expression}' names no error: give SET:error=ERRNO[:when=N]")

    def _set_when(self, text):
        match = _WHEN.fullmatch(text)
        first, last, plus, step = match.groups() if match else (0, None, None, None)
        self._first = int(first)
        self._last = int(last) if last else None if plus else self._first
        self._step = int(step) if step else 1
        if not self._first or not self._step or (last and int(last) < self._first):
            raise ValueError(f"invalid when '{text}': give N, N+, N+STEP, N..M or N..M+STEP")

    def fault(self, task, name):
        """The error that this call is to fail with; None if it is not to."""
        if name not in self.calls:
            return None
        number = self._made[task] = self._made.get(task, 0) + 1
        if number < self._first or (self._last is not None and number > self._last):
            return None
        if (number - self._first) % self._step:
            return None
        return OSError(self._number, os.strerror(self._number))


def _errno(word):
    number = int(word) if word.isdigit() else getattr(errno, word, None)
    if not isinstance(number, int) or number not in errno.errorcode:
        raise ValueError(f"invalid error '{word}': give a name of errno(3), as in ECONNRESET")
    return number

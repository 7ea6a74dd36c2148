"""What is called when a Deferred is settled: see deferreds.py.

Each kind has `called(source, settled)`, where `source` is the Deferred. One that settles another
thereby adds it to the list `settled`, and leaves it to the caller to tell those who wait for
that one: a chain of any length is worked off in a loop.
"""

from syscalls.errors import TaskKilledError

from .log import log

__all__ = ["REJECTED", "RESOLVED", "Callback", "Part", "Then"]

RESOLVED, REJECTED = "resolved", "rejected"


class Callback:
    """A user's function, for some of the states."""

    __slots__ = ("_states", "_function")

    def __init__(self, states, function):
        if not callable(function):
            raise TypeError(f"a callback is a function, not {function!r}")
        self._states, self._function = states, function

    def called(self, source, settled):
        if source._state in self._states:
            try:
                self._function(source._value)
            except Exception as error:
                log("ERROR", "a callback of %r failed: %r", source, self._function, error=error)


class Then:
    """`target` follows what `f` or `g` makes of the outcome."""

    __slots__ = ("_target", "_f", "_g")

    def __init__(self, target, f, g):
        self._target, self._f, self._g = target, f, g

    def called(self, source, settled):
        target = self._target
        function = self._f if source._state is RESOLVED else self._g
        try:
            if function is None:
                now = target._set(source._state, source._value)
            else:
                now = target._follow(function(source._value))
        except BaseException as error:
            now = target._set(REJECTED, error)
            if not isinstance(error, Exception):
                raise           # SystemExit concerns others, too
        finally:
            if now:
                settled.append(target)


class Part:
    """One of the outcomes that `when` collects: `values` are those of the parts, by index."""

    __slots__ = ("_target", "_values", "_index", "_n")

    def __init__(self, target, values, index, n):
        self._target, self._values, self._index, self._n = target, values, index, n

    def called(self, source, settled):
        values, target = self._values, self._target
        if source._state is REJECTED:
            now = target._set(REJECTED, source._value)
            if not now:
                _log_late(target, source._value)
        else:
            values[self._index] = source._value
            all_here = len(values) == self._n
            now = all_here and target._set(RESOLVED, [values[i] for i in range(self._n)])
        if now:
            settled.append(target)


def _log_late(target, error):
    """One more of those that `target` stands for has failed."""
    if error is not target._value and not isinstance(error, TaskKilledError):
        log("ERROR", "%r has been rejected already; one more error", target, error=error)

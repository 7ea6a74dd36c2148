"""In Python's development mode (`python -X dev`): operations that nobody has waited for.

`queue.put(item)` alone on a line makes a generator and drops it; nothing is put. Python warns of
a coroutine that was never awaited, but of no generator. In development mode, what a blocking
function returns is therefore wrapped in an object that does.
"""

from functools import wraps

from syscalls.describe import caller_site, file_and_line

__all__ = ["watched"]


def watched(function):
    """Let what the generator function `function` returns warn if it is dropped unused."""

    @wraps(function)
    def make(*args, **kwargs):
        return _Watched(function(*args, **kwargs), caller_site())

    return make


class _Watched:
    """A generator that warns when it is forgotten before it has begun."""

    __slots__ = ("_routine", "_site", "_used", "__weakref__")

    def __init__(self, routine, site):
        self._routine, self._site, self._used = routine, site, False

    def __iter__(self):
        self._used = True
        return self._routine

    def __await__(self):
        # Python refuses a generator that is awaitable itself as the result of `__await__`.
        return (yield from iter(self))

    def __next__(self):
        return self.send(None)

    def send(self, value):
        self._used = True
        return self._routine.send(value)

    def throw(self, *error):
        self._used = True
        return self._routine.throw(*error)

    def close(self):
        self._used = True
        self._routine.close()

    def __getattr__(self, name):
        return getattr(self._routine, name)

    def __del__(self):
        if not self._used:
            import warnings

            warnings.warn(
                f"{self._routine.__qualname__}() of {file_and_line(*self._site)} was never waited "
                "for: write `yield from` before it, or `await` in a coroutine",
                RuntimeWarning, stacklevel=2, source=self._routine,
            )

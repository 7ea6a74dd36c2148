"""Obituaries: how the last tasks ended that did not end well, for `why` and `ps -Z`.

Of such a task is kept what it was and how it ended, and nothing that it held: an error's traceback
would keep its frames alive, and sockets in them. So of the traceback the places are kept.
"""

from __future__ import annotations

from syscalls.describe import file_and_line, place_text
from syscalls.errors import TaskKilledError

__all__ = ["KEPT", "Obituary"]

KEPT = 64       # how many a kernel remembers
_DEEPEST = 50   # places of a traceback that are kept


class Obituary:
    """One task that was killed or failed.

    `signum`, `killer` (a tid or None) and `place` tell of the kill, None where there was none;
    `error` is the text of what it raised. `ended_at` is on the kernel's clock.
    """

    __slots__ = ("tid", "name", "ptid", "group", "ended_at", "signum", "killer", "error",
                 "_born", "_place", "_places")

    def __init__(self, task, error, failure, now):
        self.tid, self.name, self.ptid, self.group = task.tid, task.name, task.ptid, task.group
        self.ended_at = now
        self._born = task._code, task._lasti
        # `failure` is what those hear who wait for it.
        self.signum = self.killer = None
        self._place, self.error = "", ""
        if isinstance(failure, TaskKilledError):
            self.signum, self.killer, self._place = failure.signum, failure.killer, failure._place
        else:
            self.error = _text(error)
        self._places = _places(error.__traceback__)

    @property
    def spawned_at(self) -> str:
        """The file:line where it was spawned."""
        return file_and_line(*self._born)

    @property
    def place(self) -> str:
        """The file:line that it was sent from."""
        return place_text(self._place)

    @property
    def trace(self) -> list[str]:
        """The places of the traceback, outermost first: `file.py:12 in function`."""
        return [f"{code.co_filename}:{line} in {code.co_qualname}" for code, line in self._places]


def _places(trace):
    found = []
    while trace is not None and len(found) < _DEEPEST:
        found.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    return found


def _text(error):
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__

"""What can go wrong, by name: the errno.h of minios.

They live at the door because both sides use them: the kernel raises them and tasks catch
them. `minios.errors` and `minios` re-export every name.
"""

from __future__ import annotations

from .describe import place_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    Place = str | tuple[CodeType, int]      # where a signal was sent from: see describe.py

__all__ = [
    "BrokenBarrierError",
    "Cancelled",
    "DeadlockError",
    "IncompleteReadError",
    "KernelError",
    "LimitOverrunError",
    "NoSuchTaskError",
    "OwnerEndedError",
    "QueueClosedError",
    "QueueEmptyError",
    "QueueFullError",
    "ResourceBusyError",
    "ScopeError",
    "TaskKilledError",
    "TaskLimitError",
]


class KernelError(RuntimeError):
    """The kernel was asked for something that it cannot do; the message says what to do."""


class NoSuchTaskError(KernelError, LookupError):
    """No task has this tid: it never existed, or it ended and has been forgotten."""


class ResourceBusyError(KernelError):
    """Another task already waits for this descriptor in this direction."""


class TaskLimitError(KernelError):
    """The process table is full: `Kernel(max_tasks=...)` tasks are alive."""


class DeadlockError(KernelError):
    """Nothing can ever run again.

    `cycle` is the list of tids that wait for each other in a circle, empty where the tasks
    wait for something that nobody is left to do. The message names every task.
    """

    def __init__(self, report: str, cycle: list[int] | None = None) -> None:
        super().__init__(report)
        self.cycle = cycle or []


class _Sent(BaseException):
    """An error that tells of a signal. Where that was sent from is kept as it came, and looked up
    when it is asked for: that takes longer than a kill."""

    _place: Place

    def _fields(self) -> tuple[Any, ...]:
        """The arguments of the constructor."""
        raise NotImplementedError

    @property
    def place(self) -> str:
        """The file:line that the signal was sent from; empty if unknown."""
        return place_text(self._place)

    @place.setter
    def place(self, place: str) -> None:
        self._place = place

    @property
    def args(self) -> tuple[Any, ...]:  # type: ignore[override]
        """The arguments, as every exception has them."""
        return self._fields()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._fields(), vars(self) | {"_place": self.place}

    def __repr__(self):
        return f"{type(self).__name__}{self._fields()}"


class TaskKilledError(_Sent, KernelError):
    """Raised in whoever waits for a task that was killed.

    `tid` and `name` are the task's, `signum` is the signal, `killer` the tid of the task that
    sent it (None where no task did), `place` the file:line that it was sent from.
    """

    def __init__(self, tid: int, name: str, signum: int, killer: int | None, place: Place) -> None:
        self.tid, self.name, self.signum = tid, name, signum
        self.killer, self._place = killer, place

    def _fields(self):
        return self.tid, self.name, self.signum, self.killer, self.place

    def __str__(self) -> str:
        by = "the kernel" if self.killer is None else f"task {self.killer}"
        where = f" at {self.place}" if self.place else ""
        return f"task {self.tid} ({self.name}) was killed by {by} with signal {self.signum}{where}"


class _Leaving(BaseException):
    """The base of Cancelled, where `minios.aio` puts asyncio's CancelledError in its place.

    (Python lets the base of an exception be exchanged only for one that is a class like this.)
    """


class Cancelled(_Sent, _Leaving):
    """Thrown into a task that is killed, at the call that it is blocked on.

    It is a BaseException so that `except Exception` does not swallow it, and not the error
    that waiters see (TaskKilledError), so that a task never mistakes another's end for its
    own. `signum`, `killer` and `place` are as in TaskKilledError. Where `minios.aio` has been
    imported it is an asyncio.CancelledError as well.
    """

    def __init__(self, signum: int = 15, killer: int | None = None, place: Place = "") -> None:
        self.signum, self.killer, self._place = signum, killer, place

    def _fields(self):
        return self.signum, self.killer, self.place

    def outcome(self, tid: int, name: str) -> KernelError:
        """What those who wait for a task hear when this has ended it."""
        return TaskKilledError(tid, name, self.signum, self.killer, self._place)

    def __str__(self) -> str:
        by = "the kernel" if self.killer is None else f"task {self.killer}"
        return f"signal {self.signum} from {by}" + (f" at {self.place}" if self.place else "")


# --- Of the library ------------------------------------------------------------------------


class OwnerEndedError(KernelError):
    """The task that holds this lock has ended without releasing it (EOWNERDEAD of
    pthread_mutexattr_setrobust(3)): what the lock protects may be half changed."""


class BrokenBarrierError(KernelError):
    """A task left the barrier before all had come, or the barrier was aborted."""


class QueueClosedError(KernelError):
    """The queue is closed: nothing more can be put, or nothing is left to get."""


class QueueEmptyError(KernelError):
    """Nothing can be got from the queue without waiting."""


class QueueFullError(KernelError):
    """Nothing can be put into the queue without waiting."""


class ScopeError(KernelError):
    """A scope (a timeout, a task group) was left in the wrong order or by the wrong task.

    Generators make it easy: one that is abandoned in the middle of its `with` block leaves it
    whenever it is closed. The message names the places where the scopes were entered.
    """


class IncompleteReadError(EOFError):
    """The stream ended before what was asked for had arrived.

    `partial` is what did arrive, bytes; `expected` how many there should have been, None where
    a separator was looked for.
    """

    def __init__(self, partial: bytes, expected: int | None) -> None:
        super().__init__(partial, expected)
        self.partial, self.expected = partial, expected

    def __str__(self) -> str:
        wanted = "a separator" if self.expected is None else f"{self.expected} bytes"
        return f"the stream ended after {len(self.partial)} bytes, before {wanted}"


class LimitOverrunError(ValueError):
    """What was asked for does not fit into the stream's buffer, whose `limit` is in bytes.

    It is still in the buffer: `read()` gives it away piece by piece.
    """

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(what, limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.args[0]} is longer than the stream's limit of {self.limit} bytes"

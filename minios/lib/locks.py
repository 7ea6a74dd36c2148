"""Lock and RLock: one task at a time.

Policy. A lock that is released while others wait is handed to the longest waiter at once, before
that one runs, so that nobody who comes in between can take it (no barging). A task that ends
with a lock in its hands may have left half changed what the lock protects, and nobody would
release it: those who wait for it, and those who come later, get OwnerEndedError (a robust
mutex, pthread_mutexattr_setrobust(3)) until somebody has put things right and says `release()`.

A lock that nobody contends for costs an attribute: the kernel hears of it only when somebody
waits. And it keeps the place where it was taken, as two numbers that are made into a line only when
somebody asks, since that is what one who looks into a deadlock wants to know.
"""

from __future__ import annotations

from collections import namedtuple
from sys import _getframe

from syscalls import Park
from syscalls.base import running
from syscalls.describe import file_and_line
from syscalls.errors import KernelError, OwnerEndedError
from syscalls.parking import parked, wake

from ..kernel.current import current_kernel, current_task
from .blocking import blocking
from .holding import Holdable, Holding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ..kernel import Task

__all__ = ["Lock", "RLock"]

LockStatistics = namedtuple("LockStatistics", "locked owner waiting")
LockStatistics.__doc__ = """`owner` is the Task that holds the lock, or None; `waiting` how many
tasks wait for it."""


class Lock(Holdable):
    """A mutual exclusion lock, first come first served. Not re-entrant.

        with (yield from lock):
            ...
    """

    __slots__ = ("owner", "_waiting", "_watched", "_code", "_lasti")

    def __init__(self) -> None:
        self.owner: Task | None = None      # who holds it; deadlock reports follow it
        self._code: Any = None              # where it was taken last; None where it was handed
        self._lasti = 0                     # to the owner, who has not run since
        self._waiting = 0                   # tasks in _wait, those included that were woken
        self._watched: set[Task] | None = None  # those whose end would concern who waits

    @blocking
    def acquire(self) -> Generator[Any, Any, bool]:
        """Wait until the lock is free and take it. Returns True.

        Raises OwnerEndedError if the task that holds it has ended, KernelError if the caller
        holds it already, which would be waiting for itself.
        """
        kernel = running.kernel or current_kernel()     # current_task(), without its call
        task = kernel.current
        if task is None or not kernel.lodger.is_nobody:
            task = current_task()
        if self.owner is None:
            self.owner = task
        else:
            yield from self._wait(task)
        frame = _getframe(1)
        code = frame.f_code
        if code is _ITER or task.stack is not None:     # it is perhaps not the user's
            self._code, self._lasti = _users_place(frame, task)
        else:
            self._code = code
            self._lasti = frame.f_lasti
        return True

    def __iter__(self) -> Generator[Any, Any, Holding]:
        # As in Holdable, without a generator more.
        kernel = running.kernel or current_kernel()
        task = kernel.current
        if task is None or not kernel.lodger.is_nobody:
            task = current_task()
        if self.owner is None:
            self.owner = task
        else:
            yield from self._wait(task)
        frame = _getframe(1)
        self._code = frame.f_code
        self._lasti = frame.f_lasti
        return Holding(self, task)

    __await__ = __iter__

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if cls.__iter__ is Lock.__iter__:       # its `acquire` may be another
            cls.__iter__ = cls.__await__ = Holdable.__iter__    # type: ignore[method-assign]

    def release(self) -> None:
        """Give the lock to the longest waiter, or free it.

        Only its owner may; anybody may once the owner has ended. Raises KernelError otherwise.
        """
        owner = self.owner
        # By the owner's kernel, since to ask for this thread's would cost twice as much.
        if owner is None or owner.kernel.current is not owner:
            self._check_release()
        if self._waiting:       # as _free does, without its call
            self._hand_over()
        else:
            self.owner = None

    def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return self.owner is not None

    @property
    def taken_at(self) -> str:
        """`file.py:12`, where its owner has taken it; an empty string while it is free."""
        owner = self.owner
        if owner is None:
            return ""
        if self._code is None:      # it was handed over, and its owner waits there still
            return _waits_at(owner)
        return file_and_line(self._code, self._lasti)

    def statistics(self) -> LockStatistics:
        """How the lock stands at this moment."""
        return LockStatistics(self.locked(), self.owner, len(parked(self)))

    # --- Waiting -------------------------------------------------------------------------

    def _wait(self, task, park=Park):
        """Park until the lock is handed to `task`."""
        if self.owner is task:
            raise KernelError(
                f"task {task.tid} ({task.name}) holds this lock already and would wait for "
                "itself; a lock that its owner may acquire again is RLock"
            )
        if self.owner.done():
            raise _owner_ended(self.owner)
        self._waiting += 1
        if self._watched is None or self.owner not in self._watched:
            self._watch(self.owner)
        try:
            ended = yield park(self)
        except BaseException:
            if self.owner is task:      # killed between being handed the lock and running
                self._hand_over()
            raise
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._watch_nobody()
        if ended is not None:
            raise _owner_ended(ended)

    def _free(self):
        if self._waiting:
            self._hand_over()
        else:
            self.owner = None

    def _hand_over(self):
        """Make the longest waiter the owner; nobody, where all who waited are on their way out."""
        woken = wake(self)
        if not woken:
            self.owner = None
            return
        self._code = None
        self.owner = owner = woken[0]
        # The new owner is still counted, until it runs.
        if self._waiting > 1 and owner not in self._watched:
            self._watch(owner)

    def _check_release(self):
        owner = self.owner
        if owner is None:
            raise KernelError(f"{self!r} is released, but nobody holds it")
        if owner.kernel.current is not owner and not owner.done():
            raise KernelError(
                f"only its owner, task {owner.tid} ({owner.name}), may release {self!r}"
            )

    def _leave(self, task, error):
        # An error that is on its way must not be hidden by the complaint that the lock was lost
        # meanwhile, which happens where Condition.wait() could not get it back.
        if task is not None and self.owner is task:
            self._free()
        elif error is None:
            self.release()

    # --- The end of its owner ------------------------------------------------------------
    #
    # As long as anybody waits, the lock stands among those who wait for the owner's end, and for
    # that of each owner before: tasks that take turns with a lock would otherwise have it entered
    # and removed at every turn.

    def _watch(self, owner):
        if self._watched is None:
            self._watched = set()
        self._watched.add(owner)
        owner.add_waiter(self)

    def _watch_nobody(self):
        watched, self._watched = self._watched, None
        for owner in watched:
            owner.discard_waiter(self)

    @property
    def call(self):
        """What is asked of one who waits for a task: the call that hears of its end."""
        return self

    def task_ended(self, kernel, lock, ended):
        """Kernel side: if it was the owner, it has not released the lock: nobody will hand it
        over."""
        if self._watched is not None:
            self._watched.discard(ended)
        if ended is self.owner:
            wake(self, None, ended)
        return False

    # --- For Condition -------------------------------------------------------------------

    def _let_go(self):
        """Release the lock wholly; what is returned says how to get it back."""
        self._free()
        return 1

    def _take_back(self, depth, park=Park):
        """Undo `_let_go`, with `park` for the call that waits."""
        task = current_task()
        if self.owner is None:
            self.owner = task
        else:
            yield from self._wait(task, park)
        self._code, self._lasti = _users_place(_getframe(1), task)

    def __repr__(self):
        return f"<{type(self).__name__} {self._state()}>"

    def _state(self):
        owner = self.owner
        if owner is None:
            return "free"
        return f"held by task {owner.tid}" + (", which has ended" if owner.done() else "")


class RLock(Lock):
    """A lock that its owner may acquire again; it is free when it was released as often."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        super().__init__()
        self._count = 0     # 0 while the lock is free, or on its way to a new owner

    @blocking
    def acquire(self) -> Generator[Any, Any, bool]:
        """Wait until the lock is free or the caller's, and take it once more. Returns True.

        Raises OwnerEndedError if the task that holds it has ended.
        """
        task = current_task()
        if self.owner is None:
            self.owner = task
        elif self.owner is not task:
            yield from self._wait(task)
        if not self._count:
            self._code, self._lasti = _users_place(_getframe(1), task)
        self._count += 1
        return True

    def release(self) -> None:
        """Undo one `acquire`; the last one frees the lock, or hands it to the longest waiter.

        Only its owner may; anybody may once the owner has ended, and frees it at once. Raises
        KernelError otherwise.
        """
        self._check_release()
        self._free()

    def _free(self):
        if self._count > 1 and not self.owner.done():
            self._count -= 1
        else:
            self._count = 0
            super()._free()

    def _let_go(self):
        depth, self._count = self._count, 1
        self._free()
        return depth

    def _take_back(self, depth, park=Park):
        yield from super()._take_back(depth, park)
        self._count = depth

    def _state(self):
        return super()._state() + (f", {self._count} deep" if self._count > 1 else "")


# --- Where it was taken ----------------------------------------------------------------------

_ITER = Holdable.__iter__.__code__
_KERNEL = "minios.kernel"


def _users_place(frame, task):
    """The (code, instruction) in which `task` acquires, from the `frame` that called the lock;
    (None, 0) if that cannot be told."""
    if frame.f_code is _ITER and task.stack is None:    # nearly always
        frame = frame.f_back
        return frame.f_code, frame.f_lasti
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    if frame is None or frame.f_globals.get("__package__") == _KERNEL:
        frame = _users_frame(task)      # what acquires was yielded, and the trampoline runs it
    return (None, 0) if frame is None else (frame.f_code, frame.f_lasti)


def _waits_at(task):
    """`file.py:12`, the innermost line of a waiting task that is not the library's."""
    frame = _users_frame(task)
    return "" if frame is None else file_and_line(frame.f_code, frame.f_lasti)


def _users_frame(task):
    for frame in reversed(task.frames()):
        if frame.f_globals.get("__package__") != __package__:
            return frame
    return None


def _owner_ended(owner):
    """The error for those who wait for a lock whose `owner` has ended."""
    error = owner.exception()
    how = "returned" if error is None else f"ended with {type(error).__name__}: {error}"
    return OwnerEndedError(
        f"task {owner.tid} ({owner.name}) {how}, without releasing the lock that it held; "
        "when what the lock protects is in order, release() frees it"
    )


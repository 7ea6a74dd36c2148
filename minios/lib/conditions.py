"""Condition: wait until what a lock protects has changed (Hoare's monitors, as Mesa has them).

Policy. `notify()` lets the longest waiter go on, which first waits for the lock again: when it
has it, the condition may have changed once more, so it looks again, or says `wait_for`.

A waiter that is interrupted gets the lock back before the exception goes on, so that the block
that holds it can be left as any other; a notification that it had been given goes to the next.
SIGKILL cannot wait: the block is then left without the lock, and releases nothing.
"""

from __future__ import annotations

from collections import namedtuple

from syscalls import Park
from syscalls.errors import KernelError, OwnerEndedError
from syscalls.parking import parked, wake

from ..kernel.current import current_task
from .blocking import blocking
from .holding import Holdable
from .locks import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

    from ..kernel import Task
    from .blocking import Operation

__all__ = ["Condition"]

ConditionStatistics = namedtuple("ConditionStatistics", "waiting lock")
ConditionStatistics.__doc__ = """`waiting` is how many tasks wait to be notified, `lock` the
statistics of the lock."""


class _ParkFirmly(Park):
    """A Park that no signal ends but SIGKILL: what else arrives waits for the task's next yield."""

    __slots__ = ()

    interruptible = False

    def arguments(self):
        return [repr(self.channel)]


class Condition(Holdable):
    """A lock, and tasks that wait for each other to change what it protects.

        with (yield from condition):
            yield from condition.wait_for(lambda: items)

    `lock` is a Lock or an RLock, which several conditions may share (default: a Lock of its own).
    """

    __slots__ = ("_lock", "_waiting", "_notified")

    def __init__(self, lock: Lock | None = None) -> None:
        if lock is not None and not isinstance(lock, Lock):
            raise TypeError(f"a condition is built on a Lock or an RLock, not on {lock!r}")
        self._lock = Lock() if lock is None else lock
        self._waiting = 0       # tasks in wait(), up to when they were woken and have run
        self._notified: set[Task] = set()   # those that were notified and have not returned

    def acquire(self) -> Operation[bool]:
        """Acquire the lock, as its own `acquire` does."""
        return self._lock.acquire()

    def release(self) -> None:
        """Release the lock, as its own `release` does."""
        self._lock.release()

    def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return self._lock.locked()

    @blocking
    def wait(self) -> Generator[Any, Any, bool]:
        """Release the lock, wait to be notified, and acquire the lock again. Returns True.

        Raises KernelError if the caller does not hold the lock, OwnerEndedError if it cannot be
        had back because its owner has ended.
        """
        task = current_task()
        self._check_held("wait()", task)
        depth = self._lock._let_go()
        try:
            yield from self._wait_for_both(depth)
        except BaseException:
            if task in self._notified:
                self._wake(1)
            raise
        finally:
            self._notified.discard(task)
        return True

    @blocking
    def wait_for(self, predicate: Callable[[], Any]) -> Generator[Any, Any, Any]:
        """Wait until `predicate()` is true, and return what it returned. Raises as `wait` does."""
        result = predicate()
        while not result:
            yield from self.wait()
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        """Let up to `n` of those who wait go on, the longest waiter first.

        Raises KernelError if the caller does not hold the lock.
        """
        self._check_held("notify()", current_task())
        self._wake(n)

    def notify_all(self) -> None:
        """Let all who wait go on. Raises as `notify` does."""
        self._check_held("notify_all()", current_task())
        self._wake(None)

    def statistics(self) -> ConditionStatistics:
        """How the condition stands at this moment."""
        return ConditionStatistics(len(parked(self)), self._lock.statistics())

    # --- Inside --------------------------------------------------------------------------

    def _wait_for_both(self, depth):
        """Wait to be notified, then for the lock: also for the one who is to be interrupted."""
        try:
            self._waiting += 1
            try:
                yield Park(self)
            finally:
                self._waiting -= 1
            yield from self._lock._take_back(depth)
        except (GeneratorExit, KernelError):
            raise       # SIGKILL cannot wait; or the lock cannot be had
        except BaseException:
            try:
                yield from self._lock._take_back(depth, _ParkFirmly)
            except OwnerEndedError:
                pass    # it cannot be had: what the block is left by matters more
            raise

    def _wake(self, n):
        if self._waiting:
            self._notified.update(wake(self, n))

    def _check_held(self, what, task):
        if self._lock.owner is not task:
            raise KernelError(f"{what} needs {self!r} to be acquired by its caller first")

    def _leave(self, task, error):
        self._lock._leave(task, error)

    def __repr__(self):
        return f"<Condition of {self._lock!r}>"

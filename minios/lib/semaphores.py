"""Semaphore: a number of permits, each for one task at a time (Dijkstra's P and V).

Policy. A permit that is released while others wait is handed to the longest waiter at once,
before that one runs. So a free permit and a waiting task never exist together, and a newcomer
overtakes nobody.
"""

from __future__ import annotations

from collections import namedtuple

from syscalls import Park
from syscalls.parking import parked, wake

from ..kernel.current import current_task
from .blocking import blocking
from .holding import Holdable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ..kernel import Task

__all__ = ["Semaphore"]

SemaphoreStatistics = namedtuple("SemaphoreStatistics", "value bound waiting")
SemaphoreStatistics.__doc__ = """`value` is how many permits are free, `bound` how many may be (or
None), `waiting` how many tasks wait for one."""


class Semaphore(Holdable):
    """`value` permits, to be acquired and released; whoever releases need not have acquired.

    `bound` is how many there may be at most (None: no limit): with one, releasing more often
    than was acquired is an error. Raises ValueError for a negative value, or one above the bound.
    """

    __slots__ = ("value", "bound", "_waiting", "_handed")

    def __init__(self, value: int = 1, bound: int | None = None) -> None:
        if not isinstance(value, int) or value < 0:
            raise ValueError(f"a semaphore has a whole number of permits >= 0, not {value!r}")
        if bound is not None and not value <= bound:
            raise ValueError(f"{value} permits are above the bound, which is {bound!r}")
        self.value = value      # permits that are free
        self.bound = bound
        self._waiting = 0       # tasks in _wait, those included that were woken
        self._handed: set[Task] = set()     # tasks that have a permit and have not run since

    @blocking
    def acquire(self) -> Generator[Any, Any, bool]:
        """Wait for a permit and take it. Returns True."""
        if self.value > 0:
            self.value -= 1
        else:
            yield from self._wait(current_task())
        return True

    def release(self) -> None:
        """Give a permit to the longest waiter, or back. Raises ValueError above the bound."""
        if self.value == self.bound:
            raise ValueError(f"{self!r} is released more often than it was acquired")
        if self._waiting:
            self._hand_over()
        else:
            self.value += 1

    def locked(self) -> bool:
        """Whether `acquire()` would have to wait."""
        return self.value == 0

    def statistics(self) -> SemaphoreStatistics:
        """How the semaphore stands at this moment."""
        return SemaphoreStatistics(self.value, self.bound, len(parked(self)))

    def _wait(self, task):
        """Park until a permit is handed to `task`."""
        self._waiting += 1
        try:
            yield Park(self)
        except BaseException:
            if task in self._handed:    # killed between being handed a permit and running
                self._hand_over()
            raise
        finally:
            self._waiting -= 1
            self._handed.discard(task)

    def _hand_over(self):
        """Give a permit to the longest waiter; back, where all who waited are on their way out."""
        woken = wake(self)
        if woken:
            self._handed.update(woken)
        else:
            self.value += 1

    def __repr__(self):
        bound = "" if self.bound is None else f" of {self.bound}"
        return f"<Semaphore {self.value}{bound} free>"

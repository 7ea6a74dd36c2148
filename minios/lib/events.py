"""Event: tasks wait until something has happened."""

from __future__ import annotations

from collections import namedtuple

from syscalls import Park
from syscalls.parking import parked, wake

from .blocking import blocking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

__all__ = ["Event"]

EventStatistics = namedtuple("EventStatistics", "is_set waiting")
EventStatistics.__doc__ = """`waiting` is how many tasks wait for the event."""


class Event:
    """Something that happens once, until it is cleared; whoever waits goes on when it does."""

    __slots__ = ("_set", "_waiting", "__weakref__")

    def __init__(self) -> None:
        self._set = False
        self._waiting = 0       # tasks in wait(), those included that were woken

    def set(self) -> None:
        """It has happened: all who wait go on, even where `clear()` is said before they run."""
        if self._waiting:
            wake(self, None)    # first, since it raises where it cannot be done
        self._set = True

    def clear(self) -> None:
        """It has not happened: from now on, tasks wait for it again."""
        self._set = False

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._set

    @blocking
    def wait(self) -> Generator[Any, Any, bool]:
        """Wait until it happens; not at all if it has. Returns True."""
        if not self._set:
            self._waiting += 1
            try:
                yield Park(self)
            finally:
                self._waiting -= 1
        return True

    def statistics(self) -> EventStatistics:
        """How the event stands at this moment."""
        return EventStatistics(self._set, len(parked(self)))

    def __repr__(self):
        return f"<Event {'set' if self._set else 'not set'}>"

"""Barrier: tasks wait for each other, round after round.

Policy. The last to come opens the barrier: from that moment on the round is over for all of
them, whatever becomes of one before it runs. One that leaves earlier, killed or by a time
limit, breaks the barrier, since the others would wait for it for ever.
"""

from __future__ import annotations

from collections import namedtuple

from syscalls import Park
from syscalls.errors import BrokenBarrierError
from syscalls.parking import parked, wake

from .blocking import blocking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType
    from typing import Any

__all__ = ["Barrier"]

BarrierStatistics = namedtuple("BarrierStatistics", "parties waiting broken")
BarrierStatistics.__doc__ = """`parties` is how many tasks open the barrier, `waiting` how many of
them have come."""


class Barrier:
    """A place where `parties` tasks meet: the first wait there until all have come.

        index = yield from barrier.wait()
        async with barrier as index:

    Raises ValueError for less than one party.
    """

    __slots__ = ("parties", "_broken", "_arrived", "_round", "__weakref__")

    def __init__(self, parties: int) -> None:
        if not isinstance(parties, int) or parties < 1:
            raise ValueError(f"a barrier has a whole number of parties >= 1, not {parties!r}")
        self.parties = parties
        self._broken = False
        self._arrived = 0
        self._round = 0         # counts them: who is woken late leaves the next one alone

    @property
    def n_waiting(self) -> int:
        """How many have come in this round."""
        return self._arrived

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken; `reset()` mends it."""
        return self._broken

    @blocking
    def wait(self) -> Generator[Any, Any, int]:
        """Wait until all have come. Returns the caller's place in their order, from 0 on.

        Raises BrokenBarrierError where the barrier is broken, or is while the caller waits.
        """
        if self._broken:
            raise BrokenBarrierError(f"{self!r} was broken earlier; reset() mends it")
        index, now = self._arrived, self._round
        self._arrived += 1
        if self._arrived == self.parties:
            self._end_round(True)
            return index
        try:
            opened = yield Park(self)
        except BaseException:
            if self._round == now:
                self.abort()
            raise
        if not opened:
            raise BrokenBarrierError(f"{self!r} was broken while this task waited at it")
        return index

    def abort(self) -> None:
        """Break the barrier: all who wait at it get BrokenBarrierError, and so does who comes."""
        self._end_round(False)
        self._broken = True

    def reset(self) -> None:
        """Make the barrier as new: all who wait at it get BrokenBarrierError."""
        self._end_round(False)
        self._broken = False

    def statistics(self) -> BarrierStatistics:
        """How the barrier stands at this moment."""
        return BarrierStatistics(self.parties, len(parked(self)), self._broken)

    def _end_round(self, opened):
        if self._arrived:
            # The answer is a value, so that a signal comes after it: who has passed, has passed.
            wake(self, None, opened)
        self._arrived = 0
        self._round += 1

    @blocking
    def __aenter__(self) -> Generator[Any, Any, int]:
        return (yield from self.wait())

    @blocking
    def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Generator[Any, Any, None]:
        return
        yield

    def __repr__(self):
        state = "broken" if self._broken else f"{self._arrived} of {self.parties}"
        return f"<Barrier {state}>"

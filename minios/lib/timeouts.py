"""timeout: a time limit for a block of a task's code."""

from __future__ import annotations

import math

from syscalls.clock import check_number
from syscalls.describe import caller_site
from syscalls.errors import KernelError
from syscalls.signums import SIGALRM

from .scopes import Scope, ScopeCancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import NoReturn

    from ..kernel.timers import Timer

__all__ = ["timeout"]


class timeout(Scope):
    """`with timeout(seconds):` limits the time that a block of a task may take.

    `seconds` (float, None for no limit) count from the moment the block is entered. When they
    are over, the call that the task is blocked on is undone and the block is left with the
    builtin TimeoutError; what the block does to clean up may still yield. A block that makes no
    call is not interrupted. The same object serves generators and coroutines, since nothing
    waits on entering or leaving it.

    Nested limits keep apart: the one that was reached is the one that raises. A task that
    leaves the block at the same moment has made it in time.
    Raises ValueError for NaN, TypeError for what is no number, ScopeError when it is left in the
    wrong order.
    """

    __slots__ = ("seconds", "_timer", "_when")

    def __init__(self, seconds: float | None) -> None:
        if seconds is not None:
            check_number("timeout", seconds)
        super().__init__(caller_site())
        self.seconds = seconds
        self._timer: Timer | None = None
        self._when = math.inf

    def __enter__(self) -> timeout:
        self.enter()
        if self.seconds is not None:
            self._start(self.task.kernel.now() + self.seconds)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self.leave()
        if error is not None and error is self.thrown:
            limit = "in time" if self.seconds is None else f"within {self.seconds} s"
            raise TimeoutError(f"not done {limit}: {self.place}") from error

    async def __aenter__(self) -> NoReturn:
        raise KernelError(f"nothing waits on {self!r}: write `with` and not `async with`")

    async def __aexit__(self, *error: object) -> None:
        """Never called, as __aenter__ raises; without it, Python would say something less clear."""

    @property
    def when(self) -> float:
        """When the time is over, on the kernel's clock; infinity where there is no limit."""
        return self._when

    def reschedule(self, when: float | None) -> None:
        """Let the time be over when the kernel's clock reads `when` (None: never).

        Without effect once the limit was reached or the block was left.
        """
        self._stop()
        if when is not None and self.task is not None and self._stack is not None:
            self._start(when)

    def expired(self) -> bool:
        """Whether the limit was reached while the task was in the block."""
        return self.thrown is not None

    def _start(self, when):
        self._when = when
        if when < math.inf:
            self._timer = self.task.kernel.call_at(when, self._expire)

    def _stop(self):
        timer, self._timer, self._when = self._timer, None, math.inf
        if timer is not None:
            timer.cancel()

    def _expire(self):
        self._timer = None
        self.cancel(ScopeCancelled(SIGALRM, self.task.tid, self._site))

    def __repr__(self):
        return f"timeout({self.seconds})"

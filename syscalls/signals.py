"""SigWait: a task waits for a Unix signal sent to the whole program (sigwait(3))."""

from __future__ import annotations

from .base import SystemCall
from .signums import SIGKILL, SIGSTOP, check_signum, signal_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SigWait"]


class SigWait(SystemCall):
    """Wait until one of `signums` (a number, or an iterable of them) arrives; return which.

    From the first wait on, the signal's default action is off until the kernel ends: one that
    arrives while nobody waits is kept, once, for the next who does. SIGINT alone stays what
    it was while nobody waits for it: Ctrl-C. Among several waiters the first gets it.
    Raises ValueError for what is no signal or cannot be caught, KernelError where the kernel
    does not run in the main thread, the only one that Python gives signals to.
    """

    __slots__ = ("signums",)

    def __init__(self, signums: int | Iterable[int]) -> None:
        numbers = (signums,) if isinstance(signums, int) else signums
        self.signums = frozenset(check_signum(number) for number in numbers)
        if not self.signums:
            raise ValueError("SigWait takes at least one signal")
        for fixed in (SIGKILL, SIGSTOP):
            if fixed in self.signums:
                name = signal_name(fixed)
                raise ValueError(f"{name} cannot be waited for: Unix does not hand it over")

    def handle(self, kernel, task):
        kernel.interrupts.wait(self.signums, task)

    def cancel(self, kernel, task):
        kernel.interrupts.leave(task)

    def arguments(self):
        return [signal_name(number) for number in sorted(self.signums)]

"""Time: sleep for a while, sleep until a moment, ask the kernel's clock."""

from __future__ import annotations

from .base import SystemCall

__all__ = ["Now", "Sleep", "SleepUntil"]


def check_number(call, value):
    """Refuse, for `call`, what is no number of seconds, NaN included: it compares with nothing."""
    try:
        if value == value and isinstance(value + 0.0, float):
            return
    except TypeError:
        pass
    raise (ValueError if isinstance(value, float) else TypeError)(
        f"{call} takes a number of seconds, not {value!r}"
    )


class Sleep(SystemCall):
    """Suspend the calling task for `seconds` (float, >= 0). Returns None.

    `Sleep(0)` gives up the turn, `Sleep(math.inf)` waits until the task is killed.
    Raises ValueError for a negative or NaN time, TypeError for what is no number.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        try:
            if seconds >= 0:
                return
        except TypeError:
            pass
        check_number("Sleep", seconds)
        raise ValueError(f"Sleep takes a time >= 0, not {seconds!r}")

    def handle(self, kernel, task):
        seconds = self.seconds
        if seconds:
            kernel.start_timer(task, kernel.now() + seconds)
        else:
            # kernel.resume(task), without its inner call: the hot path of all who give way.
            task.call = None
            kernel.ready.append(task)

    def cancel(self, kernel, task):
        kernel.cancel_timer(task)


class SleepUntil(SystemCall):
    """Suspend the calling task until the kernel's clock reads `when` (seconds, as of Now()).

    A moment that has passed gives up the turn. Returns None. Raises ValueError for NaN.
    """

    __slots__ = ("when",)

    def __init__(self, when: float) -> None:
        check_number("SleepUntil", when)
        self.when = when

    def handle(self, kernel, task):
        kernel.start_timer(task, self.when)

    def cancel(self, kernel, task):
        kernel.cancel_timer(task)


class Now(SystemCall):
    """Return what the kernel's clock reads, in seconds (float). Only differences mean much."""

    __slots__ = ()

    def handle(self, kernel, task):
        kernel.resume(task, kernel.now())

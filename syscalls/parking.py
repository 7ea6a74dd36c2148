"""Park and Wake: the primitive that locks, queues and events are built on.

A task parks on a channel, any hashable object, and sleeps until another wakes the channel:
sleep and wakeup of Unix and xv6. There is no race to lose between looking at a condition and
parking, because a task is never interrupted between two yields. Wakeups are first come,
first served.
"""

from __future__ import annotations

from .base import SystemCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any

__all__ = ["Park", "Wake"]


class Park(SystemCall):
    """Block the calling task until `channel` is woken. Returns the value given to Wake.

    `channel` is any hashable object; one that has an `owner` (a Task) is followed by deadlock
    reports. Raises TypeError if it cannot be hashed.
    """

    __slots__ = ("channel",)

    def __init__(self, channel: Hashable) -> None:
        hash(channel)
        self.channel = channel

    def handle(self, kernel, task):
        kernel.parking.park(self.channel, task)

    def cancel(self, kernel, task):
        kernel.parking.leave(self.channel, task)

    def waits_for(self, kernel, task):
        owner = getattr(self.channel, "owner", None)
        return (owner,) if hasattr(owner, "tid") else ()


class Wake(SystemCall):
    """Wake up to `n` tasks (None: all) parked on `channel`, the longest parked first.

    Each is sent `value` as the result of its Park. Returns how many were woken. A value that
    is not None counts as handed over: a task that is signalled before it runs still gets it,
    and the signal at its next yield, so that no item is lost between the two. (SIGKILL asks
    nobody, and takes the value along.)
    Raises ValueError for a negative `n`.
    """

    __slots__ = ("channel", "n", "value")

    def __init__(self, channel: Hashable, n: int | None = 1, value: Any = True) -> None:
        if n is not None and not n >= 0:
            raise ValueError(f"Wake takes a number of tasks >= 0, not {n!r}")
        hash(channel)
        self.channel, self.n, self.value = channel, n, value

    def handle(self, kernel, task):
        kernel.resume(task, kernel.parking.wake(self.channel, self.n, self.value))

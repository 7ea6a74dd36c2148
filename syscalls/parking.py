"""Park and Wake: the primitive that locks, queues and events are built on.

A task parks on a channel, any hashable object, and sleeps until another wakes the channel:
sleep and wakeup of Unix and xv6. There is no race to lose between looking at a condition and
parking, because a task is never interrupted between two yields. Wakeups are first come,
first served.
"""

from __future__ import annotations

from .base import SystemCall, running
from .errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any

    from minios.kernel import Task

__all__ = ["Park", "Wake"]


class Park(SystemCall):
    """Block the calling task until `channel` is woken. Returns the value given to Wake.

    `channel` is any hashable object; one that has an `owner` (a Task), or `owners`, is followed
    by deadlock reports. Raises TypeError if it cannot be hashed.
    """

    __slots__ = ("channel",)

    def __init__(self, channel: Hashable) -> None:
        self.channel = channel

    def handle(self, kernel, task):
        kernel.parking.park(self.channel, task)

    def cancel(self, kernel, task):
        kernel.parking.leave(self.channel, task)

    def waits_for(self, kernel, task):
        owners = getattr(self.channel, "owners", None)
        if owners is None:
            owners = (getattr(self.channel, "owner", None),)
        return [owner for owner in owners if hasattr(owner, "tid")]


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
        self.channel, self.n, self.value = channel, n, value

    def handle(self, kernel, task):
        kernel.resume(task, len(kernel.parking.wake(self.channel, self.n, self.value)))


def wake(channel: Hashable, n: int | None = 1, value: Any = None) -> list[Task]:
    """Wake as the call does, from a plain function that cannot yield, such as a lock's release.

    Returns the tasks, in the order in which they will run. With None for `value`, a task that
    is signalled before it runs has the signal raised at its Park: whoever hands something over
    this way keeps it himself, by task, and takes it back there, which SIGKILL cannot prevent.
    Raises KernelError where no kernel runs, in another thread for example.
    """
    kernel = running.kernel
    if kernel is None:
        raise KernelError(
            "wake belongs to the kernel's own thread: elsewhere, pass the function that needs it "
            "to kernel.call_from_thread(function)"
        )
    return kernel.parking.wake(channel, n, value)


def parked(channel: Hashable) -> list[Task]:
    """The tasks that are parked on `channel`, the longest first; none where no kernel runs."""
    return [] if running.kernel is None else running.kernel.parking.parked(channel)

"""Hooks: how accounting, strace and other observers look into the kernel.

Nobody listening costs nothing: the run loop looks for hooks once a batch. While somebody
does, a batch is one task, and the handlers of calls are wrapped. Hooks observe: an exception
in one is logged, and the hook is detached.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from syscalls.base import SystemCall

    from .kernel import Kernel
    from .task import Task

__all__ = ["Hooks"]


class Hooks:
    """What can be observed. A subclass overrides what it wants; attach it with
    `kernel.attach(hooks)`, and let go with `kernel.detach(hooks)`."""

    def attached(self, kernel: Kernel) -> None:
        """The kernel has begun to report to this object."""

    def task_spawned(self, task: Task) -> None:
        """`task` exists and will have its first turn."""

    def turn_started(self, task: Task) -> None:
        """`task` is about to be resumed: with `task.value`, or by raising `task.error`."""

    def call_made(self, task: Task, call: SystemCall) -> None:
        """`task` has yielded `call`; it has not been handled yet."""

    def turn_ended(self, task: Task) -> None:
        """`task` has yielded or ended."""

    def task_ended(self, task: Task) -> None:
        """`task` has its outcome."""

    def idle_started(self, seconds: float | None) -> None:
        """The kernel is about to block for at most `seconds` (None: without end)."""

    def idle_ended(self) -> None:
        """The kernel goes on."""

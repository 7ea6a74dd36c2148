"""Accounting: how much CPU time each task has used.

Counted while it is attached, turn by turn, with the clock of the kernel's thread: time in which
the task was asleep, or in which other threads or programs had the CPU, does not count. Two
readings of that clock a turn cost more than the turn itself, so the kernel does without until
somebody wants to know (`task.cpu_time` is None until then).
"""

import time

from ..kernel import Hooks

__all__ = ["Accounting"]


class Accounting(Hooks):
    """Keeps `task.cpu_time`, in seconds, from the moment it is attached."""

    def __init__(self):
        self._started = 0.0

    def attached(self, kernel):
        """Begin to count, from zero for the tasks that there are."""
        for task in kernel.tasks.values():
            self.task_spawned(task)
        self._started = time.thread_time()

    def task_spawned(self, task):
        """A new task has used nothing."""
        if task.cpu_time is None:
            task.cpu_time = 0.0

    def turn_started(self, task):
        """Look at the clock."""
        self._started = time.thread_time()

    def turn_ended(self, task):
        """Add what the turn took."""
        task.cpu_time = (task.cpu_time or 0.0) + time.thread_time() - self._started

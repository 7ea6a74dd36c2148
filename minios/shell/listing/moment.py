"""Moment: what all rows of one listing have in common, so that they show one and the same moment.

The time on each kernel's clock, the group in the foreground, the terminal, the tasks that are
deadlocked: found once, and only what the chosen columns need.
"""

import os
import sys
import time
from functools import cached_property

from ..inspection.graph import wait_graph
from .sizes import meminfo

__all__ = ["Moment"]


class Moment:
    """One look at `system`, for the listing of a program that `shell` runs."""

    def __init__(self, system, shell):
        self.system = system
        self.wall = time.time()
        self.stuck = frozenset()
        self._clocks = {kernel: kernel.now() for kernel in system.kernels()}
        self._prefixes = {kernel: prefix for prefix, kernel in system.programs.items()}
        # In a console, the groups of the shell are those of another kernel.
        self._foreground = getattr(shell, "foreground_group", None) if system.is_local else None

    def find_deadlocks(self):
        """Find out which tasks are deadlocked, for STAT; a generator."""
        _, cycles = yield from wait_graph(self.system)
        self.stuck = frozenset(task for cycle in cycles for task in cycle)

    def now(self, task):
        """What the clock of the task's kernel read."""
        now = self._clocks.get(task.kernel)
        return task.kernel.now() if now is None else now

    def age(self, task):
        """Seconds since `task` was made."""
        return max(0.0, self.now(task) - task.created_at)

    def started(self, task):
        """When that was, in seconds since the epoch; None in virtual time, which has no date."""
        return None if task.kernel.clock.jumps else self.wall - self.age(task)

    def foreground(self, task):
        """The group in the foreground, if it is one of the task's kernel; else None."""
        return self._foreground if task.kernel is self.system.kernel else None

    def address(self, task, tid):
        """`tid` of the task's kernel, as it is named here: a number, `2/5` of program 2, whose
        first task has that program for a parent."""
        if task.kernel is self.system.kernel:
            return tid
        prefix = self._prefixes.get(task.kernel)
        if prefix is None:
            return tid
        return f"{prefix}/{tid}" if tid else int(prefix) if prefix.isdigit() else prefix

    @cached_property
    def tty(self):
        """The terminal of this process, as `pts/3`; `?` where it has none."""
        try:
            return os.ttyname(sys.__stdin__.fileno()).removeprefix("/dev/")
        except (AttributeError, ValueError, OSError):
            return "?"

    @cached_property
    def memory(self):
        """Bytes of memory that the machine has, None where that is unknown."""
        return meminfo().get("MemTotal")

"""Ring 0: the kernel and its parts. It knows no library, no shell and no asyncio.

Reading order: kernel (its run loop is at the end), primitives, task, trampoline, timers, clock,
parking, poller, descriptor, inbox, signals, interrupts, shutdown, asyncgens, deadlock, watchdog,
fairness, hooks, forks, hosting, table, current.
"""

from . import forks  # noqa: F401    # from now on, forked children are told apart
from .current import current_kernel, current_task, run
from .hooks import Hooks
from .kernel import Kernel
from .task import Task, TaskInfo

__all__ = ["Hooks", "Kernel", "Task", "TaskInfo", "current_kernel", "current_task", "run"]

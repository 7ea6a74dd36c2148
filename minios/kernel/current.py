"""The kernel of this thread: run one, or ask for it and for the task whose turn it is."""

from __future__ import annotations

from syscalls.base import running
from syscalls.describe import caller_site
from syscalls.errors import KernelError

from .kernel import Kernel
from .task import check_routine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .task import Routine, Task

__all__ = ["current_kernel", "current_task", "run"]


def run(routine: Routine, *, name: str | None = None, **kernel_options: Any) -> Any:
    """Boot a kernel, run `routine` in it until it ends, and return what it returns.

    The options are those of Kernel. Tasks that are left are shut down.
    """
    check_routine(routine)
    return Kernel(**kernel_options).run_from(caller_site(), routine, name)


def current_kernel() -> Kernel:
    """The kernel that runs in this thread. Raises KernelError where none does."""
    if running.kernel is None:
        raise KernelError("no kernel is running in this thread; minios.run(routine()) runs one")
    return running.kernel


def current_task() -> Task:
    """The task whose turn it is. Raises KernelError outside a task."""
    kernel = running.kernel or current_kernel()     # the path of every lock: one call less
    task, lodger = kernel.current, kernel.lodger
    if task is None or (not lodger.is_nobody and lodger.has_stranger()):
        raise KernelError(lodger.no_task())
    return task

"""minios: a mini operating system whose processes are plain Python generators.

    import minios
    from syscalls import Sleep

    def hello():
        yield Sleep(0.5)
        return "hello"

    print(minios.run(hello()))

The calls that a task may yield are in the package `syscalls`.
"""

from .errors import (
    Cancelled,
    DeadlockError,
    KernelError,
    NoSuchTaskError,
    ResourceBusyError,
    TaskKilledError,
    TaskLimitError,
)
from .kernel import Hooks, Kernel, Task, TaskInfo, current_kernel, current_task, run

__version__ = "0.1.0"

__all__ = [
    "Cancelled", "DeadlockError", "Hooks", "Kernel", "KernelError", "NoSuchTaskError",
    "ResourceBusyError", "Task", "TaskInfo", "TaskKilledError", "TaskLimitError",
    "current_kernel", "current_task", "run",
]

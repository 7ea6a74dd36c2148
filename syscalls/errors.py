"""What can go wrong, by name: the errno.h of minios.

They live at the door because both sides use them: the kernel raises them and tasks catch
them. `minios.errors` and `minios` re-export every name.
"""

__all__ = [
    "Cancelled",
    "DeadlockError",
    "KernelError",
    "NoSuchTaskError",
    "ResourceBusyError",
    "TaskKilledError",
    "TaskLimitError",
]


class KernelError(RuntimeError):
    """The kernel was asked for something that it cannot do; the message says what to do."""


class NoSuchTaskError(KernelError, LookupError):
    """No task has this tid: it never existed, or it ended and has been forgotten."""


class ResourceBusyError(KernelError):
    """Another task already waits for this descriptor in this direction."""


class TaskLimitError(KernelError):
    """The process table is full: `Kernel(max_tasks=...)` tasks are alive."""


class DeadlockError(KernelError):
    """Nothing can ever run again.

    `cycle` is the list of tids that wait for each other in a circle, empty where the tasks
    wait for something that nobody is left to do. The message names every task.
    """

    def __init__(self, report: str, cycle: list[int] | None = None) -> None:
        super().__init__(report)
        self.cycle = cycle or []


class TaskKilledError(KernelError):
    """Raised in whoever waits for a task that was killed.

    `tid` and `name` are the task's, `signum` is the signal, `killer` the tid of the task that
    sent it (None where no task did), `place` the file:line that it was sent from.
    """

    def __init__(self, tid: int, name: str, signum: int, killer: int | None, place: str) -> None:
        super().__init__(tid, name, signum, killer, place)
        self.tid, self.name, self.signum = tid, name, signum
        self.killer, self.place = killer, place

    def __str__(self) -> str:
        by = "the kernel" if self.killer is None else f"task {self.killer}"
        where = f" at {self.place}" if self.place else ""
        return f"task {self.tid} ({self.name}) was killed by {by} with signal {self.signum}{where}"


class Cancelled(BaseException):
    """Thrown into a task that is killed, at the call that it is blocked on.

    It is a BaseException so that `except Exception` does not swallow it, and not the error
    that waiters see (TaskKilledError), so that a task never mistakes another's end for its
    own. `signum`, `killer` and `place` are as in TaskKilledError.
    """

    def __init__(self, signum: int = 15, killer: int | None = None, place: str = "") -> None:
        super().__init__(signum, killer, place)
        self.signum, self.killer, self.place = signum, killer, place

    def __str__(self) -> str:
        by = "the kernel" if self.killer is None else f"task {self.killer}"
        return f"signal {self.signum} from {by}" + (f" at {self.place}" if self.place else "")

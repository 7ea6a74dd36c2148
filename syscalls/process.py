"""Tasks start, wait for each other and are listed: fork, wait and ps."""

from __future__ import annotations

from sys import _getframe

from .base import SystemCall
from .describe import task_name
from .errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minios.kernel import Task
    from minios.kernel.task import Routine

__all__ = ["Nice", "Spawn", "Tasks", "Wait", "WaitAny"]


class Spawn(SystemCall):
    """Start `routine` as a new task, a child of the caller. Returns the Task.

    `routine` is a generator or a coroutine object; `name` is what ps shows (default: the
    routine's own); a `daemon` does not keep the kernel running. The child runs in a copy of
    the caller's contextvars context. The caller goes on first, so that one which waits at once
    is there in time for whatever the child does in its first turn.
    Raises TypeError for what is no routine, TaskLimitError when the table is full.
    """

    __slots__ = ("routine", "name", "daemon", "_site")

    def __init__(
        self, routine: Routine, name: str | None = None, daemon: bool = False
    ) -> None:
        self.routine, self.name, self.daemon = routine, name, daemon
        frame = _getframe(1)    # as caller_site(), without the inner call
        self._site = frame.f_code, frame.f_lasti

    def handle(self, kernel, task):
        child = kernel.new_task(self.routine, self.name, self.daemon, task, self._site)
        task.call, task.value = None, child     # kernel.resume(task, child), without the inner call
        kernel.ready += (task, child)

    def arguments(self):
        return [getattr(self.routine, "__name__", repr(self.routine))]


class Wait(SystemCall):
    """Wait until `task` (a Task or a tid) ends, and return what it returned.

    Raises what the task raised, TaskKilledError if it was killed, NoSuchTaskError for an
    unknown tid: of those that ended while nobody waited, the kernel remembers at least the last
    64, and a Task object remembers its own end. Any number of tasks may wait for one, unlike in
    waitpid(2).
    """

    __slots__ = ("task",)

    def __init__(self, task: Task | int) -> None:
        self.task = task

    def handle(self, kernel, task):
        target = kernel.find_task(self.task)
        if target is task:
            raise KernelError(f"task {task.tid} waits for itself, which would never end")
        if target.done():
            kernel.forget_ended(target)
            self.task_ended(kernel, task, target)
        else:
            target.add_waiter(task)
            task.token = target

    def task_ended(self, kernel, task, target):
        """Kernel side: `target`, which `task` waits for with this call, has ended."""
        target.answer(kernel, task)

    def cancel(self, kernel, task):
        task.token.discard_waiter(task)
        task.token = None

    def waits_for(self, kernel, task):
        return (task.token,)

    def arguments(self):
        return [task_name(self.task)]


class WaitAny(SystemCall):
    """Wait until the first of `tasks` (an iterable of Tasks or tids) ends; return its Task.

    What it returned or raised is the Task's `result()`. Raises ValueError for no tasks,
    NoSuchTaskError for an unknown tid.
    """

    __slots__ = ("tasks",)

    def __init__(self, tasks: Iterable[Task | int]) -> None:
        self.tasks = tuple(tasks)
        if not self.tasks:
            raise ValueError("WaitAny takes at least one task: none would never end")

    def handle(self, kernel, task):
        targets = [kernel.find_task(target) for target in self.tasks]
        if task in targets:
            raise KernelError(f"task {task.tid} waits for itself, which would never end")
        for target in targets:
            if target.done():
                kernel.forget_ended(target)
                kernel.resume(task, target)
                return
        for target in targets:
            target.add_waiter(task)
        task.token = targets

    def task_ended(self, kernel, task, target):
        """Kernel side: the first of the targets has ended; stop waiting for the others."""
        self.cancel(kernel, task)
        kernel.resume(task, target)

    def cancel(self, kernel, task):
        targets, task.token = task.token, None
        for target in targets:
            target.discard_waiter(task)

    def waits_for(self, kernel, task):
        return task.token

    def arguments(self):
        return [task_name(target) for target in self.tasks]


class Nice(SystemCall):
    """Add `increment` to the caller's nice value and return the new one, -20 to 19 (nice(2)).

    A task of a higher value runs in fewer of the rounds in which others are ready too.
    Raises TypeError if `increment` is not an int.
    """

    __slots__ = ("increment",)

    def __init__(self, increment: int) -> None:
        if not isinstance(increment, int):
            raise TypeError(f"Nice takes a whole number, not {increment!r}")
        self.increment = increment

    def handle(self, kernel, task):
        kernel.set_nice(task, task.nice + self.increment)
        kernel.resume(task, task.nice)


class Tasks(SystemCall):
    """Return a list of TaskInfo, one for each live task, by rising tid."""

    __slots__ = ()

    def handle(self, kernel, task):
        kernel.resume(task, [each.info() for each in kernel.all_tasks()])

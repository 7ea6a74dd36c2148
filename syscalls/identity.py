"""Who am I: a task's own id, its Task object, its parent, its name."""

from __future__ import annotations

from .base import SystemCall

__all__ = ["GetParent", "GetTask", "GetTid", "SetName"]


class GetTid(SystemCall):
    """Return the id of the calling task, an int."""

    __slots__ = ()

    def handle(self, kernel, task):
        kernel.resume(task, task.tid)


class GetTask(SystemCall):
    """Return the Task object of the calling task."""

    __slots__ = ()

    def handle(self, kernel, task):
        kernel.resume(task, task)


class GetParent(SystemCall):
    """Return the tid of the task that spawned the caller; 0 where no task did (getppid(2))."""

    __slots__ = ()

    def handle(self, kernel, task):
        kernel.resume(task, task.ptid)


class SetName(SystemCall):
    """Set the name that ps shows for the calling task. Returns None.

    Raises TypeError if `name` is not a str.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"SetName takes a str, not {name!r}")
        self.name = name

    def handle(self, kernel, task):
        task.name = self.name
        kernel.resume(task)

"""The system calls of pyos. Each answers by itself: it schedules the task that made it.

When a task has yielded a call, the call finds that task as `self.task` and the scheduler as
`self.sched`, and its `handle()` is called. The task sleeps until somebody says
`sched.schedule(task)`, and is then sent its `sendval`. Programs add calls of their own in the
same way: by a subclass with a `handle()`.
"""

import reprlib

from syscalls.describe import file_name

__all__ = ["GetTid", "KillTask", "NewTask", "ReadWait", "SystemCall", "WaitTask", "WriteWait"]

_SET_FOR_HANDLE = ("task", "sched")


class SystemCall:
    """The base of every call: `task` and `sched` are set when its `handle()` is called."""

    def handle(self):
        """Answer, now or later, by `self.sched.schedule(self.task)`.

        This one never does: the task that yields it sleeps until somebody else wakes it.
        """

    def __repr__(self):
        given = getattr(self, "__dict__", {}).items()
        arguments = [_describe(value) for name, value in given if name not in _SET_FOR_HANDLE]
        return f"{type(self).__name__}({', '.join(arguments)})"

    def _answer(self, value):
        self.task.sendval = value
        self.sched.schedule(self.task)


class GetTid(SystemCall):
    """Return the tid of the calling task, as pyos counts them."""

    def handle(self):
        self._answer(self.task.tid)


class NewTask(SystemCall):
    """Start the generator `target` as a new task; return its tid. TypeError if it is none."""

    def __init__(self, target):
        self.target = target

    def handle(self):
        self._answer(self.sched.new(self.target))


class KillTask(SystemCall):
    """End the task `tid`; return True, or False if there is none.

    All its generators are closed at once, the innermost first.
    """

    def __init__(self, tid):
        self.tid = tid

    def handle(self):
        victim = self.sched.taskmap.get(self.tid)
        if victim is not None:
            victim._kill(self.task)
        self._answer(victim is not None)


class WaitTask(SystemCall):
    """Wait until the task `tid` ends; return True, or at once False if there is none."""

    def __init__(self, tid):
        self.tid = tid

    def handle(self):
        self.task.sendval = self.sched.waitforexit(self.task, self.tid)
        if not self.task.sendval:
            self.sched.schedule(self.task)


class _FileWait(SystemCall):
    """What ReadWait and WriteWait share: `f`, a descriptor or an object with fileno()."""

    f = None        # a subclass may know its file by another name

    def __init__(self, f):
        self.f = f

    def fileno(self):
        """The descriptor that is waited for."""
        return self.f if isinstance(self.f, int) else self.f.fileno()

    def __repr__(self):
        if self.f is None:
            return super().__repr__()
        return f"{type(self).__name__}({file_name(self.f)})"


class ReadWait(_FileWait):
    """Wait until `f` can be read. Returns None.

    Raises ResourceBusyError if another task waits to read it, OSError (EBADF) if it is closed.
    """

    def handle(self):
        self.sched.waitforread(self.task, self.fileno())


class WriteWait(_FileWait):
    """Wait until `f` can be written. Returns None, and raises as ReadWait does."""

    def handle(self):
        self.sched.waitforwrite(self.task, self.fileno())


def _describe(value):
    """An argument as it stands in a repr: `foo` for a generator, `fd 5` for a file."""
    if hasattr(value, "gi_frame"):
        return value.__name__
    return file_name(value) if hasattr(value, "fileno") else reprlib.repr(value)

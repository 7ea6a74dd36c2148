"""What a pyos task waits for while it is blocked in a call, and how each wait is undone.

A wait ends in three ways: the task is scheduled, it is killed, or the kernel raises an error
in it. Invariant: a task that is not blocked has no entry in `exit_waiting`, `read_waiting` or
`write_waiting`, and nothing registered with the poller.
"""

import threading
from functools import partial

from syscalls.errors import KernelError
from syscalls.signums import SIGKILL

from ._pyos_trap import Trap

__all__ = ["Waits"]


class Waits:
    """The waits of one task; `tid` is the task whose end it waits for, None without one."""

    __slots__ = ("tid", "_adapter", "_undo")

    def __init__(self, adapter):
        self._adapter = adapter
        self.tid = None
        self._undo = []

    def undo(self):
        """Take back every wait that the task's call has begun; harmless where none is left."""
        if self._undo:
            functions, self._undo = self._undo, []
            self.tid = None
            for function in functions:
                function()

    def for_exit(self, tid, exit_waiting):
        """The task has been listed in `exit_waiting`, for the end of the task `tid`."""
        self.tid = tid
        self._undo.append(partial(_leave_exit, exit_waiting, tid, self._adapter.task))

    def for_file(self, call, fd, waiting):
        """Block the task until `fd` is ready, and list it in `waiting` for so long.

        `call` is ReadWait or WriteWait of minios. Raises what they raise.
        """
        task, process = self._adapter.task, self._adapter.process
        if not isinstance(process.call, Trap):
            raise KernelError(f"{task!r} makes no system call, so it cannot wait for a file")
        request = call(process.call.file(fd))
        if process.token is None:
            request.handle(process.kernel, process)
            if process.token is None:
                return      # a plain file, which is always ready
            undo = partial(_leave_poller, request, process)
        else:
            # A task of the kernel waits for one file at a time. A call that wants more has a
            # helper for each of the others.
            name = f"{process.name}: {request!r}"
            helper = process.kernel.spawn(self._help(request), name, daemon=True)
            undo = partial(helper.kill, SIGKILL)
        waiting.setdefault(fd, task)    # a helper has yet to find out whether it is busy
        self._undo += [undo, partial(_leave_file, waiting, fd, task)]

    def expect_other_threads(self):
        """The call has left the task blocked, perhaps to another thread that will schedule it.

        Nothing tells but that there are other threads; without any, there is none to do it.
        """
        if not self._undo and threading.active_count() > 1:
            kernel = self._adapter.process.kernel
            kernel.hold()
            self._undo.append(kernel.release)

    def _help(self, request):
        adapter = self._adapter
        try:
            yield request
        except Exception as error:
            self.undo()
            adapter.process.kernel.throw(adapter.process, error)
        else:
            adapter.sched.schedule(adapter.task)


def _leave_exit(exit_waiting, tid, task):
    waiters = exit_waiting.get(tid, ())
    if task in waiters:
        waiters.remove(task)
        if not waiters:
            del exit_waiting[tid]


def _leave_file(waiting, fd, task):
    if waiting.get(fd) is task:
        del waiting[fd]


def _leave_poller(request, process):
    if process.token is not None:
        request.cancel(process.kernel, process)

"""The scheduler of pyos, on the minios kernel.

Until the mainloop runs, tasks gather in `ready`, as they always did. The mainloop boots a
kernel, gives it a task of its own for each pyos task, and from then on `schedule` wakes the
kernel's task. `exit_waiting`, `read_waiting` and `write_waiting` say who waits for what; the
waiting itself is the kernel's. A program that brings a mainloop of its own still finds all
that such a loop needs: without a kernel, `ready` is a plain queue and `iopoll` a select().
"""

import select
from _thread import get_ident

import syscalls
from syscalls.base import running
from syscalls.errors import KernelError

from ..kernel import Kernel
from ._pyos_adapter import Adapter
from ._pyos_ready import ReadyQueue
from ._pyos_task import Task

__all__ = ["Scheduler"]


class Scheduler:
    """Runs pyos tasks: `new(generator)` for each, then `mainloop()`.

    `ready` is the ready queue, `taskmap` maps tids to Tasks, `exit_waiting` maps tids to the
    tasks that wait for their end, `read_waiting` and `write_waiting` map descriptors to tasks.
    """

    _kernel = None      # the one that mainloop() has booted, while it runs

    def __init__(self):
        self.ready = ReadyQueue(self)
        self.taskmap = {}
        self.exit_waiting = {}
        self.read_waiting = {}
        self.write_waiting = {}

    # --- Tasks ---------------------------------------------------------------------------

    def new(self, target):
        """Start the generator `target` as a task; return its tid. TypeError if it is none."""
        if not hasattr(target, "send"):
            raise TypeError(f"{target!r} is no generator; call the generator function for one")
        task = Task(target)
        self.taskmap[task.tid] = task
        self.schedule(task)
        return task.tid

    def schedule(self, task):
        """Let `task` have a turn, the last of all. Safe in every thread.

        One that is ready already has no second turn by it, one that has ended has none, and
        one that is blocked in a call of minios stays so.
        """
        kernel = self._running_kernel()
        if kernel is None:
            self.ready.put(task)
        elif kernel.thread not in (None, get_ident()):
            kernel.call_from_thread(self.schedule, task)
        elif task._adapter is None:
            self._start(task)
        else:
            task._adapter.wake()

    def exit(self, task):
        """`task` has ended: say so, forget it, and schedule who waits for that.

        A task that has not ended, such as the caller of a system call, is ended by it.
        """
        print(f"Task {task.tid} terminated")
        self.taskmap.pop(task.tid, None)
        for waiter in self.exit_waiting.pop(task.tid, []):
            self.schedule(waiter)
        if task._adapter is not None:
            task._adapter.end()

    def waitforexit(self, task, waittid):
        """Let `task` be scheduled when the task `waittid` ends; False if there is none."""
        if waittid not in self.taskmap:
            return False
        self.exit_waiting.setdefault(waittid, []).append(task)
        if task._adapter is not None:
            task._adapter.waits.for_exit(waittid, self.exit_waiting)
        return True

    # --- Files ---------------------------------------------------------------------------

    def waitforread(self, task, fd):
        """Let `task` be scheduled when the descriptor `fd` can be read.

        Raises ResourceBusyError if another task waits for that, OSError (EBADF).
        """
        self._wait_for_file(syscalls.ReadWait, task, fd, self.read_waiting)

    def waitforwrite(self, task, fd):
        """Let `task` be scheduled when the descriptor `fd` can be written; as waitforread."""
        self._wait_for_file(syscalls.WriteWait, task, fd, self.write_waiting)

    def iopoll(self, timeout):
        """Schedule the tasks whose descriptors are ready, within `timeout` seconds (None: no
        limit; it may still return early). Nothing needs to call it: the kernel polls."""
        if not (self.read_waiting or self.write_waiting):
            return
        kernel = self._running_kernel()
        if kernel is None:
            self._select(timeout)
            return
        due = kernel.timers.next_due()
        if due is not None:
            left = max(0.0, due - kernel.now())
            timeout = left if timeout is None else min(timeout, left)
        kernel.poller.poll(timeout)

    def iotask(self):
        """A task that polls, for a mainloop without a kernel; with one it ends at once."""
        while not self.is_running():
            self.iopoll(None if self.ready.empty() else 0)
            yield

    # --- Running -------------------------------------------------------------------------

    def mainloop(self):
        """Run until no task is left.

        Raises KernelError if it runs already or another kernel runs in this thread,
        DeadlockError when nothing can ever run again.
        """
        if self.is_running() or running.kernel is not None:
            raise KernelError("a kernel or this mainloop is running already: new() starts a task")
        tasks = []
        while not self.ready.empty():
            tasks.append(self.ready.get())
        self._kernel = kernel = Kernel()
        try:
            for task in tasks:
                self.schedule(task)
            self._start_own_iotask()
            kernel.run()
        finally:
            self._kernel = None

    def is_running(self):
        """Whether the mainloop is running."""
        return self._kernel is not None

    def _ready_tasks(self):
        """The tasks that the kernel has ready, without the one whose turn it is."""
        current = self._running_kernel().current
        return [
            task for task in list(self.taskmap.values())
            if task._adapter is not None
            and task._adapter.process is not current
            and task._adapter.process.state == "R"
        ]

    def _running_kernel(self):
        """The kernel that runs the tasks: a shell's, where the program is loaded by one."""
        kernel = self._kernel
        return kernel if kernel is None else kernel.host or kernel

    def _start(self, task, daemon=False):
        kernel = self._running_kernel()
        task._adapter = adapter = Adapter(task, self)
        adapter.process = kernel.new_task(
            adapter, task._name, daemon, kernel.current, task._site
        )
        kernel.make_ready(adapter.process)

    def _start_own_iotask(self):
        """An iotask that a subclass brings may do more than poll; it keeps nothing running."""
        if getattr(self.iotask, "__func__", None) is not Scheduler.iotask:
            task = Task(self.iotask())
            self.taskmap[task.tid] = task
            self._start(task, daemon=True)

    def _wait_for_file(self, call, task, fd, waiting):
        if task._adapter is None:
            waiting[fd] = task
        else:
            task._adapter.waits.for_file(call, fd, waiting)

    def _select(self, timeout):
        ready = select.select(list(self.read_waiting), list(self.write_waiting), [], timeout)
        for waiting, fds in zip((self.read_waiting, self.write_waiting), ready, strict=False):
            for fd in fds:
                self.schedule(waiting.pop(fd))

"""The ready queue of a pyos scheduler: a plain queue, until a kernel runs the tasks."""

from queue import Queue

from syscalls.errors import KernelError

__all__ = ["ReadyQueue"]


class ReadyQueue(Queue):
    """What `Scheduler.ready` is. While the mainloop runs, the kernel's ready queue is the real
    one: `put` passes a task on to it, `empty` and `qsize` tell of it, and `get` is refused."""

    def __init__(self, sched):
        super().__init__()
        self._sched = sched

    def put(self, task, block=True, timeout=None):
        """Let `task` have a turn, the last of all."""
        if self._sched.is_running():
            self._sched.schedule(task)
        else:
            super().put(task, block, timeout)

    def get(self, block=True, timeout=None):
        """Take the first task out. Raises KernelError while the mainloop runs."""
        if self._sched.is_running():
            raise KernelError("the kernel hands out the turns while mainloop() runs")
        return super().get(block, timeout)

    def qsize(self):
        """How many tasks are ready, not counting the one whose turn it is."""
        if self._sched.is_running():
            return len(self._sched._ready_tasks())
        return super().qsize()

    def empty(self):
        """Whether no task is ready, not counting the one whose turn it is."""
        return not self.qsize()

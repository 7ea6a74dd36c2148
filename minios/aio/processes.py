"""What is asyncio's on a kernel, as `ps`, `kill` and the deadlock report see it.

A native task is a task of the kernel as it is. One of asyncio's own make is shown through a View of
it, which answers what a Task is asked; and the loop itself, with its callbacks, timers and
descriptors, is a line in brackets, as the threads of Linux's kernel are in ps(1).
"""

from __future__ import annotations

from syscalls import signums
from syscalls.describe import place_text
from syscalls.errors import KernelError, TaskKilledError

from ..kernel.task import BaseTask, TaskInfo
from .futures import future_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

__all__ = ["LoopView", "TaskView"]


class _View:
    """The interface of a Task, where there is little to tell."""

    kind = "asyncio"
    nice, daemon, ptid, cpu_time, switches, killer = 0, False, 0, None, None, None
    account = None
    stopped = False
    spawned_at = ""
    parent = None
    children: list = []

    name: Any
    state: Any
    wait_text: Any

    def __init__(self, kernel, tid):
        self.kernel, self.tid, self.group = kernel, tid, tid
        self.call = None

    def info(self) -> TaskInfo:
        """A TaskInfo of this moment."""
        return TaskInfo(
            self.tid, self.ptid, self.group, self.name, self.kind, self.state, self.nice,
            self.cpu_time, self.switches, self.wait_text(), self.daemon,
            self.kernel.booted_at, self.spawned_at,
        )

    def frames(self) -> list[FrameType]:
        """None are known."""
        return []

    def waits_for(self) -> Any:
        """No task."""
        return ()

    def done(self) -> bool:
        """Whether it has ended."""
        return False

    def kill(self, signum: int = signums.SIGTERM) -> bool:
        """Send a signal; False if it has ended."""
        return self.kernel.kill(self, signum)

    # Made anew whenever somebody asks, and the same all the same.

    def __eq__(self, other):
        return isinstance(other, _View) and (self.kernel, self.tid) == (other.kernel, other.tid)

    def __hash__(self):
        return self.tid

    def __repr__(self):
        return f"<Task {self.tid} {self.name} {self.state}>"


class LoopView(_View):
    """The event loop."""

    kind = "loop"
    name = "[event loop]"
    daemon = True

    def __init__(self, loop, tid):
        super().__init__(loop.kernel, tid)
        self._loop = loop

    @property
    def state(self) -> str:
        """R while callbacks are ready."""
        return "R" if self._loop._ready else "S"

    def wait_text(self) -> str:
        """What it has to do, in numbers."""
        loop = self._loop
        return (f"{len(loop._ready)} callbacks, {len(loop._scheduled)} timers, "
                f"{len(loop._selector.get_map())} descriptors")

    def deliver(self, signum, killer, place):
        """It takes no signals: it ends with its program."""

    def add_waiter(self, waiter):
        """Nobody can wait for it."""
        raise KernelError(f"task {self.tid} is an event loop, which ends with its program")


class TaskView(_View):
    """An asyncio.Task that steps through the loop's callbacks."""

    def __init__(self, kernel, tid, task):
        super().__init__(kernel, tid)
        self._task = task
        self._callbacks: dict = {}

    @property
    def name(self) -> str:
        """Its name."""
        return self._task.get_name()

    @property
    def state(self) -> str:
        """R ready or running, S waiting, Z ended."""
        if self._task.done():
            return "Z"
        return "R" if self._task._fut_waiter is None else "S"

    def wait_text(self) -> str:
        """The Future that it awaits."""
        waiter = self._task._fut_waiter
        return "" if waiter is None else f"Await({future_text(waiter)})"

    def frames(self) -> list[FrameType]:
        """The frames of the suspended coroutine, outermost first."""
        found, routine = [], self._task.get_coro()
        while routine is not None:
            frame = getattr(routine, "cr_frame", None) or getattr(routine, "gi_frame", None)
            if frame is not None:
                found.append(frame)
            routine = getattr(routine, "cr_await", None) or getattr(routine, "gi_yieldfrom", None)
        return found

    def waits_for(self) -> Any:
        """The tasks whose end it waits for."""
        return self.kernel.lodger.tasks_behind(self._task._fut_waiter)

    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    def result(self) -> Any:
        """What it returned."""
        return self._task.result()

    def failure(self) -> BaseException | None:
        """What those hear who wait for it with Wait; None if it returned."""
        if self._task.cancelled():
            return TaskKilledError(self.tid, self.name, signums.SIGTERM, None, "asyncio")
        return self._task.exception()

    def deliver(self, signum, killer, place):
        """Whatever would end a task cancels it; it cannot be stopped, nor closed."""
        if signum == signums.SIGQUIT:
            self._task.print_stack()
        elif signum not in _HARMLESS:
            self._task.cancel(msg=f"signal {signum} at {place_text(place)}")

    answer = BaseTask.answer

    def add_waiter(self, waiter):
        """`waiter`, a task of the kernel, hears of the end by its call's `task_ended`."""
        def ended(_):
            if self._callbacks.pop(waiter, None) is not None:
                waiter.call.task_ended(self.kernel, waiter, self)

        self._callbacks[waiter] = ended
        self._task.add_done_callback(ended)

    def discard_waiter(self, waiter):
        """`waiter` waits no more."""
        ended = self._callbacks.pop(waiter, None)
        if ended is not None:
            self._task.remove_done_callback(ended)


# What does not end a task of the kernel either, or could not be done to this one.
_HARMLESS = {0, signums.SIGCHLD, signums.SIGCONT, signums.SIGSTOP, signums.SIGTSTP, signums.SIGTTIN,
             signums.SIGTTOU, signums.SIGURG, signums.SIGWINCH}

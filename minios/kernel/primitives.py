"""What calls, and the library's plain functions, are built from: the kernel's inner interface.

Resume a blocked task, throw into it, start a timer, let another thread have something called,
observe. The kernel is a process table with these primitives, that runs (see kernel.py).
"""

from __future__ import annotations

from syscalls.errors import KernelError

from .hooks import Heard, fail, observed_poll
from .inbox import Inbox
from .log import log_callback
from .modules import request_module
from .signals import interrupt_task
from .table import TaskTable
from .timers import Timer, Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from typing import Any

    from .hooks import Hooks
    from .task import Task

__all__ = ["Primitives"]


class Primitives(TaskTable):
    """The process table, and what acts on its tasks."""

    def __init__(self, max_tasks):
        super().__init__(max_tasks)
        self.ready: list[Task] = []     # the ready queue
        self.current: Task | None = None    # the task whose turn it is
        self.timers = Timers()
        self.handlers: dict[type, Callable] = {}    # by the type of what is yielded
        self.hooks: list[Hooks] = []    # who observes: see attach
        self.heard = Heard()            # which of their methods hear of what
        self.accounting: Any = None     # the one among them that counts for each task
        self.executor: Executor | None = None   # of the Offload calls that name none
        self._inbox = Inbox()
        self._held = 0              # answers that other threads owe
        self._at_exit: list[tuple] = []

    # --- Tasks ---------------------------------------------------------------------------

    def resume(self, task: Task, value: Any = None) -> None:
        """Let a blocked `task` go on, with `value` as the result of its call."""
        if task.call is None:
            raise KernelError(f"{task!r} is not blocked, so it cannot be resumed")
        task.call = None
        task.value = value
        self.ready.append(task)

    def throw(self, task: Task, error: BaseException) -> None:
        """Let a blocked `task` go on by raising `error` at its yield."""
        if task.call is None:
            raise KernelError(f"{task!r} is not blocked, so nothing can be thrown into it")
        task.call = task.token = None
        task.error = error
        task.aim()
        self.ready.append(task)

    def interrupt(self, task: Task, error: BaseException) -> None:
        """Raise `error` in a live task as a signal does: at its call, whose wait is undone, or,
        where a result is due to it, at its next yield, so that nothing handed over is lost."""
        interrupt_task(self, task, error)

    def withdraw(self, task: Task, error: BaseException) -> bool:
        """Take back an `error` that waits for the next yield of `task`; False if none does."""
        pending = task.pending
        if not pending or all(each is not error for each in pending):
            return False
        task.pending = [each for each in pending if each is not error]
        if not task.done() and self.current is not task:
            task.aim()
        return True

    def make_ready(self, task):
        """Put a task that is not blocked back into the ready queue."""
        self.ready.append(task)

    # --- Timers --------------------------------------------------------------------------

    def start_timer(self, task: Task, when: float) -> None:
        """Let the blocked `task`'s call expire when the clock reads `when`."""
        self.timers.start(task, when)

    def cancel_timer(self, task: Task) -> None:
        """Undo start_timer."""
        self.timers.cancel(task)

    def call_at(self, when: float, function: Callable[..., object], *arguments: Any) -> Timer:
        """Call a function when the clock reads `when`; returns a Timer with `cancel()`."""
        timer = Timer(self.timers, function, arguments)
        self.timers.start(timer, when)
        return timer

    # --- What is outside -----------------------------------------------------------------

    def call_from_thread(self, function: Callable[..., object], *arguments: Any) -> None:
        """Let the kernel call `function(*arguments)` between two turns, waking it if it sleeps.

        The one method that is safe in every thread and signal handler. A thread that will
        call it must be expected with `hold()`, or the kernel may end, or see a deadlock,
        before it does.
        """
        self._inbox.put(function, arguments)

    def doze(self) -> bool:
        """Nobody turns rounds for a while: until the next, call_from_thread wakes the poller.

        Returns whether something has been called for already.
        """
        self._inbox.blocking = True
        return bool(self._inbox.calls)

    def is_idle(self) -> bool:
        """Whether the kernel sleeps, or is about to."""
        return self._inbox.blocking

    def hold(self) -> None:
        """Expect an answer from outside the kernel: no deadlock while it has not come."""
        self._held += 1

    def release(self) -> None:
        """The answer expected since `hold()` has come. Raises KernelError without one."""
        if not self._held:
            raise KernelError("release() without a hold(): no answer is expected")
        self._held -= 1

    def request_module(self, alias: str) -> Any:
        """Load a part of minios that is needed: see modules.py. Raises KeyError."""
        return request_module(self, alias)

    def at_exit(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call `function(*arguments)` when all tasks have ended and run() is about to return;
        what was asked for last is called first (atexit(3))."""
        self._at_exit.append((function, arguments))

    def run_callback(self, function, arguments):
        """Call a function on the kernel's own behalf, and return what it returns; what it
        raises is logged."""
        try:
            return function(*arguments)
        except Exception as error:
            log_callback(function, error)
            return None

    # --- Hooks ---------------------------------------------------------------------------

    def attach(self, hooks: Hooks) -> None:
        """Report to `hooks` (see Hooks) from now on; harmless if it is attached already."""
        if any(each is hooks for each in self.hooks):
            return
        hooks.attached(self)  # type: ignore[arg-type]    # it is a Kernel
        self._observe([*self.hooks, hooks])

    def detach(self, hooks: Hooks) -> None:
        """Report to `hooks` no more; harmless if it was not attached."""
        if all(each is not hooks for each in self.hooks):
            return
        self._observe([each for each in self.hooks if each is not hooks])
        self.run_callback(hooks.detached, (self,))

    def _observe(self, hooks):
        """Report to these hooks. What is being reported goes by the tuples it began with."""
        self.hooks, self.heard = hooks, Heard(hooks)
        self.handlers.clear()       # learned anew, with the report of each call
        vars(self.poller).pop("poll", None)
        if self.heard.polls():
            self.poller.poll = observed_poll(self, self.poller.poll)  # type: ignore[method-assign]

    def report(self, event, *arguments):
        """Tell every hook of an event; one that fails is detached."""
        for hear in getattr(self.heard, event):
            try:
                hear(*arguments)
            except Exception as error:
                fail(self, hear, error)

"""The border between a kernel and an event loop, where either may be the host of the other.

What a lodger of the kernel does that is an event loop, whether the loop lives on the kernel
(lodging.py) or the kernel is a guest of the loop (guests.py).
"""

from __future__ import annotations

import asyncio
from contextvars import Context

from ..kernel.lodger import Lodger
from .waiting import Waiting, as_cancelled, carrying_task, wait_for_task

__all__ = ["LoopLodger"]


class LoopLodger(Lodger):
    """A lodger of `kernel` whose tasks and futures are those of `loop`."""

    def __init__(self, loop, kernel):
        self.loop, self.kernel = loop, kernel
        self._context = Context()       # in which the kernel hears of futures

    def start(self, coro, context):
        """Run a coroutine that a task awaits as a task of the loop."""
        return carrying_task(self.loop, coro, context)

    def wait(self, call, task, awaitable):
        if asyncio.iscoroutine(awaitable):
            # In the caller's context, which is not entered now: this is the kernel's turn.
            future = self.start(awaitable, task.context)
        else:
            try:
                future = asyncio.ensure_future(awaitable, loop=self.loop)
            except ValueError as error:
                raise ValueError(
                    f"{awaitable!r} belongs to another event loop; asyncio.gather and the like "
                    "want theirs to run when they are called, as it does in minios.aio.run(main())"
                ) from error
        Waiting(self.kernel, task, call, future, self._context)

    def wait_for_task(self, task):
        return wait_for_task(self.loop, task)

    def has_awaiting(self):
        """Whether a task of the kernel waits for a Future, which may be given at any time."""
        return any(type(task.token) is Waiting for task in self.kernel.tasks.values())

    def tasks_behind(self, future):
        """The tasks, one or none, that `future` stands for."""
        task = getattr(future, "kernel_task", None)
        return () if task is None else (task,)

    def translated(self, task, error):
        return as_cancelled(error)

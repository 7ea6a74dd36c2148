"""Awaiting both ways: a task of the kernel waits for a Future, asyncio waits for a task.

Cancellation crosses the border and keeps its meaning. A task that is killed, or whose time is over,
while it waits for something of asyncio's cancels that, and hears of it when it has ended: its
clean-up is over when the task goes on. A coroutine that is cancelled while it awaits a task, or
a system call, kills that task, and goes on when it has ended.
"""

from __future__ import annotations

import asyncio

from syscalls.awaiting import Await
from syscalls.describe import caller_site
from syscalls.errors import Cancelled, TaskKilledError

from .futures import abandon, future_text

__all__ = ["FutureWait", "TaskFuture", "Waiting", "as_cancelled", "carrying_task", "perform",
           "wait_for_task"]


class FutureWait(Await):
    """What a task is blocked on that has yielded a Future itself: `yield from future`."""

    __slots__ = ()

    def arguments(self):
        return [future_text(self.awaitable)]


class Waiting:
    """One task's wait for one Future: the token of an Await.

    `sends_result`: the task gets it from the kernel; it is not for `yield from future`, whose own
    iterator fetches it.
    """

    __slots__ = ("kernel", "task", "call", "future", "sends_result", "_error", "_late",
                 "_cancelling")

    def __init__(self, kernel, task, call, future, context, sends_result=True):
        self.kernel, self.task, self.call = kernel, task, call
        self.future, self.sends_result = future, sends_result
        self._error = None      # what is thrown when the future has been cancelled
        self._late = None       # what has come when the result was on its way already
        self._cancelling = False
        task.token = self
        future.add_done_callback(self._done, context=context)

    def defer(self, error):
        """A signal or a limit: cancel the future, and throw `error` when it has ended."""
        if self._cancelling:
            return False    # what it waits for waits for this task: so here the circle breaks
        self._cancelling = True
        try:
            cancelled = self.future.cancel()
        finally:
            self._cancelling = False
        if cancelled:
            self._error = error
        elif self.future.done():
            self._late = error      # the result comes first, so that it is not lost
        else:
            return False            # it refuses, now and for ever: leave it alone
        return True

    def abandon(self):
        """The task waits no more, and nobody hears of the future."""
        self.future.remove_done_callback(self._done)
        abandon(self.future)

    def waits_for(self):
        """The tasks that this wait may be for."""
        return self.kernel.lodger.tasks_behind(self.future)

    def _done(self, future):
        task, kernel = self.task, self.kernel
        if task.call is not self.call or task.token is not self:
            return
        task.token = None
        try:
            result = future.result()
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                error = self._error or error
            kernel.throw(task, error)
            del error
        else:
            if isinstance(result, _Carried):
                kernel.throw(task, result.error)
            else:
                kernel.resume(task, result if self.sends_result else None)
        if self._late is not None:
            kernel.interrupt(task, self._late)
        kernel.lodger.woken()


class _Carried:
    """SystemExit or KeyboardInterrupt, on the way to who waits."""

    __slots__ = ("error",)

    def __init__(self, error):
        self.error = error


def _carried(coro):
    """A coroutine that awaits `coro`, and goes by its name; what asyncio's Task would let out of
    the loop, it returns."""
    carrier = _carry(coro)
    for name in ("__name__", "__qualname__"):
        setattr(carrier, name, getattr(coro, name, type(coro).__name__))
    return carrier


def carrying_task(loop, coro, context):
    """A task of `loop` for `coro` whose SystemExit and KeyboardInterrupt its waiter alone gets."""
    task = loop.create_task(_carried(coro), context=context)
    # One that is cancelled before it has begun has not begun to await `coro` either.
    task.add_done_callback(lambda _: coro.close())
    return task


async def _carry(coro):
    try:
        return await coro
    except (SystemExit, KeyboardInterrupt) as error:
        return _Carried(error)


class TaskFuture(asyncio.Future):
    """A task of the kernel, as asyncio waits for it.

    Cancelling it kills the task (SIGTERM), and it is done when the task has ended. A task that
    was killed is a future that was cancelled.
    """

    def __init__(self, loop, task):
        super().__init__(loop=loop)
        self.kernel_task = task
        task.add_done_callback(self._ended)

    def cancel(self, msg=None):
        """Kill the task; True unless it has ended."""
        if self.done() or not self.kernel_task.kill():
            return False
        self.kernel_task.kernel.lodger.woken()
        return True

    def _ended(self, task):
        if self.done():
            return True
        error = task.exception()
        if error is None:
            self.set_result(task.result())
        elif isinstance(error, asyncio.CancelledError) or (
            isinstance(error, TaskKilledError) and error.tid == task.tid   # and not of another
        ):
            super().cancel(msg=str(error))
        else:
            self.set_exception(error)
        return True     # whoever awaits this hears of an error


def wait_for_task(loop, task):
    """A generator, for a coroutine of asyncio: what a task of the kernel returns."""
    task.kernel.forget_ended(task)
    future = TaskFuture(loop, task)
    del loop, task      # an error's traceback holds this frame, and the task holds the error
    try:
        return (yield from future)
    finally:
        del future


def perform(loop, call):
    """A generator, for a coroutine of asyncio: carry out a system call, and return its result."""
    # On behalf of the coroutine: a call needs a task that can be blocked on it.
    name = type(call).__name__
    task = loop.kernel.spawn_from(caller_site(), iter_once(call), name, False)
    return (yield from wait_for_task(loop, task))


def iter_once(call):
    """The routine that makes one call."""
    return (yield call)


def as_cancelled(error):
    """asyncio's CancelledError, by which a task has ended, as the kernel's Cancelled."""
    if isinstance(error, asyncio.CancelledError) and not isinstance(error, Cancelled):
        cancelled = Cancelled(15, None, "asyncio")
        cancelled.__cause__ = error
        return cancelled.with_traceback(error.__traceback__)
    return error

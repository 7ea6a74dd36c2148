"""Native tasks: coroutines of asyncio that the kernel resumes itself.

asyncio's own Task steps through the loop's callbacks: each step is a Handle that is made, queued and
run. A native Task stands in the loop's queue itself, and the kernel's run loop resumes its coroutine
as it does a generator; the Future that it awaits calls it directly. In what is public it is an
asyncio.Task, and its steps come in asyncio's order; and it is a task of minios: in `ps`, to be
killed, stopped and traced, free to yield any system call.
"""

from __future__ import annotations

import asyncio
import sys
from _weakref import ref
from asyncio import CancelledError, coroutines, tasks
from contextvars import copy_context
from types import CoroutineType

from syscalls.awaiting import Await
from syscalls.errors import TaskKilledError

from ..kernel.task import FIELDS, HALT, BaseTask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["AWAITING", "Task", "await_future"]

_Future = asyncio.Future
_set_result, _set_exception, _cancel = _Future.set_result, _Future.set_exception, _Future.cancel
_init, _error_of = _Future.__init__, _Future.exception

# --- Whose turn it is, for asyncio.current_task() ------------------------------------------------

if sys.version_info < (3, 14):
    # A dict by loop; Python's own functions only check, which the kernel need not do.
    _enter = tasks._current_tasks.__setitem__
    _current = tasks._current_tasks

    def _leave(loop, task):
        del _current[loop]
else:
    _enter, _leave = tasks._enter_task, tasks._leave_task

# --- All of them, for asyncio.all_tasks() ---------------------------------------------------------

_all = getattr(tasks, "_scheduled_tasks", None) or tasks._all_tasks
_add_to_all, _forget_in_all = _all.data.add, _all._remove


class _Awaiting(Await):
    """What every native task is blocked on that awaits a Future, which is its token."""

    __slots__ = ()

    def __init__(self):
        """One serves all of them."""

    def defer(self, kernel, task, error):
        future = task.token
        task.due = error        # first: the future may call the task back from within `cancel`
        if not future.cancel() and not future.done():
            task.due = None     # it refuses, now and for ever: leave it alone
            return False
        return True             # where it was done already, its result comes first

    def cancel(self, kernel, task):
        future, task.token = task.token, None
        future.remove_done_callback(task)
        future.cancel()

    def waits_for(self, kernel, task):
        future = task.token
        if isinstance(future, BaseTask):
            return (future,)
        other = getattr(future, "kernel_task", None)
        return () if other is None else (other,)

    def arguments(self):
        return []


AWAITING = _Awaiting()


def loop_of(future):
    """The loop of anything that passes for a Future."""
    try:
        return future.get_loop()
    except AttributeError:
        return future._loop     # one from before Python 3.7


def await_future(future, kernel, task):
    """The handler of a Future that a native `task` has yielded."""
    if not future._asyncio_future_blocking:
        raise RuntimeError(
            f"yield was used instead of yield from in task {task!r} with {future!r}"
        )
    future._asyncio_future_blocking = False
    if future is task:
        raise RuntimeError(f"Task cannot await on itself: {task!r}")
    if loop_of(future) is not task.loop:
        raise RuntimeError(f"Task {task!r} got Future {future!r} attached to a different loop")
    task.call, task.token = AWAITING, future
    future.add_done_callback(task, context=task.context)
    if task.must_cancel and future.cancel(msg=task.cancel_message):
        task.must_cancel = False


class Task(BaseTask, asyncio.Task):
    """An asyncio.Task that is a task of the kernel as well; made by `loop.create_task`."""

    __slots__ = (
        *FIELDS, "loop", "coro", "inner", "due", "must_cancel", "cancel_message", "cancels",
        "carries",
    )

    def __init__(self, loop, coro, name=None, context=None, site=(None, 0), carries=False):
        if type(coro) is not CoroutineType and not coroutines.iscoroutine(coro):
            raise TypeError(f"a coroutine was expected, got {coro!r}")
        # Not asyncio.Task's, which would let the loop's callbacks step through the coroutine.
        _init(self, loop=loop)
        kernel = loop._kernel
        self.loop, self.kernel, self.coro, self.routine = loop, kernel, coro, coro
        self.tid = tid = kernel.next_tid()
        self.name = f"Task-{tid}" if name is None else str(name)
        parent = kernel.current
        if parent is None:
            self.ptid, self.group, self.nice = 0, tid, 0
        else:
            self.ptid, self.group, self.nice = parent.tid, parent.group, parent.nice
        self.context = copy_context() if context is None else context
        self._code, self._lasti = site
        self.inner, self.send = coro.send, self._turn
        self.daemon = self.stopped = self.halted = self.must_cancel = False
        self.carries = carries      # SystemExit and KeyboardInterrupt go to who awaits it, alone
        self.started = True
        self.stack = self.value = self.error = self.pending = self.due = None
        self.call = self.token = self.progress = self.killer = self._waiters = None
        self.cpu_time = self.credit = self.cancel_message = None
        self.switches = self.cancels = 0
        self.created_at = kernel.now()
        _add_to_all(ref(self, _forget_in_all))
        kernel.admit(self)
        loop._ready.append(self)

    # --- A turn --------------------------------------------------------------------------

    def _turn(self, value):
        """Resume the coroutine; what the run loop calls."""
        loop = self.loop
        _enter(loop, self)
        try:
            request = self.inner(value)
        except BaseException as error:
            if self.stack:
                raise       # a routine that it has yielded returns to it
            return self._end_by(error)
        finally:
            _leave(loop, self)
        if self.must_cancel and not hasattr(request, "_asyncio_future_blocking"):
            return self._cancel_at(request)
        return request

    def _end_by(self, error):
        if isinstance(error, StopIteration):
            self.kernel.end_task(self, error.value, None)
        else:
            # Without the frame above and the one of its `inner`, if there is any.
            trace = error.__traceback__.tb_next
            self.kernel.end_task(self, None, error.with_traceback(trace))
            if isinstance(error, (SystemExit, KeyboardInterrupt)) and not self.carries:
                self.kernel.fatal = error
        return HALT

    def _cancel_at(self, request):
        """It has cancelled itself in this turn, and `request`, no Future, is not carried out."""
        if request is None:
            self.inner = self._cancel_turn
            return None
        return self._turn_by(self._cancel_turn)

    def _turn_by(self, function):
        self.inner = function
        return self._turn(None)

    def _cancel_turn(self, value):
        """The turn in which the coroutine hears of `cancel`."""
        self.must_cancel, self.error = False, None
        self.aim()
        message, self.cancel_message = self.cancel_message, None
        return self.routine.throw(CancelledError() if message is None else CancelledError(message))

    def aim(self):
        super().aim()
        self.inner = self._cancel_turn if self.must_cancel else self.send
        self.send = self._turn

    def __call__(self, future):
        """What it awaits is done; the loop's call_soon calls this instead of queueing it."""
        if self.token is not future or self.call is not AWAITING:
            return      # killed out of this wait
        self.token = self.call = None
        # Among the callbacks, behind those that the same Future, or anybody, had called before.
        self.loop._ready.append(self)
        if self.due is not None:
            error, self.due = self.due, None
            if future.cancelled():
                self.error = error
                self.aim()
            else:
                self.kernel.interrupt(self, error)

    # --- The end -------------------------------------------------------------------------

    def end(self, result, error):
        if error is None:
            if self.must_cancel:        # cancelled in its last turn
                _cancel(self, self.cancel_message)
            else:
                _set_result(self, result)
        elif isinstance(error, CancelledError):
            _cancel(self, error.args[0] if error.args and self.killer is None else None)
        else:
            _set_exception(self, error)
        context = self.context
        self.let_go()
        self.context = context
        self.inner = self.due = None

    def failure(self):
        if self.cancelled():
            return TaskKilledError(self.tid, self.name, *(self.killer or (15, None, "asyncio")))
        return _error_of(self)

    def is_remembered(self):
        return False    # asyncio tells of its error when nobody holds it any more

    # --- As asyncio.Task -----------------------------------------------------------------

    done, result, exception = _Future.done, _Future.result, _Future.exception
    add_done_callback = _Future.add_done_callback
    remove_done_callback = _Future.remove_done_callback
    __iter__, __await__, __repr__ = _Future.__iter__, _Future.__await__, asyncio.Task.__repr__
    __hash__ = object.__hash__

    def cancel(self, msg: Any = None) -> bool:
        """Raise CancelledError in the coroutine where it awaits; False if it has ended."""
        if self.done():
            return False
        self._log_traceback = False
        self.cancels += 1
        if self.call is AWAITING:
            if self.token.cancel(msg=msg):
                return True
        elif self.kernel.current is not self and (self.call or self.value) is not None:
            # In a call of the kernel's, or with a result of one that must not be lost.
            self.kernel.interrupt(self, CancelledError() if msg is None else CancelledError(msg))
            return True
        self.must_cancel, self.cancel_message = True, msg
        if self.kernel.current is not self:
            self.inner = self._cancel_turn
        return True

    def cancelling(self) -> int:
        """How many times `cancel` has been called and not been undone."""
        return self.cancels

    def uncancel(self) -> int:
        """Undo one `cancel` in the count; returns what is left."""
        if self.cancels > 0:
            self.cancels -= 1
            if self.cancels == 0 and sys.version_info >= (3, 13):
                self.must_cancel = False
                if self.call is None and not self.done() and self.kernel.current is not self:
                    self.aim()
        return self.cancels

    def get_coro(self) -> Any:
        """The coroutine."""
        return self.coro

    def get_name(self) -> str:
        """The name, that `ps` shows too."""
        return self.name

    def set_name(self, value: object) -> None:
        """Give it another name."""
        self.name = str(value)

    def get_context(self) -> Any:
        """The contextvars.Context in which it runs."""
        return self.context

    # Names without which the ecosystem does not do: anyio, aiomonitor and asyncio's own repr.

    @property
    def _coro(self):
        return self.coro

    @property
    def _fut_waiter(self):
        return self.token if self.call is AWAITING else None

    @property
    def _must_cancel(self):
        return self.must_cancel

    @_must_cancel.setter
    def _must_cancel(self, value):
        self.must_cancel = value

    # --- As a task of the kernel ---------------------------------------------------------

    @property
    def kind(self) -> str:
        """`asyncio`, for `ps`."""
        return "asyncio"

    def wait_text(self):
        return super().wait_text() if self.call is not AWAITING else f"Await({self.token!r})"

"""Native tasks: coroutines of asyncio that the kernel resumes itself.

asyncio's own Task steps through the loop's callbacks: each step is a Handle that is made, queued
and run. A native Task stands in the loop's queue itself, and its coroutine is resumed as the kernel
resumes a generator; the Future that it awaits puts it back there. In what is public it is an
asyncio.Task, and its steps come in asyncio's order; and it is a task of minios: in `ps`, to be
killed, stopped and traced, free to yield any system call.

In what it differs, for those who look closely: its type is a subclass of asyncio.Task, its
`_fut_waiter` in a system call is no Future, and `loop.call_soon` gives no Handle for its wakeup.
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

from ..kernel.task import HALT, BaseTask, no_turn, seldom
from .futures import abandon, future_text, hear_of_cancellation, loop_of, was_cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["AWAITING", "Task", "await_future", "current_tasks"]

_Future = asyncio.Future
_set_result, _set_exception, _cancel = _Future.set_result, _Future.set_exception, _Future.cancel
_init, _result_of, _error_of = _Future.__init__, _Future.result, _Future.exception

# --- Whose turn it is, for asyncio.current_task() ------------------------------------------------

if sys.version_info < (3, 14):
    # A dict by loop. Python's own functions also check, which the kernel need not do.
    current_tasks = tasks._current_tasks     # type: ignore[attr-defined]
else:
    _swap = tasks._swap_current_task

    class _CurrentTasks:
        """The same interface to what is kept with the thread since Python 3.14."""

        def __setitem__(self, loop, task):
            _swap(loop, task)

        def __delitem__(self, loop):
            _swap(loop, None)

    current_tasks = _CurrentTasks()

# Who awaits whom, for the call graphs of Python 3.14: functions of (future, task).
_add_edge = getattr(asyncio, "future_add_to_awaited_by", None)
_drop_edge = getattr(asyncio, "future_discard_from_awaited_by", None)

# --- All of them, for asyncio.all_tasks() ---------------------------------------------------------

# A WeakSet, whose own `add` and removal take three times as long as what they do. (Its removal also
# minds those who iterate; all_tasks() begins anew where the set has changed meanwhile.)
_all = getattr(tasks, "_all_tasks" if sys.version_info < (3, 12) else "_scheduled_tasks").data
_add_to_all, _forget_in_all = _all.add, _all.discard


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
        abandon(future)

    def waits_for(self, kernel, task):
        return kernel.lodger.tasks_behind(task.token)

    def arguments(self):
        return []


AWAITING = _Awaiting()


def await_future(future, kernel, task):
    """The handler of a Future that a native `task` has yielded."""
    if not future._asyncio_future_blocking:
        raise RuntimeError(
            f"yield was used instead of yield from in task {task!r} with {future!r}"
        )
    future._asyncio_future_blocking = False
    kind = future.__class__
    if future is task:
        raise RuntimeError(f"Task cannot await on itself: {task!r}")
    if (future._loop if kind is _Future or kind is Task else loop_of(future)) is not task.loop:
        raise RuntimeError(f"Task {task!r} got Future {future!r} attached to a different loop")
    task.call, task.token = AWAITING, future
    future.add_done_callback(task, context=task.context)
    if _add_edge is not None:
        _add_edge(future, task)
    if task.must_cancel and future.cancel(msg=task.cancel_message):
        task.must_cancel = False


class _InCall:
    """What a task awaits, as asyncio's own tools see it, that is blocked in a system call."""

    def __init__(self, task):
        self._task, self._loop = task, task.loop

    def done(self):
        """Never: it would be another one."""
        return False

    def cancel(self, msg=None):
        """Cancel the task."""
        return self._task.cancel(msg)

    def __repr__(self):
        return f"<{self._task.wait_text()}>"


def _by_signal(error):
    """Whether a signal to the task has raised this, and not its own code: see signals.py."""
    return getattr(error, "cancelled", None) is not None


class Task(BaseTask, asyncio.Task):
    """An asyncio.Task that is a task of the kernel as well; made by `loop.create_task`.

    It is not in the kernel's table: asyncio.all_tasks() is. As there, one that nothing can wake
    and nobody holds is forgotten.
    """

    __slots__ = (
        "loop", "routine", "stack", "context", "inner", "value", "call", "token", "must_cancel",
        "switches", "created_at", "ptid", "_code", "_lasti", "tid", "_seldom",
    )

    daemon = seldom("daemon", False)
    nice = seldom("nice", 0)
    error = seldom("error")
    pending = seldom("pending")
    progress = seldom("progress")
    stopped = seldom("stopped", False)
    halted = seldom("halted", False)
    killer = seldom("killer")
    stopper = seldom("stopper")
    credit = seldom("credit")
    due = seldom("due")                # what is raised when the future has been cancelled
    cancels = seldom("cancels", 0)
    cancel_message = seldom("cancel_message")
    cancelled_by = seldom("cancelled_by")  # raised once, in the first who asks
    carries = seldom("carries", False)     # SystemExit goes to who awaits it, and no further
    _name = seldom("name")
    _waiters = seldom("waiters")
    started = True
    is_remembered = False       # asyncio tells of its error when nobody holds it any more
    __name__ = "task_wakeup"    # as which it is shown among the callbacks of a Future

    def __init__(self, loop, coro, name=None, context=None, site=(None, 0)):
        if type(coro) is not CoroutineType and not coroutines.iscoroutine(coro):
            raise TypeError(f"a coroutine was expected, got {coro!r}")
        # Not asyncio.Task's, which would let the loop's callbacks step through the coroutine.
        _init(self, loop=loop)
        self.loop, self.routine, self.inner = loop, coro, coro.send
        self.context = copy_context() if context is None else context
        self.stack = self.value = self.call = self.token = self._seldom = None
        self.must_cancel, self.switches = False, 0
        self._log_destroy_pending = True
        if name is not None:
            self._name = str(name)
        self._code, self._lasti = site
        self.created_at = loop._device_now()
        kernel = loop._kernel
        kernel.last_tid = self.tid = kernel.last_tid + 1    # next_tid(), without the call
        parent = kernel.current
        self.ptid = 0 if parent is None else parent.tid
        _add_to_all(ref(self, _forget_in_all))
        if sys.version_info >= (3, 14):
            tasks._register_task(self)
        if kernel.hooks:
            kernel.report("task_spawned", self)
        loop._ready.append(self)

    @property
    def kernel(self):
        """The Kernel that the loop lives on."""
        return self.loop._kernel

    @property
    def group(self):
        """That of the task that created it, or its own."""
        parent = self.kernel.tasks.get(self.ptid)
        return self.ptid or self.tid if parent is None else parent.group

    @property
    def name(self):
        """The name, made up when it is first asked for."""
        return f"Task-{self.tid}" if self._name is None else self._name

    @name.setter
    def name(self, value):
        self._name = value

    # --- A turn --------------------------------------------------------------------------

    def _turn(self, value):
        """Resume the coroutine in the kernel's own run loop, where a call's result is due."""
        loop, self.token = self.loop, None
        current_tasks[loop] = self
        try:
            request = self.inner(value)
        except BaseException as error:
            if self.stack:
                raise       # a routine that it has yielded returns to it
            self.end_by(error)
            return HALT
        finally:
            del current_tasks[loop]
        return self.after_cancel(request) if self.must_cancel else request

    @property
    def send(self):
        """What the kernel calls to resume the task; what it sets is what really resumes it."""
        return self._turn

    @send.setter
    def send(self, function):
        self.inner = function

    def end_by(self, error):
        """Take `error`, that of an exhausted coroutine maybe, for the task's outcome."""
        kernel = self.loop._kernel
        if type(error) is not StopIteration:
            # Without the frame of the run loop, in which it was caught.
            error = error.with_traceback(error.__traceback__.tb_next)
            kernel.end_task(self, None, error)
            leaves = isinstance(error, (SystemExit, KeyboardInterrupt))
            if leaves and not self.carries and not _by_signal(error):
                kernel.fatal = error
        elif self._seldom is None and not kernel.hooks:
            # What end_task comes to where nobody has a word to say.
            self.inner = no_turn
            _set_result(self, error.value)
        else:
            kernel.end_task(self, error.value, None)

    def after_cancel(self, request):
        """It was cancelled in this very turn, by itself maybe, and has yielded `request`."""
        if hasattr(request, "_asyncio_future_blocking"):
            return request      # await_future will cancel it
        # Anything else is not carried out: the cancellation comes instead.
        self.inner = self._cancel_turn
        return None

    def _cancel_turn(self, value):
        """The turn in which the coroutine hears of `cancel`."""
        self.must_cancel, self.error = False, None
        self.aim()
        message, self.cancel_message = self.cancel_message, None
        return self.routine.throw(CancelledError() if message is None else CancelledError(message))

    def aim(self):
        super().aim()
        if self.must_cancel:
            self.inner = self._cancel_turn

    def wake(self, future):
        """What it awaits is done; the loop's call_soon calls this instead of queueing it."""
        if _drop_edge is not None:
            _drop_edge(future, self)
        if self.token is not future or self.call is not AWAITING:
            return      # killed out of this wait
        self.call = None
        # Among the callbacks, behind those that the same Future, or anybody, had called before.
        self.loop._ready.append(self)
        if self.must_cancel or self.due is not None:
            # The coroutine hears of the cancellation alone. Not yet: the Future is being settled.
            self.loop.call_soon(hear_of_cancellation, future)
        if self._seldom is not None and self.due is not None:
            error, self.due = self.due, None
            if was_cancelled(future):
                self.error = error
                self.aim()
            else:
                self.kernel.interrupt(self, error)
        elif future.__class__ is Task and future.cancelled_by is not None:
            self.error = future.take_cancelled_by()
            self.aim()

    __call__ = wake     # for a Future of another make, which asks no loop

    # --- The end -------------------------------------------------------------------------

    def end(self, result, error):
        if error is None:
            if self.must_cancel:        # cancelled in its last turn
                _cancel(self, self.cancel_message)
            else:
                _set_result(self, result)
        elif isinstance(error, CancelledError):
            self.cancelled_by = error
            _cancel(self, error.args[0] if error.args and self.killer is None else None)
        elif _by_signal(error):
            _cancel(self, f"signal {self.killer[0]}")
        else:
            _set_exception(self, error)
        self.inner, self.must_cancel = no_turn, False
        self.stack = self.value = self.error = self.pending = None
        self.call = self.token = self.due = None
        self.stopped = self.halted = False

    def outcome(self, error):
        # To ask for the exception would count as having heard of it.
        return self.failure() if self.cancelled() else error

    def failure(self):
        if self.cancelled():
            return TaskKilledError(self.tid, self.name, *(self.killer or (15, None, "asyncio")))
        return _error_of(self)

    # --- As asyncio.Task -----------------------------------------------------------------

    done = _Future.done
    add_done_callback = _Future.add_done_callback
    remove_done_callback = _Future.remove_done_callback
    __iter__, __await__, __repr__ = _Future.__iter__, _Future.__await__, asyncio.Task.__repr__
    __hash__ = object.__hash__

    def result(self) -> Any:
        """What the coroutine returned; raises what it raised, InvalidStateError before."""
        if self._seldom is not None and self.cancelled_by is not None:
            raise self.take_cancelled_by()
        return _result_of(self)

    def exception(self) -> BaseException | None:
        """What the coroutine raised, None if it returned; CancelledError if it was cancelled."""
        if self._seldom is not None and self.cancelled_by is not None:
            raise self.take_cancelled_by()
        return _error_of(self)

    def take_cancelled_by(self):
        """The CancelledError that ended the coroutine: as in asyncio, the first to hear of it
        hears this very one, and the others one that is made from its message."""
        error, self.cancelled_by = self.cancelled_by, None
        return error

    def cancel(self, msg: Any = None) -> bool:
        """Raise CancelledError in the coroutine where it awaits; False if it has ended."""
        if self.done():
            return False
        self._log_traceback = False
        self.cancels += 1
        if isinstance(self.error, CancelledError):
            return True     # on its way already
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
            if hasattr(self.token, "_asyncio_future_blocking"):
                # What had woken it is not asked any more.
                self.loop.call_soon(hear_of_cancellation, self.token)
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
        return self.stack[0] if self.stack else self.routine

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
        return self.get_coro()

    @property
    def _fut_waiter(self):
        token = self.token
        if hasattr(token, "_asyncio_future_blocking"):
            return token        # also when it is done, until the task's next step
        if self.call is None and self.error is None and not self.pending:
            return None
        return _InCall(self)

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
        if self.call is AWAITING:
            return f"Await({future_text(self.token)})"
        return super().wait_text()

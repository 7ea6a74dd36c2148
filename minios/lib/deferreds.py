"""Deferred: a value that will come, as an object to be handed around, and when: several at once.

    deferred = Deferred()
    deferred.done(show).fail(complain)      # callbacks, as in jQuery's $.Deferred
    value = yield deferred                  # or a task waits for it: also `yield from`, `await`

Policy. A deferred is settled once, and from then on says the same to everybody. Its callbacks
are called within `resolve` or `reject`, in the order in which they were added; the tasks that
wait have their turns later. What follows from a deferred, by `then` or `when`, is settled when
all its callbacks have been called, in a loop, so that a chain may be as long as memory allows.
A rejection that nobody ever hears of is logged when the deferred is forgotten.
"""

from __future__ import annotations

from _thread import get_ident
from collections import deque

from syscalls import SystemCall
from syscalls.base import running
from syscalls.describe import caller_site, file_and_line
from syscalls.errors import KernelError, TaskKilledError

from ..kernel.current import current_kernel
from .callbacks import REJECTED, RESOLVED, Callback, Part, Then
from .log import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..kernel import Kernel, Task

__all__ = ["Deferred", "when"]

_PENDING = "pending"


class Deferred(SystemCall):
    """A value that is not there yet, or an error instead of it.

    Yielding it waits until it is settled, and returns the value or raises the error; any number
    of tasks may wait. It belongs to the kernel's thread: see `resolve`.
    """

    __slots__ = (
        "_state", "_value", "_waiters", "_callbacks", "_heard", "_kernel", "_tasks", "_site",
        "_trace", "__weakref__",
    )

    def __init__(self) -> None:
        self._state = _PENDING
        self._trace: Any = None                 # of an error, before others add to it
        self._value: Any = None                 # or the error
        self._waiters: dict[Task, None] = {}
        self._callbacks: deque = deque()        # what is to be called
        self._heard = False                     # somebody takes an error
        self._kernel: Kernel | None = None      # of those who wait or have callbacks
        self._tasks: list[Task] = []            # which settle it, for deadlock reports
        self._site = caller_site()

    @property
    def state(self) -> str:
        """`pending`, `resolved` or `rejected`."""
        return self._state

    # --- Settling ------------------------------------------------------------------------

    def resolve(self, value: Any = None) -> bool:
        """Settle with `value`. Returns True, or False, without effect, if settled already.

        Raises KernelError in another thread than that of the kernel where somebody waits or has
        callbacks; there, say `kernel.call_from_thread(deferred.resolve, value)`.
        """
        return self._settle(RESOLVED, value)

    def reject(self, error: BaseException) -> bool:
        """Settle with an exception, which is raised in who waits; otherwise as `resolve`.

        Raises TypeError for what is no instance of an exception.
        """
        if not isinstance(error, BaseException):
            raise TypeError(
                f"reject takes an exception such as ValueError('reason'), not {error!r}"
            )
        return self._settle(REJECTED, error)

    def _settle(self, state, value):
        if self._state is not _PENDING:
            return False
        if self._is_foreign():
            call = "resolve, value" if state is RESOLVED else "reject, error"
            raise KernelError(
                f"{self!r} is waited for in another thread, that of a kernel; say "
                f"kernel.call_from_thread(deferred.{call})"
            )
        self._set(state, value)
        _announce(self)
        return True

    def _set(self, state, value):
        """Take an outcome, without a word to anybody yet; False if there is one already."""
        if self._state is not _PENDING:
            return False
        self._value = value
        if state is REJECTED:
            self._trace = value.__traceback__
        self._state = state
        self._tasks = []
        return True

    def _is_foreign(self):
        """Whether somebody is to be told, in a kernel that runs in another thread."""
        kernel = self._kernel
        return (
            kernel is not None
            and kernel.thread not in (None, get_ident())
            and bool(self._waiters or self._callbacks)
        )

    # --- Hearing of it -------------------------------------------------------------------

    def done(self, function: Callable[[Any], object]) -> Deferred:
        """Call `function(value)` when this is resolved, at once if it is. Returns self.

        What it raises is logged; what it returns is dropped: see `then`.
        """
        return self._add(Callback((RESOLVED,), function))

    def fail(self, function: Callable[[BaseException], object]) -> Deferred:
        """Call `function(error)` when this is rejected; otherwise as `done`."""
        self._heard = True
        return self._add(Callback((REJECTED,), function))

    def always(self, function: Callable[[Any], object]) -> Deferred:
        """Call `function(value or error)` when this is settled; otherwise as `done`."""
        self._heard = True
        return self._add(Callback((RESOLVED, REJECTED), function))

    def then(
        self,
        f: Callable[[Any], object] | None = None,
        g: Callable[[BaseException], object] | None = None,
    ) -> Deferred:
        """A new Deferred of what `f(value)`, or `g(error)`, makes of the outcome of this one.

        If that is a Deferred, a Task, a routine or a system call (these two run as a task), the
        new one follows it; if `f` or `g` raises, the new one is rejected. Without an `f` or a
        `g`, it takes over the value or the error as it is.
        """
        for each in (f, g):
            if each is not None and not callable(each):
                raise TypeError(f"then takes functions, not {each!r}")
        chained = Deferred()
        chained._site = caller_site()
        chained._tasks = self._tasks
        self._heard = True
        self._add(Then(chained, f, g))
        return chained

    def _add(self, callback):
        if running.kernel is not None:
            self._kernel = running.kernel
        self._callbacks.append(callback)
        # Where a callback adds another, this first calls those that were there before it.
        if self._state is not _PENDING:
            _announce(self)
        return self

    # --- Following something -------------------------------------------------------------

    def _follow(self, thing):
        """Settle as `thing` does. Returns whether that is now; nobody has been told yet."""
        if thing is self:
            error = TypeError(f"{self!r} would follow itself, and never be settled")
            return self._set(REJECTED, error)
        if isinstance(thing, Deferred):
            return self._follow_deferred(thing)
        if hasattr(thing, "tid") and hasattr(thing, "add_done_callback"):
            return self._follow_task(thing)
        if isinstance(thing, SystemCall):
            return self._follow_routine(iter(thing), repr(thing))
        if hasattr(thing, "send") and hasattr(thing, "throw"):
            return self._follow_routine(thing)
        return self._set(RESOLVED, thing)

    def _follow_deferred(self, deferred):
        deferred._heard = True
        if deferred._state is _PENDING:
            self._tasks = deferred._tasks
            deferred._add(Then(self, None, None))
            return False
        return self._set(deferred._state, deferred._value)

    def _follow_routine(self, routine, name=None):
        try:
            task = current_kernel().spawn_from(self._site, routine, name, False)
        except Exception as error:
            return self._set(REJECTED, error)
        return self._follow_task(task)

    def _follow_task(self, task):
        if task.done():
            return self._set(*_outcome(task))
        self._tasks = [task]
        task.add_done_callback(self._task_ended)
        return False

    def _task_ended(self, task):
        """Returns True: an error is heard here."""
        if self._set(*_outcome(task)):
            _announce(self)
        return True

    # --- As a system call ----------------------------------------------------------------

    def handle(self, kernel, task):
        # First the waiter and then the look at the state: a thread that settles does the same
        # in the other order, so that one of the two sees the other.
        self._kernel = kernel
        self._waiters[task] = None
        if self._state is not _PENDING:
            _announce(self)

    def cancel(self, kernel, task):
        del self._waiters[task]

    def waits_for(self, kernel, task):
        return self._tasks

    def arguments(self):
        return [self._state]

    def __del__(self):
        error = self._value
        # Kills are no errors: the kernel itself does not log them either.
        if self._state is REJECTED and not self._heard and not isinstance(error, TaskKilledError):
            place = file_and_line(*self._site)
            log("ERROR", "%r of %s: nobody has heard of the error", self, place, error=error)


def when(*things: Any) -> Deferred:
    """A Deferred of the list of what all `things` give, in their order: `x, y = yield when(a, b)`.

    A thing is a Deferred, a Task, a routine or a system call, which are run as tasks, or else a
    value. The first that is rejected or fails rejects the whole (a task that was killed, with
    TaskKilledError); the others go on, and what else they raise is logged. `when()` is an empty
    list.
    """
    together = Deferred()
    together._site = caller_site()
    parts = [_as_deferred(thing, together._site) for thing in things]
    together._tasks = [task for part in parts for task in part._tasks]
    if not parts:
        together.resolve([])
    values: dict[int, Any] = {}
    for index, part in enumerate(parts):
        part._heard = True
        part._add(Part(together, values, index, len(parts)))
    return together


def _as_deferred(thing, site):
    if isinstance(thing, Deferred):
        return thing
    deferred = Deferred()
    deferred._site = site
    deferred._follow(thing)
    return deferred


def _outcome(task):
    """How a task has ended, as a state and a value."""
    error = task.exception()
    return (RESOLVED, task.result()) if error is None else (REJECTED, error)


def _announce(first):
    """Tell everybody of an outcome, and of all that follow from it."""
    settled, interrupt = [first], None
    for deferred in settled:        # it grows while this runs
        if deferred._is_foreign():
            # Settled in a thread where that was no mistake, or not yet: see `handle`.
            deferred._kernel.call_from_thread(_announce, deferred)
            continue
        _wake_waiters(deferred)
        while deferred._callbacks:
            try:
                deferred._callbacks.popleft().called(deferred, settled)
            except BaseException as error:      # SystemExit, or a second Ctrl-C
                interrupt = interrupt or error
    if interrupt is not None:
        raise interrupt


def _wake_waiters(deferred):
    waiters, deferred._waiters = deferred._waiters, {}
    rejected = deferred._state is REJECTED
    deferred._heard |= rejected and bool(waiters)
    for task in waiters:
        if rejected:
            # Who raises it adds his own frames, and would keep alive what is in them.
            task.kernel.throw(task, deferred._value.with_traceback(deferred._trace))
        else:
            task.kernel.resume(task, deferred._value)

"""A task: one routine, its explicit stack, and what the kernel knows about it.

Invariants. A live task is in exactly one place:
- running: it is `kernel.current`;
- ready: in the ready queue, `call` is None;
- blocked: `call` is the call that it waits on, and `token` is what undoes the wait;
- stopped by SIGSTOP while ready and out of the queue: `halted` is true.
One that has ended has no `routine`; `error` is what it raised.
`send` is what the run loop calls to resume it. Normally that is the routine's own send; when
something else is due (the first turn, an error to throw, a signal that waits for the next
yield, a stop), it is a detour, so that the common case pays for none of them.

Tasks are made by the hundred thousand, and each field costs memory and time. So what most never
need (a signal that waits, a nice value, accounting) stands in a dict that most do not have.
"""

from __future__ import annotations

from collections import namedtuple
from contextvars import copy_context
from types import CoroutineType, GeneratorType

from syscalls.base import SystemCall
from syscalls.describe import call_text, caller_site, file_and_line
from syscalls.errors import Cancelled, KernelError
from syscalls.signums import check_signum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from types import FrameType
    from typing import Any

    from .kernel import Kernel

    Routine = Generator[Any, Any, Any] | Coroutine[Any, Any, Any]

__all__ = ["HALT", "BaseTask", "Task", "TaskInfo", "check_routine", "no_turn", "quacks", "seldom"]

TaskInfo = namedtuple(
    "TaskInfo",
    "tid ptid group name kind state nice cpu_time switches wait daemon created_at spawned_at",
)
TaskInfo.__doc__ = """What `Tasks()` tells of a task at one moment; `wait` is the repr of the call
it is blocked on, an empty string where it is not."""


class _Halt:
    """What a detour yields to the run loop: this task is not to be resumed now."""


HALT = _Halt()


def no_turn(value):
    """The `send` of an ended task, which may stand in the ready queue for one more round."""
    return HALT


class _NoContext:
    """The context of an ended task: it holds nothing."""

    run = staticmethod(lambda function, value: function(value))


def seldom(name, default=None):
    """A field that most tasks never set: it is kept in the dict `_seldom`, None at first."""
    def read(self):
        return default if self._seldom is None else self._seldom.get(name, default)

    def write(self, value):
        if self._seldom is None:
            self._seldom = {}
        self._seldom[name] = value

    return property(read, write)


class BaseTask:
    """What the kernel runs: its table, its run loop and its signals know no more of a task.

    Task is the one of the kernel's own; who lives on the kernel may have another make of it, with
    the same attributes, as slots or otherwise, and with `end`, `done`, `result` and `failure`.
    """

    __slots__ = ()

    # Whether the kernel keeps the task for a while after its end, if nobody waited for it.
    is_remembered = True

    kernel: Kernel
    tid: int
    ptid: int                   # of the parent, 0 where no task spawned this one
    group: int                  # the tid of the group's leader, as in getpgrp(2)
    name: str
    daemon: bool
    nice: int
    call: SystemCall | None     # what it is blocked on
    switches: int               # how many turns it has had
    created_at: float           # on the kernel's clock
    routine: Any                # the one that runs, on top of `stack`
    stack: list | None
    stopped: bool
    _code: Any
    _lasti: int
    _seldom: dict[str, Any] | None

    def done(self) -> bool:
        """Whether the task has ended."""
        raise NotImplementedError

    def result(self) -> Any:
        """What the task returned; raises what it raised."""
        raise NotImplementedError

    def failure(self) -> BaseException | None:
        """What those hear who wait for the task, which has ended; None if it returned."""
        raise NotImplementedError

    def outcome(self, error: BaseException) -> BaseException:
        """The same for observers, who count as nobody; `error` is what has ended the task."""
        raise NotImplementedError

    def end(self, result, error):
        """Take the outcome and let go of everything else."""
        raise NotImplementedError

    def answer(self, kernel, waiter):
        """Resume `waiter`, which has waited for the end of this one, with the outcome."""
        waiter.token = None
        error = self.failure()
        if error is None:
            kernel.resume(waiter, self.result())
        else:
            kernel.throw(waiter, error)

    # --- What users ask ------------------------------------------------------------------

    @property
    def state(self) -> str:
        """R ready or running, S waiting, D waiting and not to be cancelled, T stopped, Z ended."""
        if self.done():
            return "Z"
        if self.stopped:
            return "T"
        if self.call is None or self.kernel.current is self:
            return "R"
        return "S" if self.call.interruptible else "D"

    @property
    def account(self) -> Any:
        """What it has used: see trace/accounting.py. None while nobody counts."""
        accounting = self.kernel.accounting
        return None if accounting is None else accounting.account_of(self)

    @property
    def cpu_time(self) -> float | None:
        """Seconds of CPU time; None while nobody counts them."""
        account = self.account
        return None if account is None else account.cpu

    @property
    def kind(self) -> str:
        """`generator` or `coroutine`, the kind of routine that runs now."""
        return "coroutine" if hasattr(self.routine, "cr_frame") else "generator"

    @property
    def parent(self) -> Task | None:
        """The Task that spawned this one; None where none did or it has ended."""
        return self.kernel.tasks.get(self.ptid)

    @property
    def children(self) -> list[Task]:
        """The live tasks that this one spawned, oldest first. Looks through all tasks."""
        return [task for task in self.kernel.tasks.values() if task.ptid == self.tid]

    @property
    def spawned_at(self) -> str:
        """`file.py:12`, where the task was spawned."""
        return file_and_line(self._code, self._lasti)

    def kill(self, signum: int = 15) -> bool:
        """Send `signum` to the task, as `Kill` does. Returns False if it has ended.

        For plain functions; a task would rather `yield Kill(task)`. Safe in any thread.
        """
        return self.kernel.kill_from(caller_site(), self, check_signum(signum, zero_too=True))

    def frames(self) -> list[FrameType]:
        """The frames of the suspended task, outermost first, through every `yield from`,
        `await` and trampolined call. Empty once it has ended."""
        found = []
        for routine in [*(self.stack or ()), self.routine]:
            while routine is not None:
                frame = getattr(routine, "gi_frame", None) or getattr(routine, "cr_frame", None)
                if frame is not None:
                    found.append(frame)
                routine = getattr(routine, "gi_yieldfrom", None) or getattr(
                    routine, "cr_await", None
                )
        return found

    def info(self) -> TaskInfo:
        """A TaskInfo of this moment."""
        state = self.state
        waits = "" if self.call is None or state == "R" else self.wait_text()
        return TaskInfo(
            self.tid, self.ptid, self.group, self.name, self.kind, state, self.nice,
            self.cpu_time, self.switches, waits, self.daemon,
            self.created_at, self.spawned_at,
        )

    def waits_for(self):
        """The tasks that could end its wait."""
        return () if self.call is None else self.call.waits_for(self.kernel, self)

    def wait_text(self) -> str:
        """What the task is blocked on, as the listers show it."""
        return call_text(self.call)

    def __iter__(self) -> Generator[Any, Any, Any]:
        """Wait for the task, as `Wait` does: `yield from task`, or `await task`."""
        lodger = self.kernel.lodger
        if lodger.has_turn():
            return lodger.wait_for_task(self)
        from syscalls.process import Wait

        return iter(Wait(self))     # type: ignore[arg-type]    # any make of task will do

    __await__ = __iter__

    def __repr__(self):
        return f"<Task {self.tid} {self.name} {self.state}>"

    # --- What the kernel does ------------------------------------------------------------

    def add_waiter(self, task):
        """`task` waits for this one: its call's `task_ended` will be called."""
        if self._waiters is None:
            self._waiters = {task: None}    # by arrival
        else:
            self._waiters[task] = None

    def discard_waiter(self, task):
        """`task` waits for this one no more."""
        if self._waiters is not None:
            self._waiters.pop(task, None)

    def expired(self, kernel):
        """The timer that was started for this task is due."""
        self.react(kernel, self.call.expired)

    def react(self, kernel, reaction):
        """Let the call that the task is blocked on react; what it raises is the task's."""
        call = self.call
        try:
            reaction(kernel, self)
        except Exception as error:
            self.blame(kernel, call, error)

    def blame(self, kernel, call, error):
        """The reaction of `call`, on which the task was blocked, has failed by `error`."""
        if self.call is not call:
            raise error
        kernel.throw(self, error)

    def aim(self):
        """Point `send` at the routine, or at the detour where anything else is due."""
        seldom = self._seldom       # by its dict, since the properties would cost more
        if self.error is not None or seldom is not None and (
            seldom.get("pending") or seldom.get("stopped")
        ):
            self.send = self._detour
        elif self.started:
            self.send = self.routine.send
        else:
            self.send = self._first_turn

    # --- The detours ---------------------------------------------------------------------

    def _first_turn(self, value):
        """Begin to run the routine."""
        routine = self.routine
        if type(routine) is GeneratorType and not routine.gi_suspended:
            self.started = True     # as below, without the inner calls
            self.send = send = routine.send
            return send(None)
        self.begin()
        self.aim()
        return self.send(value)

    def begin(self):
        """Check, before the first turn or the end without one, that the routine is ours alone."""
        self.started = True
        if not _is_fresh(self.routine):
            self.error = KernelError(
                f"{self!r} was given a routine that another task already runs; "
                "call the function again for a fresh one"
            )
            self.routine = _raise_nothing()

    def _detour(self, value):
        """Resume the routine in another way than by sending: see `aim`."""
        if self._seldom is not None and self.stopped:
            self.value, self.halted = value, True
            return HALT
        if not self.started:
            error = self.error
            self.begin()
            self.error = error or self.error
        routine, error, self.error = self.routine, self.error, None
        if error is not None:
            self.aim()
            request = routine.throw(error)
        else:
            request = routine.send(value)
        # A signal that found the task with a result due was kept until this yield, so that
        # the result was not lost. What the routine has just asked for is not carried out.
        while self._seldom is not None and self.pending:
            _discard(request)
            request = routine.throw(self.pending.pop(0))
        self.aim()
        return request


class Task(BaseTask):
    """A process of minios. Made by `Spawn` and `kernel.spawn`, never directly."""

    __slots__ = (
        "tid", "ptid", "group", "name", "kernel", "routine", "stack", "context", "send",
        "value", "error", "call", "token", "started", "switches", "created_at",
        "_code", "_lasti", "_waiters", "_seldom", "_result", "__weakref__",
    )

    daemon = seldom("daemon", False)
    nice = seldom("nice", 0)
    pending = seldom("pending")         # errors that wait for the next yield
    progress = seldom("progress")       # how far a call is that takes several steps
    stopped = seldom("stopped", False)
    halted = seldom("halted", False)
    killer = seldom("killer")
    stopper = seldom("stopper")         # who has stopped it: signum, tid, place
    credit = seldom("credit")

    def __init__(self, kernel, routine, name, parent, site):
        self.kernel, self.routine, self.name = kernel, routine, name
        kernel.last_tid = self.tid = tid = kernel.last_tid + 1
        self._seldom = None
        if parent is None:
            self.ptid, self.group = 0, tid
            self.context = copy_context()
        else:
            self.ptid, self.group = parent.tid, parent.group
            self.context = parent.context.copy()
            if parent._seldom is not None and parent.nice:
                self.nice = parent.nice
        self._code, self._lasti = site
        self.send = self._first_turn
        self.stack = self.value = self.error = self.call = self.token = self._waiters = None
        self.started = False
        self.switches = 0
        self.created_at = kernel.now()

    def done(self) -> bool:
        """Whether the task has ended."""
        return self.routine is None

    def result(self) -> Any:
        """What the task returned. Raises what it raised, TaskKilledError if it was killed,
        KernelError if it has not ended."""
        if self.routine is None and self.error is None:
            return self._result     # without the inner call
        error = self.exception()
        assert error is not None
        raise error

    def exception(self) -> BaseException | None:
        """What the task raised, TaskKilledError if it was killed, None if it returned.

        Raises KernelError if it has not ended.
        """
        if self.routine is not None:
            raise KernelError(f"{self!r} has not ended yet; `yield Wait(task)` waits for it")
        if self.error is not None:
            # Each who raises it adds his own frames, and would keep alive what is in them.
            self.error.__traceback__ = self._result
        return self.error

    failure = exception

    def outcome(self, error):
        return error if self.error is None else self.error

    def answer(self, kernel, waiter):
        if self.error is None:      # without the inner calls: what all do who join
            waiter.call = waiter.token = None
            waiter.value = self._result
            kernel.ready.append(waiter)
        else:
            super().answer(kernel, waiter)

    def add_done_callback(self, function: Callable[[Task], object]) -> None:
        """Let the kernel call `function(task)` when the task ends, or now if it has.

        If it returns True it counts as one who waited, so that what the task raised is not
        logged. It runs between two turns, or in the turn that ended the task; what it raises
        is logged.
        """
        if self.done():
            self.kernel.run_callback(function, (self,))
        else:
            self.add_waiter(_DoneCallback(function))

    def remove_done_callback(self, function: Callable[[Task], object]) -> None:
        """Undo add_done_callback; harmless where there is nothing to undo."""
        self.discard_waiter(_DoneCallback(function))

    def end(self, result, error):
        """Take the outcome and let go of everything else."""
        if error is not None:
            error = _outcome(self, error)
            result = error.__traceback__    # as it is now: see exception()
        self._result, self.error = result, error
        self.routine = self.stack = self.value = self.call = self.token = None
        self.send, self.context = no_turn, _NoContext
        if self._seldom is not None:
            for name in _OF_THE_LIVING:
                self._seldom.pop(name, None)


_OF_THE_LIVING = "pending", "progress", "stopped", "stopper", "halted"


def _outcome(task, error):
    """What those hear who wait for `task`, which `error` has ended."""
    cancelled = error
    if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
        cancelled = vars(error).get("cancelled")    # set by a signal: see signals.py
    return cancelled.outcome(task.tid, task.name) if isinstance(cancelled, Cancelled) else error


class _DoneCallback:
    """A function that stands among a task's waiters; two of the same function are equal."""

    __slots__ = ("_function",)

    def __init__(self, function):
        self._function = function

    @property
    def call(self):
        """What is asked of a waiter: the call that it is blocked on, which hears of the end."""
        return self

    def task_ended(self, kernel, waiter, task):
        """The task has ended; False, that of one who only watches, unless the function heard."""
        return kernel.run_callback(self._function, (task,)) is True

    def __eq__(self, other):
        return isinstance(other, _DoneCallback) and self._function == other._function

    def __hash__(self):
        return hash(self._function)


def check_routine(routine):
    """Refuse what cannot be run as a task. Raises TypeError or KernelError."""
    if isinstance(routine, (GeneratorType, CoroutineType)) or quacks(type(routine)):
        if not _is_fresh(routine):
            raise KernelError(
                f"{routine!r} is already running or has ended; "
                "call the function again for a fresh routine"
            )
    elif callable(routine):
        name = getattr(routine, "__name__", "routine")
        raise TypeError(f"{routine!r} is no routine but makes one: call it, as in {name}()")
    else:
        raise TypeError(f"{routine!r} is no routine: give a generator or a coroutine object")


def quacks(kind):
    """Whether a type is that of generators or coroutines of another make: Cython's, or a class."""
    return all(hasattr(kind, name) for name in ("send", "throw", "close"))


def _is_fresh(routine):
    """Whether the routine is not running anywhere. One of another make is taken at its word.

    `gi_frame` would also tell an exhausted generator from a fresh one, but asking for it makes
    a frame object, 144 bytes for the rest of the task's life.
    """
    kind = type(routine)
    if kind is GeneratorType:
        return not (routine.gi_suspended or routine.gi_running)
    if kind is CoroutineType:
        return not (routine.cr_suspended or routine.cr_running)
    return True


def _discard(request):
    """Drop a request that is not carried out, without a warning if it is a coroutine."""
    if isinstance(request, SystemCall):
        request.discard()
    elif isinstance(request, CoroutineType):
        request.close()


def _raise_nothing():
    """A fresh routine to throw an error into."""
    return
    yield

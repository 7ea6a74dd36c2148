"""Strace: the calls of tasks as they make them, as events for lines.py and counts for `-c`.

An event is rendered where it happens, in the kernel's thread, since objects change; who prints it
may be another task or another thread. A call whose answer is there when its turn ends is one event;
any other is two, and what happens in between tells lines.py how to print them.
"""

from __future__ import annotations

from ..kernel import Hooks
from ..kernel.task import BaseTask
from .counting import Counts
from .ends import end_text, killed_text
from .rendering import arguments_text, call_name, error_text, result_text, signal_of
from .selection import Selection

__all__ = ["CALL", "ENTER", "EXIT", "GONE", "LINE", "NOTE", "InjectingStrace",
           "Strace", "is_traced"]

# What an event is: (kind, label, several, when, name, text, seconds).
CALL = "call"       # a whole call: name, `arguments) = result`, how long it took
ENTER = "enter"     # the beginning of one that blocks: name, arguments
EXIT = "exit"       # its end: name, result
GONE = "gone"       # its end with the task's
LINE = "line"       # anything else that has happened to a task
NOTE = "note"       # something that strace itself has to say

_AT_ONCE = {"SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT"}   # they end no call
_UNSEEN = {"SIGKILL"}                               # the end tells of it


class _Traced:
    """What is known of a traced task: the call that it is in."""

    __slots__ = ("label", "name", "arguments", "since", "future", "entered", "injected", "signals")

    def __init__(self, label):
        self.label = label
        self.name = self.future = None
        self.arguments, self.since = "", 0.0
        self.entered = self.injected = False
        self.signals = []           # lines that belong behind the end of the call


class Strace(Hooks):
    """Observes tasks of one kernel and passes events on to `put`.

    `tasks`: those to trace; None for all but those for which `ignored(task)` is true and their
    children. `follow`: also the children that they spawn from now on. `calls`: a Selection.
    `sample`: how many bytes of a payload are shown. `prefix` stands before the tids. `put` is None
    where the calls are only to be counted: see `counts`. `finished()` is called when the last
    of `tasks` has ended.
    """

    def __init__(self, put, tasks=None, *, calls=None, follow=False, sample=32, prefix="",
                 ignored=None, finished=None):
        self.counts = Counts()
        self._put = put
        self._calls = Selection() if calls is None else calls
        self._follow, self._sample, self._prefix = follow, sample, prefix
        self._ignored, self._finished = ignored, finished
        self._all = tasks is None
        self._unseen: set[int] = set()      # tids of those that are ignored
        self._traced = {task.tid: _Traced(f"{prefix}{task.tid}") for task in tasks or ()}
        self._first = list(tasks or ())
        self._now = None

    def traces(self, task):
        """Whether `task` is traced."""
        if self._all:
            return isinstance(task, BaseTask) and not self._ignores(task)
        return task.tid in self._traced

    # --- What it hears -------------------------------------------------------------------

    def attached(self, kernel):
        """Begin, with the calls that the tasks are in already."""
        self._now = lambda: kernel.now()        # not bound: an event loop may put another there
        first, self._first = self._first, []
        for task in first:
            if task.call is not None:
                traced = self._traced[task.tid]
                self._begin(traced, task.token if _awaits(task) else task.call)
                if traced.name is not None:
                    self._enter(traced)

    def task_spawned(self, task):
        """A child may be followed, or ignored as its parent is."""
        if self._all:
            if self._ignores(task):
                self._unseen.add(task.tid)
        elif self._follow and task.ptid in self._traced:
            traced = self._traced[task.tid] = _Traced(f"{self._prefix}{task.tid}")
            self._tell(traced, NOTE, text=f"task {traced.label} attached")

    def call_made(self, task, call):
        """It is counted and printed at its end, or at the turn's."""
        traced = self._look_up(task)
        if traced is not None:
            self._begin(traced, call)

    def turn_ended(self, task):
        """The call that was made in the turn has its answer, or blocks."""
        traced = self._traced.get(task.tid)
        if traced is None or traced.name is None:
            return
        if task.call is None:
            self._end(traced, task)
        else:
            self.counts.handled(traced.name, self._now() - traced.since)
            self._enter(traced)

    def turn_started(self, task):
        """The call that it was blocked in has its answer."""
        traced = self._traced.get(task.tid)
        if traced is not None:
            if traced.name is not None:
                self._end(traced, task)
            if traced.signals:
                self._tell_signals(traced)

    def signalled(self, task, signum, killer, place):
        """A signal is shown behind the call that it interrupts."""
        traced = self._look_up(task)
        if traced is None:
            return
        name, text = killed_text(signum, killer)
        if name in _UNSEEN:
            return
        traced.signals.append(f"--- {name} {text} ---")
        if traced.name is None or name in _AT_ONCE:
            self._tell_signals(traced)

    def task_ended(self, task):
        """The last line of a task."""
        traced = self._look_up(task)
        self._unseen.discard(task.tid)
        if traced is None:
            return
        if traced.name is not None:
            self.counts.ended(traced.name, self._now() - traced.since, error=False)
            self._tell(traced, GONE, traced.name)
            traced.name = None
        self._tell_signals(traced)
        self._tell(traced, LINE, text=f"+++ {end_text(task)} +++")
        del self._traced[task.tid]
        if not self._traced and not self._all and self._finished is not None:
            self._finished()

    # --- Inside --------------------------------------------------------------------------

    def _look_up(self, task):
        """The _Traced of a task, which may be new to us; None where it is not traced."""
        traced = self._traced.get(task.tid)
        if traced is None and self._all and task.tid not in self._unseen:
            if self._ignores(task):
                self._unseen.add(task.tid)
            else:
                traced = self._traced[task.tid] = _Traced(f"{self._prefix}{task.tid}")
        return traced

    def _ignores(self, task):
        if task.tid in self._unseen or task.ptid in self._unseen:
            return True
        return self._ignored is not None and self._ignored(task)

    def _begin(self, traced, call):
        name = call_name(call)
        if name not in self._calls:
            return
        traced.name, traced.since, traced.entered = name, self._now(), False
        traced.future = call if name == "await" and not hasattr(call, "handle") else None
        if self._put is not None:
            traced.arguments = arguments_text(call)

    def _enter(self, traced):
        traced.entered = True
        self._tell(traced, ENTER, traced.name, traced.arguments)

    def _end(self, traced, task):
        seconds = self._now() - traced.since
        value, error = task.value, task.error
        if traced.future is not None and error is None:
            value, error = _outcome(traced.future)
        failed = error is not None and signal_of(error) is None
        if not traced.entered:
            self.counts.handled(traced.name, seconds)
        self.counts.ended(traced.name, seconds, failed)
        if self._put is not None:
            text = result_text(value, self._sample) if error is None else error_text(error)
            if traced.injected:
                text += " (INJECTED)"
            if traced.entered:
                self._tell(traced, EXIT, traced.name, text, seconds)
            else:
                self._tell(traced, CALL, traced.name, f"{traced.arguments}) = {text}", seconds)
        traced.name = traced.future = None
        traced.injected = False

    def _tell_signals(self, traced):
        for text in traced.signals:
            self._tell(traced, LINE, text=text)
        traced.signals = []

    def _tell(self, traced, kind, name=None, text="", seconds=0.0):
        if self._put is not None:
            several = self._all or len(self._traced) > 1
            self._put((kind, traced.label, several, self._now(), name, text, seconds))


class InjectingStrace(Strace):
    """A Strace that lets calls fail: `injections` are tried in order."""

    def __init__(self, put, tasks=None, *, injections, **options):
        super().__init__(put, tasks, **options)
        self._injections = injections

    def fault(self, task, call):
        """The error that the call is to fail with."""
        traced = self._look_up(task)
        if traced is None:
            return None
        name = call_name(call)
        for injection in self._injections:
            error = injection.fault(task, name)
            if error is not None:
                traced.injected = True
                return error
        return None


def is_traced(task):
    """Whether a Strace observes `task` at this moment; in any thread."""
    return any(isinstance(hooks, Strace) and hooks.traces(task) for hooks in task.kernel.hooks)


def _awaits(task):
    """Whether it is a native task of asyncio's that awaits a Future, which is its token."""
    return hasattr(task.token, "_asyncio_future_blocking")


def _outcome(future):
    """(result, error) of a Future, without counting as one who has asked for it."""
    if not future.done():
        return None, None       # it has been woken otherwise: by a signal, whose line comes
    if future.cancelled():
        from asyncio import CancelledError  # who has a Future has imported it

        return None, CancelledError()
    return getattr(future, "_result", None), getattr(future, "_exception", None)

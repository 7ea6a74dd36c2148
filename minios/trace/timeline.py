"""Timeline: the turns of tasks, their waits and who woke whom, as trace events of Chrome's.

A kernel is a process, a task a thread of it, and the kernel itself thread 0. A turn is a slice
named by the call that it ended in; the wait behind it is a slice named by the whole call. An arrow
leads from the turn that woke a task to the turn that it had then. A counter shows the ready tasks.

In virtual time nothing that runs takes time. There a turn is drawn one microsecond long, and the
file of a program that goes the same way is the same, byte for byte.
"""

from __future__ import annotations

from itertools import islice
from time import perf_counter_ns

from syscalls.describe import call_text

from ..kernel import Hooks
from .ends import end_text
from .rendering import call_name

__all__ = ["Timeline"]

_LONGEST = 120      # characters of a name


class _Virtual:
    """Microseconds of a clock that jumps, and one more for each look at it."""

    def __init__(self, kernel):
        self._kernel, self._start, self._last = kernel, kernel.now(), -1

    def __call__(self):
        self._last = max(self._last + 1, round((self._kernel.now() - self._start) * 1e6))
        return self._last


class _Real:
    """Microseconds since `start`, a reading of perf_counter_ns."""

    def __init__(self, start):
        self._start = start

    def __call__(self):
        return (perf_counter_ns() - self._start) / 1000


class Timeline(Hooks):
    """Writes what happens on one kernel to `file`, an EventFile.

    `start` is the moment that counts as zero, of perf_counter_ns. `wanted(task)` says which tasks
    to show (default: all); children of those are shown too.
    """

    def __init__(self, file, start=None, wanted=None):
        self._file, self._wanted = file, wanted
        self._start = perf_counter_ns() if start is None else start
        self._pid = file.next_pid()
        self._kernel = self._now = None
        self._shown = {}            # tid -> whether it is shown
        self._waits = set()         # tids of those whose wait is an open slice
        self._flows = {}            # tid -> the arrow that leads to its next turn
        self._call = None           # what the turn has yielded
        self._began = 0.0
        self._ready, self._seen, self._callbacks = None, 0, 0
        self._counted = None        # the last value of the counter

    # --- What it hears -------------------------------------------------------------------

    def attached(self, kernel):
        """Begin, with the names of the tasks that there are when they have their turns."""
        if self._kernel is kernel:
            return          # it runs once more, and time goes on
        self._kernel = kernel
        self._now = _Virtual(kernel) if kernel.clock.jumps else _Real(self._start)
        self._began = self._now()
        self._meta("process_name", 0, "name", f"kernel {self._pid}")
        self._meta("process_sort_index", 0, "sort_index", self._pid)
        self._meta("thread_name", 0, "name", "kernel")
        self._meta("thread_sort_index", 0, "sort_index", 0)

    def detached(self, kernel):
        """The end, of this kernel."""
        self._file.flush()

    def batch_started(self, tasks):
        """How many are ready; and who has got ready without anybody's turn."""
        kernel = self._kernel
        if self._file.over:
            kernel.detach(self)
            return
        self._ready, self._seen = kernel.ready, len(kernel.ready)
        self._callbacks = len(kernel.callbacks)
        ready = len(tasks) + len(kernel.ready)
        if ready != self._counted:
            self._counted = ready
            self._add(f'"name":"ready tasks","ph":"C","ts":{self._time(self._now())},'
                      f'"pid":{self._pid},"tid":0,"args":{{"tasks":{ready}}}')

    def turn_started(self, task):
        """The wait is over."""
        now = self._began = self._now()
        self._call = None
        if not self._is_shown(task):
            return
        tid = task.tid
        if tid in self._waits:
            self._waits.discard(tid)
            self._add(f'"ph":"E","ts":{self._time(now)},"pid":{self._pid},"tid":{tid}')

    def call_made(self, task, call):
        """The turn will be named by it."""
        if self._is_shown(task):
            self._call = call_name(call), call_text(call)[:_LONGEST]

    def turn_ended(self, task):
        """The slice of the turn, the arrows to whom it has woken, and the wait that begins."""
        began, ended = self._began, self._now()
        woken = self._take_woken(task)
        if not self._is_shown(task):
            return
        tid, where = task.tid, f'"pid":{self._pid},"tid":{task.tid}'
        call, self._call = self._call, None
        done = task.done()
        name = "end" if done else "yield" if call is None else call[0]
        events = [f'{{"name":{self._file.quote(name)},"cat":"turn","ph":"X",'
                  f'"ts":{self._time(began)},"dur":{self._time(ended - began)},{where},'
                  f'"args":{{{self._details(task, call, done)}}}}}']
        flow = self._flows.pop(tid, None)
        if flow is not None:
            events.append(f'{{"name":"wakes","cat":"wake","ph":"f","bp":"e","id":{flow},'
                          f'"ts":{self._time(began)},{where}}}')
        for other in woken:
            if other.tid not in self._flows and self._is_shown(other):
                flow = self._flows[other.tid] = self._file.next_flow()
                events.append(f'{{"name":"wakes","cat":"wake","ph":"s","id":{flow},'
                              f'"ts":{self._time(began)},{where}}}')
        if call is not None and not done and task.call is not None:
            self._waits.add(tid)
            events.append(f'{{"name":{self._file.quote(call[1])},"cat":"wait","ph":"B",'
                          f'"ts":{self._time(ended)},{where}}}')
        if done:
            self._forget(tid)
        self._file.add(*events)

    def task_ended(self, task):
        """One that was killed in a wait has no turn any more."""
        if self._kernel.current is task:
            return
        if task.tid in self._waits:
            # In another's turn, whose slice is written when it ends: not to stand before its start.
            now = self._now() if self._kernel.current is None else self._began
            self._add(f'"ph":"E","ts":{self._time(now)},"pid":{self._pid},'
                      f'"tid":{task.tid},"args":{{"end":{self._file.quote(end_text(task))}}}')
        self._forget(task.tid)

    def task_spawned(self, task):
        """It gets a track."""
        self._is_shown(task)

    def idle_started(self, seconds):
        """On the kernel's own track."""
        self._add(f'"name":"idle","cat":"kernel","ph":"B","ts":{self._time(self._now())},'
                  f'"pid":{self._pid},"tid":0')

    def idle_ended(self):
        """Something is ready."""
        self._add(f'"ph":"E","ts":{self._time(self._now())},"pid":{self._pid},"tid":0')

    # --- Inside --------------------------------------------------------------------------

    def _is_shown(self, task):
        shown = self._shown.get(task.tid)
        if shown is None:
            shown = (self._wanted is None or self._shown.get(task.ptid, False)
                     or self._wanted(task))
            self._shown[task.tid] = shown
            if shown:
                self._meta("thread_name", task.tid, "name", task.name)
                self._meta("thread_sort_index", task.tid, "sort_index", task.tid)
        return shown

    def _forget(self, tid):
        self._shown.pop(tid, None)
        self._waits.discard(tid)
        self._flows.pop(tid, None)

    def _take_woken(self, task):
        """The tasks that have got ready in the turn that ends, `task` left out."""
        kernel, ready = self._kernel, self._kernel.ready
        seen = self._seen if ready is self._ready else 0
        woken = ready[seen:]
        self._ready, self._seen = ready, len(ready)
        more = len(kernel.callbacks) - self._callbacks
        if more > 0:
            woken += [each for each in list(islice(reversed(kernel.callbacks), more))
                      if hasattr(each, "tid")]
        self._callbacks = len(kernel.callbacks)
        return [each for each in woken if each is not task]

    def _details(self, task, call, done):
        quote = self._file.quote
        if done:
            return f'"end":{quote(end_text(task))}'
        frames = task.frames()
        place = f"{frames[-1].f_code.co_filename}:{frames[-1].f_lineno}" if frames else ""
        details = f'"at":{quote(place)}'
        return details if call is None else f'{details},"call":{quote(call[1])}'

    def _meta(self, name, tid, key, value):
        value = self._file.quote(value) if isinstance(value, str) else value
        self._file.add(f'{{"name":"{name}","ph":"M","pid":{self._pid},"tid":{tid},'
                       f'"args":{{"{key}":{value}}}}}')

    def _add(self, inside):
        self._file.add(f"{{{inside}}}")

    @staticmethod
    def _time(microseconds):
        return f"{microseconds:.3f}".rstrip("0").rstrip(".")

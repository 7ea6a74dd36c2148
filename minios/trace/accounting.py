"""Accounting: what each task uses, and where the kernel's time goes.

Counted while it is attached, turn by turn, with the CPU clock of the kernel's thread: time in which
the task was asleep, or in which other threads or programs had the CPU, does not count. A reading of
that clock costs more than a turn, so the kernel does without until somebody wants to know
(`task.account` and `task.cpu_time` are None until then), and there is one a turn: a turn begins
where the one before it ended, so that what other observers do counts as the tasks' time.

A task is ready from the end of the turn in which another resumed it, from the moment that its timer
was due, or from when the kernel looked at its descriptor. An interval in which a task was waiting
already when the counting began counts from there.
"""

from __future__ import annotations

import time
from _thread import get_ident
from itertools import islice

from syscalls.errors import KernelError

from ..kernel import Hooks
from ..kernel.task import BaseTask
from .account import Account

__all__ = ["Accounting", "release", "running_for", "use"]

_KEY = "account"        # in the dict of a task's seldom fields
_NOTEWORTHY = 0.0001    # seconds; of shorter turns, it is not noted where they ended

_thread_time = time.thread_time


def use(kernel):
    """The Accounting of `kernel`, attached by the first who wants it; in the kernel's thread.

    Whoever has said this says `release(kernel)` in the end.
    """
    accounting = kernel.accounting
    if accounting is None:
        accounting = Accounting()
        kernel.attach(accounting)
    else:
        accounting.users += 1
    return accounting


def release(kernel):
    """Undo `use`: the last one detaches the Accounting. Harmless where it has been already."""
    accounting = kernel.accounting
    if accounting is not None:
        accounting.users -= 1
        if not accounting.users:
            kernel.detach(accounting)


def running_for(kernel):
    """Seconds of CPU that the turn which goes on now has taken, in any thread; None if no turn
    does, or nobody counts, or the system has no such clock."""
    accounting = kernel.accounting
    return None if accounting is None else accounting.running_for()


class Accounting(Hooks):
    """Keeps the `account` of each task of a kernel, and the shares of the kernel's time.

    One a kernel: attaching a second raises KernelError (see `use`). Its methods that tell
    something may be called in any thread.
    """

    def __init__(self):
        self.users = 0
        self._kernel = None
        self._since = 0.0           # when it was attached, on the kernel's clock
        self.turn_began = 0.0       # when the last one ended, on the kernel's clock
        self._last_cpu = 0.0        # the same on the CPU clock of the thread
        self.batch_began = 0.0      # when the batch began that goes on
        self._user = self._poll = self._idle = 0.0
        self._poll_since = self._idle_since = None
        self._ready, self._seen = None, 0   # how much of which ready queue has been looked at
        self._callbacks = 0         # how long the lodger's was
        self._active = {}           # tid -> task
        self._thread = self._clock = None   # the thread, and the id of its CPU clock

    # --- What it tells -------------------------------------------------------------------

    def account_of(self, task):
        """The Account of a task; None for one that ended before anybody counted."""
        seldom = task._seldom
        account = None if seldom is None else seldom.get(_KEY)
        if account is None or account.keeper is not self:
            return None if task.done() else self._open_late(task)
        return account

    def shares(self):
        """Where the seconds went since it was attached, on the kernel's clock: a dict of `user`
        (turns of tasks), `poll` (looking at descriptors), `idle` and `kernel` (all the rest)."""
        kernel, now = self._kernel, self.now()
        user, poll, idle = self._user, self._poll, self._idle
        idle_since = self._idle_since
        if idle_since is not None:
            idle += max(0.0, now - idle_since)
        elif kernel.current is not None:
            user += max(0.0, now - self.turn_began)
        rest = now - self._since - user - poll - idle
        return {"user": user, "kernel": max(0.0, rest), "poll": poll, "idle": idle}

    def take_active(self):
        """The live tasks that had a turn since this was last called, as a list."""
        active, self._active = self._active, {}
        return list(active.values())

    def running_for(self):
        """As the function of that name."""
        clock, last, task = self._clock, self._last_cpu, self._kernel.current
        if clock is None or task is None:
            return None
        try:
            return max(0.0, time.clock_gettime(clock) - last)
        except OSError:
            return None     # the thread has ended

    def now(self):
        """The kernel's clock."""
        return self._kernel.now()

    def runs(self, account):
        """Whether it is the account of the task whose turn it is."""
        task = self._kernel.current
        seldom = None if task is None else task._seldom
        return seldom is not None and seldom.get(_KEY) is account

    # --- What it hears -------------------------------------------------------------------

    def attached(self, kernel):
        """Begin to count. Looks at no task: there may be a hundred thousand."""
        if kernel.accounting is not None:
            raise KernelError("an Accounting is attached already; minios.trace.use() shares it")
        self.__init__()
        self.users = 1
        self._kernel = kernel
        self._since = self.turn_began = self.batch_began = kernel.now()
        self._ready, self._seen = kernel.ready, 0
        if kernel.thread == get_ident():
            self._look_at_thread(kernel.thread)
        kernel.accounting = self

    def detached(self, kernel):
        """The accounts are closed: nobody counts any more."""
        kernel.accounting = None

    def task_spawned(self, task):
        """It is ready from the beginning."""
        now = self.now()
        self._open(task, now, now)

    def batch_started(self, tasks):
        """Turns begin."""
        kernel = self._kernel
        if self._thread != kernel.thread:
            self._look_at_thread(kernel.thread)
        now = self.turn_began = self.batch_began = kernel.now()
        self._mark_woken(now)       # those that a nice value lets wait for another batch
        self._callbacks = len(kernel.callbacks)
        self._last_cpu = _thread_time()

    def call_made(self, task, call):
        """One more call."""
        self.account_of(task).calls += 1

    def turn_ended(self, task):
        """Add what the turn took, and see who got ready in it."""
        kernel = self._kernel
        cpu, now = _thread_time(), kernel.now()
        seldom = task._seldom
        account = None if seldom is None else seldom.get(_KEY)
        if account is None or account.keeper is not self:
            account = self.account_of(task)
        if account is not None and not account.ended:
            took = cpu - self._last_cpu
            account.add_turn(took, self.turn_began, self.batch_began)
            if took > account.longest:
                self._note_longest(task, account, took)
            account.since, account.ready = now, None
            token = task.token
            account.due = token[0] if type(token) is tuple else None
            self._active[task.tid] = task
        self._user += now - self.turn_began
        self.turn_began, self._last_cpu = now, cpu
        ready, seen = kernel.ready, self._seen
        if ready is self._ready and len(ready) == seen + 1 and ready[seen] is task:
            account.ready, self._seen = now, seen + 1   # it has given way: nearly always
        else:
            self._mark_woken(now)
        if kernel.callbacks:
            self._mark_woken_natives(now)

    def task_ended(self, task):
        """Close its account: who hears of the end reads it then."""
        account = self.account_of(task) or self._open_late(task)
        if self._kernel.current is task:        # and was not killed in another's turn
            took = _thread_time() - self._last_cpu
            account.add_turn(took, self.turn_began, self.batch_began)
            self._note_longest(task, account, took)
        account.end()
        self._active.pop(task.tid, None)

    def poll_started(self):
        """A look at the descriptors begins; that of an idle kernel counts as idle."""
        if self._idle_since is None:
            self._poll_since = self.now()

    def poll_ended(self):
        """It is over."""
        since, self._poll_since = self._poll_since, None
        if since is not None:
            self._poll += self.now() - since

    def idle_started(self, seconds):
        """Nothing is ready."""
        self._idle_since = self.now()

    def idle_ended(self):
        """Something is."""
        since, self._idle_since = self._idle_since, None
        if since is not None:
            self._idle += self.now() - since

    # --- Inside --------------------------------------------------------------------------

    def _open_late(self, task):
        """The Account of a task that was there already when the counting began."""
        return self._open(task, max(self._since, task.created_at), None)

    def _open(self, task, since, ready):
        account = Account(self, since, ready)
        if task._seldom is None:
            task._seldom = {}
        task._seldom[_KEY] = account
        return account

    def _look_at_thread(self, thread):
        """The kernel runs in this thread, which is the calling one, and did not before."""
        self._thread = thread
        self._last_cpu = _thread_time()
        try:
            self._clock = time.pthread_getcpuclockid(thread)
        except (AttributeError, OSError):       # not on this system
            self._clock = None

    def _note_longest(self, task, account, took):
        if took > account.longest:
            account.longest = took
            if took > _NOTEWORTHY:
                account.note_place(task.frames())

    def _mark_woken(self, now):
        """Who stands in the ready queue and did not before has got ready now."""
        ready = self._kernel.ready
        seen = self._seen if ready is self._ready else 0
        if len(ready) > seen:
            for task in ready[seen:] if seen else ready:
                self._mark(task, now)
        self._ready, self._seen = ready, len(ready)

    def _mark_woken_natives(self, now):
        """The same for tasks that stand among the callbacks of an event loop."""
        callbacks = self._kernel.callbacks
        more = len(callbacks) - self._callbacks
        if more > 0:
            for each in list(islice(reversed(callbacks), more)):
                if isinstance(each, BaseTask):
                    self._mark(each, now)
        self._callbacks = len(callbacks)

    def _mark(self, task, now):
        seldom = task._seldom
        account = None if seldom is None else seldom.get(_KEY)
        if account is None or account.keeper is not self:
            account = self.account_of(task)
            if account is None:
                return          # it has ended, and stands there still
        if account.ready is None and not account.ended:
            account.ready = now

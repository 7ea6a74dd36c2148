"""Hosting: a program that brings its own kernel runs on the one that is there already.

A shell loads a program in a thread of its own, and lets its kernel host that thread. When the
program says `minios.run(main())` or `kernel.run()`, as it would anywhere, its tasks move to
the host, where ps lists them, and the thread sleeps until they have ended. A program that
gives its kernel devices (a clock, a selector, an order), a limit of tasks or hooks of its own
keeps that kernel, in its thread.
"""

import threading
from contextlib import contextmanager

from syscalls import signums
from syscalls.base import running
from syscalls.errors import Cancelled, KernelError

__all__ = ["hosted_by", "program_of", "run_as_guest"]

# What the guest borrows from its host meanwhile, since its tasks and threads go on using it.
_SHARED = (
    "spawn", "kill", "kill_from", "find_task", "call_from_thread", "call_at", "hold", "release",
    "attach", "detach", "now", "tasks", "timers", "poller", "parking", "interrupts", "thread",
)


@contextmanager
def hosted_by(kernel, leader):
    """In this thread, let `kernel` run every other kernel's tasks, as children of `leader`.

    The leader becomes the leader of a group of its own, which is the program.
    """
    leader.group = leader.tid
    running.host = (kernel, leader)
    try:
        yield
    finally:
        running.host = None


def program_of(leader):
    """The tasks of the program whose leader is `leader`, the oldest first: its group, but for what
    has the same parent, as the other programs of a pipeline have."""
    group, parent = leader.group, leader.ptid
    return [task for task in leader.kernel.tasks.values()
            if task.group == group and task.ptid != parent]


def run_as_guest(guest, site, routine, name):
    """What `guest.run(routine)` does where it is hosted."""
    host, leader = running.host
    main = None if routine is None else guest.new_task(routine, name, False, None, site)
    program = _Program(host, leader, main, guest.grace)
    host.call_from_thread(program.move_in, guest)
    program.ended.wait()
    program.move_out(guest)
    if main is not None:
        return main.result()
    if leader.done():
        raise KernelError("the program was killed")
    return None


class _Program:
    """A guest's tasks on their host, seen through to the end of the last.

    It stands among the waiters of each task, as a task would that waits for it.
    """

    def __init__(self, host, leader, main, grace):
        self.host, self.leader, self.main, self._grace = host, leader, main, grace
        self.ended = threading.Event()
        self.call = self        # so much is asked of a waiter: the call it is blocked on
        self._left = set()
        self._ending = False
        self._own = {}

    def move_in(self, guest):
        """In the host's thread: let the guest's tasks be the host's."""
        tasks = guest.move_out(self.host)
        if self.leader.done():
            for task in tasks:
                task.end(None, Cancelled())
            self.ended.set()
            return
        self._own = {name: vars(guest)[name] for name in _SHARED if name in vars(guest)}
        for name in _SHARED:
            setattr(guest, name, getattr(self.host, name))
        guest.host = self.host
        for task in tasks:
            self.host.adopt(task, self.leader)
        self._watch()

    def move_out(self, guest):
        """In the program's thread, when all is over: let the guest be itself again."""
        for name in _SHARED:
            vars(guest).pop(name, None)
        vars(guest).update(self._own)
        guest.host = None

    def task_ended(self, kernel, waiter, task):
        """One of the tasks has ended; True if the program hears of what it raised."""
        self._left.discard(task)
        if self._ending:
            if not self._left:
                self._finish()
        elif task is self.main:
            self._end()
        elif not self._left:
            self._watch()       # the tasks that were spawned meanwhile
        return task is self.main

    def _watch(self):
        """See to the end of the main task, or, without one, of all that keep a kernel running."""
        if self.main is not None:
            self._left = {self.main}
        else:
            self._left = {task for task in self._group() if not task.daemon}
        for task in self._left:
            task.add_waiter(self)
        if not self._left:
            self._end()

    def _group(self):
        return program_of(self.leader)

    def _end(self):
        """The program's run() is over: shut down what it leaves behind, then wake its thread."""
        self._ending = True
        host, rest = self.host, self._group()
        self._left = set(rest)
        if not rest:
            self._finish()
            return
        host.call_at(host.now() + self._grace, self._kill, rest)
        for task in reversed(rest):
            task.add_waiter(self)
            host.send_signal(task, signums.SIGCONT)
            host.send_signal(task, signums.SIGTERM)

    def _finish(self):
        self.host.interrupts.give_back()
        self.ended.set()

    def _kill(self, tasks):
        for task in reversed(tasks):
            self.host.send_signal(task, signums.SIGKILL)

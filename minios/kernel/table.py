"""The process table: which tasks there are, how one is entered, found, ended and remembered.

The kernel is a process table that runs (see kernel.py); this half of it knows nothing of turns.
"""

from __future__ import annotations

from _collections import deque  # the C half, as the next
from _operator import attrgetter
from itertools import islice
from types import GeneratorType

from syscalls.errors import KernelError, NoSuchTaskError, TaskKilledError, TaskLimitError

from .lodger import NOBODY
from .log import log_orphan
from .obituaries import KEPT, Obituary
from .signals import interrupt_task
from .task import BaseTask, Task, check_routine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .lodger import Lodger

__all__ = ["TaskTable"]

_tid = attrgetter("tid")
_REMEMBERED = 64    # ended tasks that nobody waited for, kept for a later Wait
_gone = object()


class TaskTable:
    """The live tasks, and the last few that have ended."""

    def __init__(self, max_tasks):
        self.max_tasks = max_tasks
        self.tasks = {}             # tid -> Task, the live ones
        self.main_task = None       # the one that run() was given
        self._ended = {}            # tid -> Task, the last few that nobody waited for
        self.last_tid = 0
        # Who lives on this machine besides the tasks: see lodger.py.
        self.lodger: Lodger = NOBODY
        self.daemons = 0            # how many of them do not keep the kernel running
        self.fatal = None           # what run() raises in the end
        self.obituaries: deque[Obituary] = deque(maxlen=KEPT)

    def new_task(self, routine, name, daemon, parent, site):
        """Make a Task and enter it; whoever asked has to make it ready."""
        if type(routine) is not GeneratorType or routine.gi_suspended or routine.gi_running:
            check_routine(routine)      # the common case is seen at a glance
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a task's name is a str, not {name!r}")
        if self.max_tasks is not None and len(self.tasks) >= self.max_tasks:
            raise TaskLimitError(
                f"the process table is full: {len(self.tasks)} tasks are alive; wait for some "
                "to end, or give the kernel a higher max_tasks"
            )
        if name is None:
            name = getattr(routine, "__name__", None) or type(routine).__name__
        task = Task(self, routine, name, parent, site)
        if daemon:
            task.daemon = True
            self.daemons += 1
        self._enter(task)
        return task

    def _enter(self, task):
        self.tasks[task.tid] = task
        if self.hooks:
            self.report("task_spawned", task)

    def next_tid(self):
        """A number that no other process had."""
        self.last_tid += 1
        return self.last_tid

    def adopt(self, task, parent):
        """Take over a task of another kernel that has not started, as a child of `parent`."""
        task.kernel, task.tid = self, self.next_tid()
        task.ptid, task.group = parent.tid, parent.group
        if parent.nice:
            task.nice = parent.nice
        self.daemons += task.daemon
        self._enter(task)
        self.make_ready(task)

    def move_out(self, host):
        """Give up the tasks, none of which has started, for `host` to adopt; it gets our timers
        and what threads have asked of us, too."""
        self.timers.move_to(host.timers)
        self._inbox.move_to(host)
        tasks = list(self.tasks.values())
        self.tasks.clear()
        self.ready.clear()
        self.daemons = 0
        return tasks

    def all_tasks(self):
        """The live tasks, and what the lodger has of the kind, by rising tid."""
        mine = list(self.tasks.values())
        if self.lodger.is_nobody:
            return mine
        return sorted([*mine, *self.lodger.tasks()], key=_tid)

    def ended_tasks(self):
        """The last few tasks that ended while nobody waited for them, the oldest first."""
        return list(self._ended.values())

    def find_task(self, task: Any) -> Any:
        """The Task for a Task or a tid. Raises NoSuchTaskError, TypeError, KernelError."""
        if isinstance(task, BaseTask) or hasattr(task, "deliver"):
            if task.kernel is not self:
                raise KernelError(f"{task!r} belongs to another kernel")
            return task
        if not isinstance(task, int):
            raise TypeError(f"{task!r} is no task: give a Task or a tid")
        found = self.tasks.get(task) or self._ended.get(task) or self.lodger.find(task)
        if found is None:
            raise NoSuchTaskError(f"there is no task {task}; `yield Tasks()` lists those there are")
        return found

    def end_task(self, task, result, error):
        """Give `task` its outcome, and let everybody know who has to."""
        listed = self.tasks.pop(task.tid, None) is not None
        if listed and task._seldom is not None and task.daemon:
            self.daemons -= 1
        if len(self.tasks) <= self.daemons or task is self.main_task:
            self._program_ends(task)
        if error is not None:
            error = self.lodger.translated(task, error)
        task.end(result, error)
        if error is not None:
            self.obituaries.append(Obituary(task, error, task.outcome(error), self.now()))
        if self.hooks:
            self.report("task_ended", task)
        heard, waiters = task is self.main_task, task._waiters
        # In a copy: one that has heard may have killed another, which then waits no more.
        for waiter in list(waiters) if waiters else ():
            if waiters.pop(waiter, _gone) is not _gone:
                # False is the answer of one who only watches, and takes no error.
                heard |= waiter.call.task_ended(self, waiter, task) is not False
        if not heard and task.is_remembered:
            if error is not None:
                self._tell_of(task, error)
            self._ended[task.tid] = task
            if len(self._ended) >= 2 * _REMEMBERED:     # not each time: a dict's first key is slow
                for tid in list(islice(self._ended, _REMEMBERED)):
                    del self._ended[tid]

    def _program_ends(self, task):
        """It was the main task that has ended, or the last that keeps the kernel running."""
        if task is self.main_task or not self.lodger.drives:
            self.hurry()

    def is_busy(self):
        """Whether anything keeps the kernel running: a task that is no daemon, or the lodger."""
        return len(self.tasks) > self.daemons or self.lodger.is_busy()

    def forget_ended(self, task):
        """Somebody has waited for `task` after its end."""
        self._ended.pop(task.tid, None)

    def _tell_of(self, task, error):
        """Nobody waits for `task`, which an error has ended: that goes to the log."""
        failure = task.failure()
        if isinstance(failure, (SystemExit, KeyboardInterrupt)):
            self._leave_program(task, error)
        elif failure is error or not isinstance(failure, TaskKilledError):
            log_orphan(task, failure)

    def _leave_program(self, task, error):
        """sys.exit() in a task ends the program that it belongs to: its group, or all.

        The leader of a group that somebody spawned, a shell's job, ends itself alone.
        """
        if task.group == task.tid and task.ptid:
            return
        leader = self.tasks.get(task.group) or self.main_task
        if leader is not None and not leader.done():
            interrupt_task(self, leader, error)
        elif self.fatal is None:
            self.fatal = error

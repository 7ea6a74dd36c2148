"""STAT: the state of a task in letters, as ps(1) has them.

The first letter is the state, those behind it are what else is worth to know:

    R  runs, or is ready to           <  high priority (a nice value below 0)
    S  waits, and can be killed       N  low priority
    D  a thread works for it, or      s  leader of a group
       no signal ends its wait        l  holds a thread
    T  stopped                        +  in the foreground of the terminal
    t  traced: see strace             !  waits in a circle: a deadlock
    Z  ended, not waited for
    I  idle, and the system's own: an event loop, a daemon of the library
"""

import os

from syscalls import Offload

__all__ = ["HELP", "letter_of", "stat_of"]

HELP = __doc__.partition("\n\n")[2]

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep


def letter_of(task):
    """The state of `task`, one letter."""
    try:
        state = task.state
    except AttributeError:
        return "R"      # in another thread: it has gone on between two looks at its call
    if state in "ST" and _is_traced(task):
        return "t"
    if state == "S":
        if isinstance(task.call, Offload):
            return "D"
        if task.daemon and _is_of_system(task):
            return "I"
    return state


def stat_of(task, foreground=None, stuck=()):
    """STAT of `task`: its letter, and what stands behind that.

    `foreground` is the tid of the group in the foreground, `stuck` the tasks that are deadlocked.
    """
    stat = letter_of(task)
    if task.nice:
        stat += "<" if task.nice < 0 else "N"
    if task.group == task.tid:
        stat += "s"
    if isinstance(task.call, Offload):
        stat += "l"
    if foreground is not None and task.group == foreground:
        stat += "+"
    if task in stuck:
        stat += "!"
    return stat


def _is_of_system(task):
    """Whether a daemon is one of minios itself, and not of the program that runs on it."""
    return task.kind == "loop" or task.spawned_at.startswith(_HOME)


def _is_traced(task):
    """Whether a tracer, one of the kernel's observers, looks at the task."""
    for hooks in task.kernel.hooks:
        traces = getattr(hooks, "traces", None)
        if traces is not None and traces(task):
            return True
    return False

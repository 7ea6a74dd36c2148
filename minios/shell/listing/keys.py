"""The keys of `ps -o`: for each, its header and what it tells of a task at a moment.

Names, headers and meanings are those of ps(1), with the task in the place of the process; what is
new has names of its own. A value is None where it is unknown, which is shown as `-`. The value is
what --json gives, times in seconds; `text` makes of it what the table shows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..inspection.waits import (
    call_name,
    deadline_of,
    descriptor_of,
    place_of,
    thing_of,
    wait_of,
    why_of,
)
from .columns import Column
from .sizes import size_of
from .states import letter_of, stat_of
from .times import age_text, cpu_text, cputime_text, long_start_text, start_text

__all__ = ["ALIASES", "KEYS", "Key", "find_key"]


class Key(NamedTuple):
    """One key: its header, `value(task, moment)` and `text(value)`; `left`: its cells stand on the
    left, `path`: what is too long loses its beginning, `stuck`: it wants to know the deadlocks."""

    header: str
    value: Callable[[Any, Any], Any]
    text: Callable[[Any], str] = str
    left: bool = False
    path: bool = False
    stuck: bool = False

    def column(self, header=None):
        """Its Column, under another `header` if one is given."""
        return Column(self.header if header is None else header, self.left, self.path)


# --- Time that was used -------------------------------------------------------------------------


def _account(task):
    return getattr(task, "account", None)


def _cpu(task, moment):
    account = _account(task)
    return task.cpu_time if account is None else account.cpu


def _share(field):
    """Percent of its time that a task spent in a way that its account counts in `field`."""

    def share(task, moment):
        account = _account(task)
        if account is None:
            return None
        whole = account.cpu + account.scheduled + account.waited
        return 100 * getattr(account, field) / whole if whole > 0 else 0.0

    return share


_busy = _share("cpu")


def _percent_cpu(task, moment):
    """As in ps(1): CPU time by the time that the task has been there, or has been counted."""
    if _account(task) is not None:
        return _busy(task, moment)
    used, age = task.cpu_time, moment.age(task)
    if used is None:
        return None
    return 100 * used / age if age > 0 else 0.0


def _of_account(field):
    return lambda task, moment: getattr(_account(task), field, None)


def _delay(task, moment):
    account = _account(task)
    return None if account is None else account.delay_p99()


def _switch_rate(task, moment):
    age = moment.age(task)
    return None if task.switches is None or age <= 0 else task.switches / age


# --- What it is ---------------------------------------------------------------------------------


def _stat(task, moment):
    return stat_of(task, moment.foreground(task), moment.stuck)


def _session(task, moment):
    main = task.kernel.main_task
    return None if main is None else moment.address(task, main.tid)


def _percent_memory(task, moment):
    return 100 * size_of(task) / moment.memory if moment.memory else None


def _in_fork(task, moment):
    return 1 if task.ptid else 0        # spawned, not given to run(): as of fork, without exec


def _percent(value):
    return f"{value:.1f}"


def _seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"


def _milliseconds(value):
    return f"{1000 * value:.1f}ms"


def _unknown(task, moment):
    return None


def _tid(task, moment):
    return moment.address(task, task.tid)


def _group(task, moment):
    return moment.address(task, task.group)


def _name(task, moment):
    return task.name


def _nice_plus(number):
    return lambda task, moment: number + task.nice


KEYS = {
    # As in ps(1).
    "tid": Key("TID", _tid),
    "ptid": Key("PTID", lambda task, moment: moment.address(task, task.ptid)),
    "pgid": Key("PGID", _group),
    "sid": Key("SID", _session),
    "user": Key("USER", _group, left=True),
    "uid": Key("UID", _group, left=True),
    "tty": Key("TTY", lambda task, moment: moment.tty, left=True),
    "stat": Key("STAT", _stat, left=True, stuck=True),
    "s": Key("S", lambda task, moment: letter_of(task), left=True),
    "f": Key("F", _in_fork),
    "ni": Key("NI", lambda task, moment: task.nice),
    "pri": Key("PRI", lambda task, moment: 19 - task.nice),
    "priority": Key("PRI", _nice_plus(20)),
    "opri": Key("PRI", _nice_plus(80)),
    "pcpu": Key("%CPU", _percent_cpu, _percent),
    "c": Key("C", _percent_cpu, lambda value: str(int(value))),
    "pmem": Key("%MEM", _percent_memory, _percent),
    "vsz": Key("VSZ", _unknown),
    "rss": Key("RSS", lambda task, moment: -(-size_of(task) // 1024)),
    "sz": Key("SZ", _unknown),
    "addr": Key("ADDR", _unknown),
    "time": Key("TIME", _cpu, cpu_text),
    "cputime": Key("TIME", _cpu, cputime_text),
    "etime": Key("ELAPSED", lambda task, moment: moment.age(task), age_text),
    "etimes": Key("ELAPSED", lambda task, moment: int(moment.age(task))),
    "start": Key("START", lambda task, moment: moment.started(task), start_text),
    "stime": Key("STIME", lambda task, moment: moment.started(task), start_text),
    "lstart": Key("STARTED", lambda task, moment: moment.started(task), long_start_text),
    "wchan": Key("WCHAN", lambda task, moment: call_name(task), left=True),
    "comm": Key("COMMAND", _name, left=True),
    "args": Key("COMMAND", _name, left=True),
    "cmd": Key("CMD", _name, left=True),
    # New.
    "kind": Key("KIND", lambda task, moment: task.kind, left=True),
    "wait": Key("WAIT", lambda task, moment: wait_of(task), left=True),
    "wfor": Key("WFOR", lambda task, moment: thing_of(task), left=True),
    "why": Key("WHY", lambda task, moment: why_of(task, moment.now(task), moment.stuck),
               left=True, stuck=True),
    "where": Key("WHERE", lambda task, moment: place_of(moment.system.frames(task)),
                 left=True, path=True),
    "born": Key("BORN", lambda task, moment: task.spawned_at or None, left=True, path=True),
    "dl": Key("DL", lambda task, moment: deadline_of(task, moment.now(task)), _seconds),
    "nfd": Key("NFD", lambda task, moment: int(descriptor_of(task) is not None)),
    "fd": Key("FD", lambda task, moment: descriptor_of(task)),
    "sw": Key("SW", lambda task, moment: task.switches),
    "sw/s": Key("SW/s", _switch_rate, _percent),
    "nsys": Key("NSYS", _of_account("calls")),
    "%busy": Key("%BUSY", _busy, _percent),
    "%sched": Key("%SCHED", _share("scheduled"), _percent),
    "%wait": Key("%WAIT", _share("waited"), _percent),
    "delay": Key("SCHEDp99", _delay, _milliseconds),
    "longest": Key("LONGEST", _of_account("longest"), _milliseconds),
    "longest_at": Key("LONGEST-AT", _of_account("longest_at"), left=True, path=True),
}

ALIASES = {
    "pid": "tid", "ppid": "ptid", "pgrp": "pgid", "group": "pgid", "gid": "pgid", "sess": "sid",
    "session": "sid", "ruser": "user", "euser": "user", "uname": "user", "euid": "uid",
    "tt": "tty", "tname": "tty", "state": "s", "flags": "f", "flag": "f", "nice": "ni",
    "%cpu": "pcpu", "%mem": "pmem", "vsize": "vsz", "rssize": "rss", "rsz": "rss",
    "size": "sz", "bsdtime": "time", "times": "cputime", "start_time": "stime",
    "bsdstart": "start", "ucmd": "cmd", "fname": "comm", "name": "comm", "command": "args",
    "busy": "%busy", "sched": "%sched", "waits": "%wait", "p99": "delay", "schedp99": "delay",
    "deadline": "dl", "sws": "sw/s", "switches": "sw", "elapsed": "etime",
}


def find_key(word):
    """The (name, Key) that `word` names, in any case, aliases included. Raises ValueError."""
    name = word.lower()
    name = ALIASES.get(name, name)
    if name not in KEYS:
        raise ValueError(f"unknown key {word!r}; the keys are {' '.join(KEYS)}")
    return name, KEYS[name]

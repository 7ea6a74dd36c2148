"""/proc: what the kernel tells of a task, as files that `cat` reads (proc(5)).

`/proc/7/status`, and `/proc/2/5/status` for task 5 of the kernel of program 2. Every path whose
first word is a number is a task's; the rest of /proc is the system's, and stays readable.
"""

import os
import re
from errno import ENOENT

from ...errors import NoSuchTaskError
from ..listing.columns import printable
from ..listing.states import letter_of
from .waits import call_name, descriptor_of, wait_of

__all__ = ["PROC_FILES", "open_proc"]

_PATH = re.compile(r"/proc/((?:\d+/)?\d+)/(\w+)", re.ASCII)
_STATES = {
    "R": "running", "S": "sleeping", "D": "disk sleep", "T": "stopped", "t": "tracing stop",
    "Z": "zombie", "I": "idle",
}


def open_proc(system, path):
    """The text of `/proc/TID/NAME`; None where `path` is no such name.

    Raises FileNotFoundError where there is no such task, or no such file of one.
    """
    match = _PATH.fullmatch(os.path.normpath(path))
    if match is None:
        return None
    word, name = match.groups()
    text_of = PROC_FILES.get(name)
    try:
        task = system.find(word)
    except NoSuchTaskError:
        text_of = None
    if text_of is None:
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), path)
    try:
        return text_of(system, task)
    except AttributeError:
        return ""       # it has gone on or ended while it was looked at


def _status(system, task):
    letter = letter_of(task)
    fields = {
        "Name": printable(task.name),
        "State": f"{letter} ({_STATES.get(letter, 'unknown')})",
        "Tgid": task.group,
        "Pid": task.tid,
        "PPid": task.ptid,
        "Kind": task.kind,
        "Nice": task.nice,
        "Daemon": int(task.daemon),
        "Threads": int(call_name(task) == "Offload"),
        "SpawnedAt": task.spawned_at or "-",
        "voluntary_ctxt_switches": "-" if task.switches is None else task.switches,
        "nonvoluntary_ctxt_switches": 0,        # nobody takes the CPU away
    }
    return "".join(f"{name}:\t{value}\n" for name, value in fields.items())


def _stack(system, task):
    """Innermost first, as the stack of the kernel is there."""
    frames = [] if task.done() else system.frames(task)
    return "".join(
        f"[<0>] {frame.f_code.co_qualname} at {frame.f_code.co_filename}:{frame.f_lineno}\n"
        for frame in reversed(frames)
    )


def _wchan(system, task):
    return f"{call_name(task) or 0}\n"


def _call(system, task):
    return f"{printable(wait_of(task) or 'running')}\n"


def _fd(system, task):
    """A line for each descriptor that it waits for, or has in a local variable."""
    from .openfiles import numbers_of  # with it comes the library: only who asks needs that

    waits = descriptor_of(task) if hasattr(task, "token") else None
    lines = []
    for number, info in numbers_of(system, task, waits):
        name = info.name or "-"
        lines.append(f"{info.fd} {info.type} {name}" + (" waiting" if number == waits else ""))
    return "".join(f"{line}\n" for line in lines)


def _limits(system, task):
    kernel = task.kernel
    rows = [
        ("Max processes", kernel.max_tasks, kernel.max_tasks, "tasks"),
        ("Max open files", *_open_files(), "files"),
        ("Max turn reported", kernel.slow_turn, kernel.slow_turn, "seconds"),
    ]
    lines = [f"{'Limit':25} {'Soft Limit':20} {'Hard Limit':20} {'Units':10}"]
    for name, soft, hard, unit in rows:
        lines.append(f"{name:25} {_limit(soft):20} {_limit(hard):20} {unit:10}")
    return "".join(f"{line}\n" for line in lines)


def _open_files():
    try:
        import resource
    except ImportError:
        return None, None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (None if soft == resource.RLIM_INFINITY else soft,
            None if hard == resource.RLIM_INFINITY else hard)


def _limit(value):
    return "unlimited" if value is None or value == float("inf") else f"{value:g}"


# name -> function of (system, task) that gives the text
PROC_FILES = {"call": _call, "fd": _fd, "limits": _limits, "stack": _stack, "status": _status,
              "wchan": _wchan}

"""How much memory a task takes, approximately: for RSS of ps and for free.

What counts is the task itself and the frames of its routines, which are part of generators and
coroutines; what the frames refer to may be anybody's, and does not count. No frame object is made
for it, as each would stay for the rest of the task's life.
"""

import os
import resource
from sys import getsizeof

__all__ = ["meminfo", "resident_bytes", "size_of", "size_text"]

_GC_HEAD = 16       # bytes before each object that the garbage collector knows


def size_of(task):
    """The approximate size of `task` and its frames, in bytes."""
    size = getsizeof(task)
    for routine in [*(task.stack or ()), task.routine]:
        while routine is not None:
            size += getsizeof(routine) + _GC_HEAD
            routine = getattr(routine, "gi_yieldfrom", None) or getattr(routine, "cr_await", None)
    for part in (task.call, task.context, task._seldom):
        if part is not None:
            size += getsizeof(part) + _GC_HEAD
    return size


def resident_bytes():
    """(resident, shared) bytes of this process, None for what is unknown (proc(5), statm)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            fields = file.read().split()
        page = os.sysconf("SC_PAGE_SIZE")
        return int(fields[1]) * page, int(fields[2]) * page
    except (OSError, ValueError, IndexError):
        # The most that it has had, in KiB; what is better is not to be had everywhere.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, None


def meminfo():
    """The memory of the machine: bytes by the names of /proc/meminfo; empty where there is none."""
    found = {}
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                name, _, rest = line.partition(":")
                found[name] = int(rest.split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return found


def size_text(size):
    """`size` bytes with a unit, as `free -h` writes them: `512B`, `9.5Mi`, `23Gi`."""
    value, units = float(size), iter("BKMGTP")
    unit = next(units)
    while value >= 1024:
        value, unit = value / 1024, next(units)
    if unit == "B":
        return f"{size}B"
    return f"{value:.1f}{unit}i" if value < 9.95 else f"{value:.0f}{unit}i"

"""The first line of uptime(1) and top(1): the time, how long the kernel is up, and its load."""

import time

from .times import up_text

__all__ = ["load_text", "uptime_line"]


def uptime_line(system, tasks=None):
    """`21:02:11 up 3 min,  4 tasks,  load average: 0.02, 0.01, 0.00`; without the number of `tasks`
    where that is None."""
    kernel = system.kernel
    count = "" if tasks is None else f"  {tasks} task{'' if tasks == 1 else 's'},"
    return (f"{time.strftime('%H:%M:%S')} up {up_text(kernel.now() - kernel.booted_at)},{count}"
            f"  load average: {load_text(system.load())}")


def load_text(load):
    """The three load averages; `-` for each where they are unknown."""
    return ", ".join(["-"] * 3 if load is None else [f"{each:.2f}" for each in load])

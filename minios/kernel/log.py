"""What the kernel writes to the log; see syscalls/log.py."""

import time
from _weakref import ref
from collections import deque

from syscalls.log import log

__all__ = ["SlowTurn", "frames_of_turn", "log_callback", "log_handler", "log_last_words",
           "log_orphan", "log_slow_turn", "slow_turns"]


class SlowTurn:
    """What the watchdog has reported: who held the CPU for more than `seconds`, and where.

    `tid` is None for what was no task; `kernel()` is the kernel, or None where it is unknown or
    gone. `monotonic` and `wall` are when it was reported, `stack` a list of texts, outermost first.
    """

    __slots__ = ("tid", "name", "kernel", "seconds", "monotonic", "wall", "stack")

    def __init__(self, what, seconds, stack):
        self.tid = getattr(what, "tid", None)
        self.name = str(what) if self.tid is None else what.name
        kernel = getattr(what, "kernel", None)
        self.kernel = (lambda: None) if kernel is None else ref(kernel)
        self.seconds, self.stack = seconds, stack
        self.monotonic, self.wall = time.monotonic(), time.time()


slow_turns: deque = deque(maxlen=32)    # the last SlowTurns, of all kernels


def frames_of_turn(frame):
    """(frame, line) of what the task has called, outermost first, without the run loop."""
    found, seen_task = [], False
    while frame is not None:
        in_kernel = frame.f_globals.get("__package__") == __package__
        if in_kernel and seen_task:
            break
        seen_task |= not in_kernel
        found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return found[::-1]


def log_orphan(task, error):
    """A task has failed and nobody waits for it."""
    log(
        "ERROR", "task %d (%s), spawned at %s, failed and nobody waits for it",
        task.tid, task.name, task.spawned_at or "unknown", error=error,
    )
    # They would keep sockets and the like alive for as long as the task is remembered.
    _clear_frames(error.__traceback__)


def _clear_frames(trace):
    """As traceback.clear_frames, for whose import there may be no descriptor left."""
    while trace is not None:
        try:
            trace.tb_frame.clear()
        except RuntimeError:
            pass        # it is still running
        trace = trace.tb_next


def log_callback(function, error):
    """A function that the kernel called on its own behalf has failed."""
    log("ERROR", "a callback of the kernel failed: %r", function, error=error)


def log_handler(task, request, error):
    """A call has failed where its task can hear nothing of it."""
    log("ERROR", "%r of %r failed in the kernel", request, task, error=error)


def log_last_words(task, error):
    """A task that was closed by SIGKILL did not end as it should have."""
    log("ERROR", "%r failed while it was killed by SIGKILL", task, error=error)


def _whose(what):
    if not hasattr(what, "spawned_at"):
        return str(what)
    return f"task {what.tid} ({what.name}), spawned at {what.spawned_at or 'unknown'},"


def log_slow_turn(what, seconds, frame):
    """A task, or something that a lodger runs, holds the CPU; `frame` is where the thread is."""
    import traceback

    stack = traceback.format_list(traceback.StackSummary.extract(frames_of_turn(frame)))
    slow_turns.append(SlowTurn(what, seconds, stack))
    log(
        "WARNING", "%s has held the CPU for more than %g s:\n%s",
        _whose(what), seconds, "".join(stack).rstrip(),
    )

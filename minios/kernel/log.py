"""What the kernel writes to the log: the logger `minios` of the standard logging.

logging and traceback are imported when there is something to say, which is rare, and would
otherwise make up a third of the time that `import minios` takes.
"""

__all__ = ["log_callback", "log_handler", "log_last_words", "log_orphan", "log_slow_turn"]


def _frames_of_turn(frame):
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


def _log(level, text, *arguments, error=None):
    """Log a line, with the traceback of `error`. A log that fails must not stop the kernel."""
    import logging
    import traceback

    log = logging.getLogger("minios").log
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    try:
        log(getattr(logging, level), text, *arguments, exc_info=exc_info)
    except Exception:
        try:        # maybe it was the error that cannot be shown
            log(getattr(logging, level), f"{text}: %s", *arguments, type(error).__name__)
        except Exception:
            traceback.print_exc()


def log_orphan(task, error):
    """A task has failed and nobody waits for it."""
    import traceback

    _log(
        "ERROR", "task %d (%s), spawned at %s, failed and nobody waits for it",
        task.tid, task.name, task.spawned_at or "unknown", error=error,
    )
    # The frames would keep sockets and the like alive for as long as the task is remembered.
    traceback.clear_frames(error.__traceback__)


def log_callback(function, error):
    """A function that the kernel called on its own behalf has failed."""
    _log("ERROR", "a callback of the kernel failed: %r", function, error=error)


def log_handler(task, request, error):
    """A call has failed where its task can hear nothing of it."""
    _log("ERROR", "%r of %r failed in the kernel", request, task, error=error)


def log_last_words(task, error):
    """A task that was closed by SIGKILL did not end as it should have."""
    _log("ERROR", "%r failed while it was killed by SIGKILL", task, error=error)


def log_slow_turn(task, seconds, frame):
    """A task holds the CPU; `frame` is where the kernel's thread is."""
    import traceback

    stack = traceback.StackSummary.extract(_frames_of_turn(frame))
    _log(
        "WARNING", "task %d (%s), spawned at %s, has held the CPU for more than %g s:\n%s",
        task.tid, task.name, task.spawned_at or "unknown", seconds,
        "".join(traceback.format_list(stack)).rstrip(),
    )

"""What the kernel writes to the log: the logger `minios` of the standard logging.

logging and traceback are imported when there is something to say, which is rare, and would
otherwise make up a third of the time that `import minios` takes.
"""

__all__ = ["log_callback", "log_handler", "log_orphan", "log_slow_turn"]


def _logger():
    import logging

    return logging.getLogger("minios")


def log_orphan(task, error):
    """A task has failed and nobody waits for it."""
    import traceback

    _logger().error(
        "task %d (%s), spawned at %s, failed and nobody waits for it",
        task.tid, task.name, task.spawned_at or "unknown", exc_info=error,
    )
    # The frames would keep sockets and the like alive for as long as the task is remembered.
    traceback.clear_frames(error.__traceback__)


def log_callback(function, error):
    """A function that the kernel called on its own behalf has failed."""
    _logger().error("a callback of the kernel failed: %r", function, exc_info=error)


def log_handler(task, request, error):
    """A call's handler has failed after it had answered."""
    _logger().error("%r failed after it had answered %r", request, task, exc_info=error)


def log_slow_turn(task, seconds, frame):
    """A task holds the CPU; `frame` is where the kernel's thread is."""
    import traceback

    stack = traceback.extract_stack(frame)
    code = getattr(task.routine, "gi_code", None) or getattr(task.routine, "cr_code", None)
    first = None if code is None else code.co_filename
    while len(stack) > 1 and stack[0].filename != first:
        stack.pop(0)
    _logger().warning(
        "task %d (%s), spawned at %s, has held the CPU for more than %g s:\n%s",
        task.tid, task.name, task.spawned_at or "unknown", seconds,
        "".join(traceback.format_list(stack)).rstrip(),
    )

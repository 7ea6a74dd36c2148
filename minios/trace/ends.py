"""How a task ended, in the words of strace(1)."""

from __future__ import annotations

from syscalls.describe import place_text
from syscalls.errors import TaskKilledError
from syscalls.signums import signal_name

__all__ = ["end_text", "killed_text"]

_LONGEST = 120      # characters of an error's text


def killed_text(signum, killer):
    """The name of a signal, and who sent it: (`SIGTERM`, `{si_pid=3}`)."""
    return signal_name(signum), "{}" if killer is None else f"{{si_pid={killer}}}"


def end_text(task):
    """`exited with 0`, `killed by SIGTERM (task 3, file.py:12)`, or what it raised."""
    error = _error_of(task)
    if error is None:
        result = _result_of(task)
        return f"exited with {result if type(result) is int else 0}"
    if isinstance(error, TaskKilledError):
        return f"killed by {signal_name(error.signum)}{_by(error)}"
    if isinstance(error, SystemExit):
        return f"exited with {_status(error.code)}"
    try:
        text = str(error).partition("\n")[0][:_LONGEST]
    except Exception:
        text = "..."
    return f"exited with 1 ({type(error).__name__}{': ' if text else ''}{text})"


def _error_of(task):
    if not hasattr(task, "cancelled"):
        return task.failure()
    # asyncio's: who asks for its exception has heard of it, and then it is not logged.
    return task.failure() if task.cancelled() else task._exception


def _result_of(task):
    return task._result


def _by(error):
    try:
        place = place_text(error.place)
    except Exception:
        place = ""
    sender = "" if error.killer is None else f"task {error.killer}"
    both = ", ".join(filter(None, (sender, place)))
    return f" ({both})" if both else ""


def _status(code):
    return 0 if code is None else code & 0xFF if isinstance(code, int) else 1

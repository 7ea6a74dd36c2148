"""What the library writes to the log; see syscalls/log.py."""

from syscalls.errors import TaskKilledError
from syscalls.log import log

__all__ = ["log", "log_errors"]


def log_errors(where, errors):
    """Log errors that have nobody to go to: the one who waited has been killed, or exits.

    That a task was killed is none: the kernel does not log that either.
    """
    for error in errors:
        if not isinstance(error, TaskKilledError):
            log("ERROR", "%s: nobody is left to hear of an error", where, error=error)

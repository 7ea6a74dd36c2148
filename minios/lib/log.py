"""What the library writes to the log: the logger `minios`, as the kernel does."""

from syscalls.errors import TaskKilledError

__all__ = ["log", "log_errors"]


def log(level, text, *arguments, error=None):
    """Log a line at `level` (`WARNING`, `ERROR` ...), with the traceback of `error`."""
    import logging  # heavy, and seldom needed

    exc_info = None if error is None else (type(error), error, error.__traceback__)
    logging.getLogger("minios").log(getattr(logging, level), text, *arguments, exc_info=exc_info)


def log_errors(where, errors):
    """Log errors that have nobody to go to: the one who waited has been killed, or exits.

    That a task was killed is none: the kernel does not log that either.
    """
    for error in errors:
        if not isinstance(error, TaskKilledError):
            log("ERROR", "%s: nobody is left to hear of an error", where, error=error)

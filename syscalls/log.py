"""The log of the kernel and of the library: the logger `minios` of the standard logging.

logging and traceback are imported when there is something to say, which is rare, and would
otherwise make up a third of the time that `import minios` takes. There may be no descriptor left
to import them with, which must not make things worse: then a plain line goes to stderr.
"""

import sys

__all__ = ["log"]


def log(level, text, *arguments, error=None):
    """Log a line at `level` (`WARNING`, `ERROR` ...), with the traceback of `error`.

    Raises nothing: a log that fails must not stop the kernel.
    """
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    try:
        import logging

        write = logging.getLogger("minios").log
        try:
            write(getattr(logging, level), text, *arguments, exc_info=exc_info)
        except Exception:       # maybe it was the error that cannot be shown
            write(getattr(logging, level), f"{text}: %s", *arguments, type(error).__name__)
    except Exception as failed:
        _write_plainly(level, text, arguments, error, failed)


def _write_plainly(level, text, arguments, error, failed):
    try:
        line = text % arguments
        if error is not None:
            line += f": {type(error).__name__}: {error}"
        print(f"{level}: minios: {line} (no logging: {failed})", file=sys.stderr)
    except Exception:
        pass        # nobody is left to be told

"""The log of the kernel and of the library: the logger `minios` of the standard logging.

logging and traceback are imported when there is something to say, which is rare, and would
otherwise make up a third of the time that `import minios` takes. There may be no descriptor left
to import them with, which must not make things worse: then a plain line goes to stderr.

The last lines are kept, whatever logging does with them, but for those of level DEBUG: that is the
ring buffer of the kernel, which dmesg(1) reads.
"""

import sys
import time
from collections import deque

__all__ = ["LogLine", "log", "recent"]

_KEPT = 512         # lines
_LONGEST = 10_000   # characters of a line that is kept


class LogLine:
    """One line of the log: when, on the clocks of time.monotonic() and time.time(), the level, and
    the text, to which the error is added in one line."""

    __slots__ = ("monotonic", "wall", "level", "text")

    def __init__(self, level, text):
        self.level, self.text = level, text
        self.monotonic, self.wall = time.monotonic(), time.time()


recent: deque = deque(maxlen=_KEPT)     # the last LogLines; in other threads, take a copy()


def log(level, text, *arguments, error=None):
    """Log a line at `level` (`WARNING`, `ERROR` ...), with the traceback of `error`.

    Raises nothing: a log that fails must not stop the kernel.
    """
    _keep(level, text, arguments, error)
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


def _keep(level, text, arguments, error):
    if level == "DEBUG":
        return      # every client that leaves a server is one
    try:
        line = text % arguments if arguments else text
        if error is not None:
            line += f": {type(error).__name__}: {error}"
    except Exception:
        line = f"{text}: {type(error).__name__}"    # what it is about cannot be shown
    recent.append(LogLine(level, line[:_LONGEST]))

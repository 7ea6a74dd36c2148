"""Redirection of print(): what programs print goes where their output goes.

sys.stdout and sys.stderr belong to the whole process, and programs of the shell are tasks of one
process. So while a shell runs, a stand-in is in their place that asks a context variable for the
output of whoever prints (PEP 567): a task has the context of who spawned it, and so has a thread
that is started in a copy of it. Where none is set, it is the terminal.

A thread that a program starts itself has an empty context, up to Python 3.13. So while the
stand-ins are there, threading.Thread passes these two variables on. What is written to
descriptor 1 itself goes past all that.
"""

import io
import sys
import threading
from _thread import get_ident
from contextlib import contextmanager
from contextvars import ContextVar

from .feed import FeedReader
from .spool import Spool

__all__ = ["Spool", "current_error", "current_input", "current_output", "current_threads",
           "input_from", "installed", "is_broken"]

# A Spool, or any object with `write(data)` and `closed`; None: the terminal.
current_output: ContextVar = ContextVar("current_output", default=None)
current_error: ContextVar = ContextVar("current_error", default=None)
# A text file, which reads from a Feed; None: standard input itself.
current_input: ContextVar = ContextVar("current_input", default=None)
# The threads that a program has started and that it ends with, a list; None: of nobody's.
current_threads: ContextVar = ContextVar("current_threads", default=None)


class _Printed(io.TextIOBase):
    """sys.stdout, or sys.stderr (`variable` and `error` say which), while a shell runs; `real` is
    what was in its place."""

    def __init__(self, terminal, real, variable, error):
        self._terminal, self._real, self._variable, self._error = terminal, real, variable, error
        self._kernel = getattr(terminal, "kernel", None)
        self._unfinished = threading.local()
        self.mode = "w"
        self.buffer = _PrintedBytes(self)

    @property
    def name(self):
        return getattr(self._real, "name", "<stderr>" if self._error else "<stdout>")

    @property
    def encoding(self):
        return "utf-8"

    @property
    def errors(self):
        return "backslashreplace" if self._error else "surrogateescape"

    @property
    def line_buffering(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.send(text.encode("utf-8", self.errors))
        return len(text)

    def send(self, data):
        """Write bytes where the output of the caller goes.

        print() writes a text and its newline apart. In a thread of its own, others' would come
        between the two, so there a line is kept until it ends; or until flush(), as at a terminal.
        """
        output = self._variable.get()
        if self._kernel is None or self._kernel.thread in (None, get_ident()):
            self._pass_on(output, data)
            return
        line = self._line()
        if line.output is not output:
            line.flush()
            line.output = output
        ended, newline, rest = data.rpartition(b"\n")
        if newline:
            self._pass_on(output, line.take() + ended + newline)
        line.data += rest

    def _line(self):
        try:
            return self._unfinished.line
        except AttributeError:
            line = self._unfinished.line = _Line(self._pass_on)
            return line

    def _pass_on(self, output, data):
        # A task may outlive the program that it belonged to, and its spool.
        if output is None or output.closed:
            self._terminal.print(data, self._error)
        else:
            output.write(data)

    def writelines(self, lines):
        self.write("".join(lines))      # in one piece, so that no other task's comes between

    def flush(self):
        self._line().flush()

    def close(self):
        """Standard output stays open for the others."""

    def reconfigure(self, **settings):
        """Accepted, as TextIOWrapper's; what is kept and how it is encoded stays as it is."""

    def detach(self):
        raise io.UnsupportedOperation("standard output cannot be detached while a shell runs")

    def writable(self):
        return True

    def isatty(self):
        return self._variable.get() is None and self._terminal.isatty(self._error)

    def fileno(self):
        if self._real is None:
            raise io.UnsupportedOperation("fileno")
        return self._real.fileno()


class _Line:
    """What a thread has printed since its last newline; at its end, it is passed on too."""

    def __init__(self, pass_on):
        self.output, self.data = None, b""
        self._pass_on = pass_on

    def take(self):
        data, self.data = self.data, b""
        return data

    def flush(self):
        if self.data:
            self._pass_on(self.output, self.take())

    def __del__(self):
        try:
            self.flush()
        except (OSError, ValueError):
            pass        # nobody reads it any more


class _PrintedBytes(io.BufferedIOBase):
    """`sys.stdout.buffer`: the same for bytes."""

    def __init__(self, text):
        self.raw = self
        self._text = text

    @property
    def name(self):
        return self._text.name

    def write(self, data):
        data = bytes(data)
        self._text.send(data)
        return len(data)

    def flush(self):
        self._text.flush()

    def close(self):
        """Standard output stays open for the others."""

    def writable(self):
        return True

    def isatty(self):
        return self._text.isatty()

    def fileno(self):
        return self._text.fileno()


def is_broken(error):
    """Whether `error` is what a program's own print() has raised, since nobody reads any more."""
    spools = current_output.get(), current_error.get()
    return any(spool is not None and spool.error is error for spool in spools)


def input_from(feed):
    """A text file that reads from `feed`, a Feed, for `current_input`."""
    return io.TextIOWrapper(io.BufferedReader(FeedReader(feed)), errors="surrogateescape")


class _Typed:
    """sys.stdin while a shell runs: the file of the program that asks, or the `real` one."""

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(current_input.get() or self.real, name)

    def __iter__(self):
        return iter(current_input.get() or self.real)

    def __next__(self):
        return next(current_input.get() or self.real)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Standard input stays open for the others."""

    def close(self):
        """The same."""


@contextmanager
def installed(terminal):
    """Inside, sys.stdout and sys.stderr are the stand-ins, over `terminal`; then what was there is
    back, unless somebody has put something else in the place of ours. In one thread, nested or one
    after the other."""
    before, stdin = (sys.stdout, sys.stderr), sys.stdin
    for file in before:
        try:
            file.flush()        # what comes now goes past its buffer
        except (AttributeError, OSError, ValueError):
            pass
    ours = (_Printed(terminal, _real(sys.stdout), current_output, False),
            _Printed(terminal, _real(sys.stderr), current_error, True))
    sys.stdout, sys.stderr = ours
    typed = sys.stdin = None if stdin is None else _Typed(stdin)
    start = threading.Thread.start
    passing_on = _passing_on(start)
    threading.Thread.start = passing_on
    try:
        yield
    finally:
        if threading.Thread.start is passing_on:
            threading.Thread.start = start
        if sys.stdin is typed:
            sys.stdin = stdin
        if sys.stdout is ours[0]:
            sys.stdout = before[0]
        if sys.stderr is ours[1]:
            sys.stderr = before[1]


def _passing_on(start):
    """Thread.start, which lets the thread print, and read, where the one does that starts it."""
    def start_there(thread):
        inherited = [(each, each.get()) for each in
                     (current_output, current_error, current_input, current_threads)]
        threads = current_threads.get()
        if threads is not None and not thread.daemon:
            threads.append(thread)
            thread.daemon = True        # the program waits for it, and not the shell
        if any(value is not None for _, value in inherited):
            run = thread.run

            def run_there():
                for variable, value in inherited:
                    variable.set(value)
                run()

            thread.run = run_there
        start(thread)

    return start_there


def _real(file):
    return file._real if isinstance(file, _Printed) else file

"""Redirection of print(): what programs print goes where their output goes.

sys.stdout and sys.stderr belong to the whole process, and programs of the shell are tasks of one
process. So while a shell runs, a stand-in is in their place that asks a context variable for the
output of whoever prints (PEP 567): a task has the context of who spawned it, and so has a thread
that is started in a copy of it. Where none is set, it is the terminal.

Not every code has such a context. A thread that a program starts by itself with
threading.Thread has an empty one (up to Python 3.13), so what it prints goes to the terminal; so
does what is written to descriptor 1 itself.
"""

import io
import sys
import threading
from _thread import get_ident
from collections import deque
from contextlib import contextmanager
from contextvars import ContextVar

from syscalls import Park

from .streams import as_bytes

__all__ = ["Spool", "current_error", "current_output", "installed"]

# A Spool, or any object with `write(data)` and `closed`; None: the terminal.
current_output: ContextVar = ContextVar("current_output", default=None)
current_error: ContextVar = ContextVar("current_error", default=None)

_PATIENT = 1 << 20      # bytes in a spool before another thread has to wait
_PIECE = 65536          # bytes that are passed on at once
_LOOK = 0.5             # seconds between two looks of a thread whether the kernel still runs


class Spool:
    """Between print(), which cannot wait, and an Output, to which one writes by waiting.

    In the kernel's thread `write` keeps whatever it is given; in another it waits while more than
    a mebibyte is kept. `pump` passes it on.
    """

    def __init__(self, kernel):
        self.kernel = kernel
        self.closed = False
        self.error = None       # the OSError that has ended the pump
        self._data = deque()
        self._size = 0
        self._room = threading.Condition()      # re-entrant, for signal handlers that print

    def write(self, data):
        """Keep text or bytes. Raises ValueError when it is closed, BrokenPipeError when nobody
        reads, OSError when it cannot be written."""
        data = as_bytes(data)
        with self._room:
            self._check()
            if not data:
                return
            if not self._data:
                self._wake()
            self._data.append(data)
            self._size += len(data)
            while self._size > _PATIENT and self._may_wait():
                self._room.wait(_LOOK)
            if self.error is not None:
                raise self.error

    def flush(self):
        """What is kept is passed on as soon as it can be."""

    def close(self):
        """Nothing more comes: the pump ends when it has passed on what is kept. From any thread."""
        self.closed = True
        self._wake()

    def pump(self, output):
        """Pass on to `output`, an Output, what is written, until it is closed and empty; a
        generator. Returns None, or the OSError that ended it: later writes raise that."""
        try:
            while (yield from self._pump_some(output)):
                pass
        except OSError as error:
            self._end(error)
            return error
        except BaseException:
            self._end(BrokenPipeError("the output of this program is pumped no more"))
            raise
        return None

    def _pump_some(self, output):
        data = self._take()
        if data:
            yield from output.write(data)
            return True
        if self.closed:
            return False
        yield Park(self)
        return True

    def _take(self):
        pieces, size = [], 0
        with self._room:
            while self._data and size < _PIECE:
                pieces.append(self._data.popleft())
                size += len(pieces[-1])
            self._size -= size
            self._room.notify_all()
        return b"".join(pieces)

    def _end(self, error):
        with self._room:
            self.error = error
            self._data.clear()
            self._size = 0
            self._room.notify_all()

    def _check(self):
        if self.error is not None:
            raise self.error
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def _may_wait(self):
        """Whether this is a thread that somebody will wake: not the kernel's own."""
        return self.kernel.thread not in (None, get_ident())

    def _wake(self):
        if self.kernel.thread == get_ident():
            self.kernel.parking.wake(self, None, None)
        else:
            self.kernel.call_from_thread(self.kernel.parking.wake, self, None, None)


class _Printed(io.TextIOBase):
    """sys.stdout, or sys.stderr (`variable` and `error` say which), while a shell runs; `real` is
    what was in its place."""

    def __init__(self, terminal, real, variable, error):
        self._terminal, self._real, self._variable, self._error = terminal, real, variable, error
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
        self.send(text.encode("utf-8", "backslashreplace" if self._error else "surrogateescape"))
        return len(text)

    def send(self, data):
        """Write bytes where the output of the caller goes."""
        output = self._variable.get()
        # A task may outlive the program that it belonged to, and its spool.
        if output is None or output.closed:
            self._terminal.print(data, self._error)
        else:
            output.write(data)

    def writelines(self, lines):
        self.write("".join(lines))      # in one piece, so that no other task's comes between

    def flush(self):
        """Nothing is kept here."""

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
        """Nothing is kept here."""

    def close(self):
        """Standard output stays open for the others."""

    def writable(self):
        return True

    def isatty(self):
        return self._text.isatty()

    def fileno(self):
        return self._text.fileno()


@contextmanager
def installed(terminal):
    """Inside, sys.stdout and sys.stderr are the stand-ins, over `terminal`; then what was there is
    back, unless somebody has put something else in the place of ours."""
    before = sys.stdout, sys.stderr
    for file in before:
        try:
            file.flush()        # what comes now goes past its buffer
        except (AttributeError, OSError, ValueError):
            pass
    ours = (_Printed(terminal, _real(sys.stdout), current_output, False),
            _Printed(terminal, _real(sys.stderr), current_error, True))
    sys.stdout, sys.stderr = ours
    try:
        yield
    finally:
        if sys.stdout is ours[0]:
            sys.stdout = before[0]
        if sys.stderr is ours[1]:
            sys.stderr = before[1]


def _real(file):
    return file._real if isinstance(file, _Printed) else file

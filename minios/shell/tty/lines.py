"""Reading lines from a descriptor, as a task: a terminal, a pipe or a file."""

import os
import select
from errno import EIO

from syscalls import ReadWait

from ...kernel.current import current_task

__all__ = ["GaveWay", "LineReader"]

_LONGEST = 1 << 20      # a command line that is longer than this is a mistake


class GaveWay(Exception):
    """Raised in a program that was stopped while it waited for input: another reads now."""


class LineReader:
    """Lines of text from `fd` (None: there is nothing to read).

    The descriptor's flags are left as they are. Waiting first and reading once does not block, and
    a program that is run from the shell finds its standard input as it expects it. A terminal
    whose line has gone (EIO) is at its end.
    """

    def __init__(self, fd):
        self._fd = fd
        self._call = ReadWait(-1 if fd is None else fd)
        self._reader = None         # the task that waits
        self._buffer = b""
        self._ended = False

    def read(self):
        """Some bytes; b"" at the end. Use it with `yield from`."""
        if not self._buffer and not self._ended:
            return (yield from self._receive())
        data, self._buffer, self._ended = self._buffer, b"", False
        return data

    def readline(self):
        """The next line without its newline; None at the end. Use it with `yield from`.

        Raises ValueError for a line of more than a mebibyte, which is skipped.
        """
        while b"\n" not in self._buffer and not self._ended:
            if len(self._buffer) > _LONGEST:
                yield from self._skip_line()
                raise ValueError("the line is longer than a mebibyte")
            data = yield from self._receive()
            self._ended = not data
            self._buffer += data
        if not self._buffer:
            self._ended = False     # on a terminal, ^D ends a line and not the terminal
            return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")

    def _wait(self):
        """Wait for something to read, in the place of whoever waits now: that is a program that was
        stopped, and its wait goes on meanwhile."""
        task, other = current_task(), self._reader
        if other is not None and other is not task and other.call is self._call:
            task.kernel.interrupt(other, GaveWay())
        self._reader = task
        try:
            yield self._call
        finally:
            if self._reader is task:
                self._reader = None

    def _skip_line(self):
        data = b" "
        while data and b"\n" not in data:
            data = yield from self._receive()
        self._buffer = data.partition(b"\n")[2]
        self._ended = not data

    def _receive(self):
        """Some bytes; b"" at the end."""
        while self._fd is not None:
            yield from self._wait()
            # What was there may have gone meanwhile: ^C empties a terminal's queue.
            if not _is_readable(self._fd):
                continue
            try:
                return os.read(self._fd, 65536)
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno != EIO:
                    raise
                break
        return b""


def _is_readable(fd):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))

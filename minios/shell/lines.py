"""Reading lines from a descriptor, as a task: a terminal, a pipe or a file."""

import os

from syscalls import ReadWait

__all__ = ["LineReader"]

_LONGEST = 1 << 20      # a command line that is longer than this is a mistake


class LineReader:
    """Lines of text from `fd`. The descriptor's flags are left as they are.

    Waiting first and reading once cannot block, and a program that is run from the shell finds
    its standard input as it expects it.
    """

    def __init__(self, fd):
        self._fd = fd
        self._buffer = b""
        self._ended = False

    def read(self):
        """Some bytes; b"" at the end. Use it with `yield from`."""
        if not self._buffer and not self._ended:
            yield ReadWait(self._fd)
            return os.read(self._fd, 65536)
        data, self._buffer, self._ended = self._buffer, b"", False
        return data

    def readline(self):
        """The next line without its newline; None at the end. Use it with `yield from`.

        Raises ValueError for a line of more than a mebibyte, which is skipped.
        """
        while b"\n" not in self._buffer and not self._ended:
            if len(self._buffer) > _LONGEST:
                self._buffer = b""
                raise ValueError("the line is longer than a mebibyte")
            yield ReadWait(self._fd)
            data = os.read(self._fd, 65536)
            self._ended = not data
            self._buffer += data
        if not self._buffer:
            self._ended = False     # on a terminal, ^D ends a line and not the terminal
            return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")

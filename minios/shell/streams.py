"""The standard streams of a program: what it reads from and writes to, of whatever kind.

Bytes throughout, so that a binary file passes; `write` takes text too, which is UTF-8. Every
operation is a generator, for `yield from`: a program that reads from a pipe waits for whoever
writes, and one that writes waits while the pipe is full, and is over (BrokenPipeError) when
nobody reads any more.
"""

import os
from errno import EPIPE
from signal import SIGTTIN

from ..lib.files import open_file
from .tty.lines import GaveWay

__all__ = ["FileInput", "FileOutput", "Input", "Output", "PipeInput", "PipeOutput",
           "TerminalInput", "TerminalOutput", "TextInput", "as_bytes"]

_PIECE = 65536      # bytes that are read at once


def as_bytes(data):
    """Text as UTF-8; bytes as they are."""
    return data.encode(errors="surrogateescape") if isinstance(data, str) else data


class Input:
    """Where a program reads from. A subclass gives `_receive`, a generator: some bytes, b"" at
    the end."""

    name = "-"

    def __init__(self):
        self._rest = b""
        self._ended = False

    def isatty(self):
        """Whether it is a terminal."""
        return False

    def read(self, n=_PIECE):
        """Up to `n` bytes: what is there, or what comes next; b"" at the end."""
        if self._rest:
            data, self._rest = self._rest[:n], self._rest[n:]
            return data
        data = yield from self._more()
        if len(data) > n:
            data, self._rest = data[:n], data[n:]
        return data

    def read_all(self):
        """All that is left."""
        pieces = []
        while data := (yield from self.read()):
            pieces.append(data)
        return b"".join(pieces)

    def readline(self):
        """A line with its newline (the last one may have none); b"" at the end."""
        pieces = []
        while b"\n" not in self._rest:
            pieces.append(self._rest)
            self._rest = yield from self._more()
            if not self._rest:
                return b"".join(pieces)
        line, newline, self._rest = self._rest.partition(b"\n")
        return b"".join([*pieces, line, newline])

    def read_lines(self):
        """The lines that are there, at least one, each with its newline (the last of all may have
        none); an empty list at the end. What filters are built on: a list is one turn."""
        first = yield from self.readline()
        if not first:
            return []
        whole, newline, self._rest = self._rest.rpartition(b"\n")
        # Not splitlines, which takes a carriage return for an end as well.
        return [first, *(line + b"\n" for line in whole.split(b"\n"))] if newline else [first]

    def close(self):
        """Read no more: a plain function, since a program that is killed cannot wait."""

    def _more(self):
        if self._ended:
            return b""
        data = yield from self._receive()
        # A terminal's ^D ends a program's input and not the terminal: who asks again, reads again.
        self._ended = not data and not self.isatty()
        return data

    def _receive(self):
        return b""
        yield


class TextInput(Input):
    """A text that is there already, as those of /proc are."""

    def __init__(self, text, name):
        super().__init__()
        self.name = name
        self._rest = as_bytes(text)


class FileInput(Input):
    """A file, which is read in a thread: see lib/files.py."""

    def __init__(self, file, name):
        super().__init__()
        self.name, self.file = name, file

    @classmethod
    def open(cls, path, name):
        """Open the file at `path`. Raises OSError."""
        return cls((yield from open_file(path, "rb")), name)

    def _receive(self):
        return (yield from self.file.read(_PIECE))

    def close(self):
        self.file.__exit__(None, None, None)    # without waiting for a thread that reads


class PipeInput(Input):
    """The reading end of a Pipe."""

    def __init__(self, pipe):
        super().__init__()
        self._pipe = pipe

    def _receive(self):
        return (yield from self._pipe.read(_PIECE))

    def close(self):
        self._pipe.close()      # whoever writes gets BrokenPipeError


class TerminalInput(Input):
    """What is typed at a terminal while a program runs in the foreground.

    A program in the background that wants to read is stopped, as by SIGTTIN, and reads when it
    has been brought to the foreground.
    """

    def __init__(self, shell, job):
        super().__init__()
        self._shell, self._job = shell, job

    def isatty(self):
        return self._shell.terminal.interactive

    def _receive(self):
        shell, job = self._shell, self._job
        while True:
            while job is not None and job.background and self.isatty():
                shell.stop_job(job, SIGTTIN)
                yield           # the stop takes effect here
            try:
                return (yield from shell.terminal.read())
            except GaveWay:
                pass            # it was stopped, and the shell has read a line meanwhile


class Output:
    """Where a program writes to. A subclass gives `write`."""

    colors = False      # whether it shows colours
    columns = None      # the width of the screen, None where there is none

    def isatty(self):
        """Whether it is a terminal."""
        return False

    def write(self, data):
        """Write all of `data`, bytes or text; a generator. Raises BrokenPipeError, OSError."""
        raise NotImplementedError

    def check(self):
        """Raise BrokenPipeError if nobody reads any more: for a program that has nothing to write
        for long."""

    def close(self):
        """Nothing more comes; a plain function."""


class FileOutput(Output):
    """A file that is written."""

    def __init__(self, file):
        self.file = file

    @classmethod
    def open(cls, path, append=False):
        """Open the file at `path`, for what comes behind its end or for it anew. Raises OSError."""
        return cls((yield from open_file(path, "ab" if append else "wb", buffering=0)))

    def write(self, data):
        left = memoryview(as_bytes(data))
        while left:
            left = left[(yield from self.file.write(left)):]

    def close(self):
        self.file.__exit__(None, None, None)    # it has no buffer


class PipeOutput(Output):
    """The writing end of a Pipe."""

    def __init__(self, pipe):
        self._pipe = pipe

    def write(self, data):
        data = as_bytes(data)
        if data:
            yield from self._pipe.write(data)

    def check(self):
        if self._pipe.statistics().closed:
            raise BrokenPipeError(EPIPE, os.strerror(EPIPE))

    def close(self):
        self._pipe.write_eof()


class TerminalOutput(Output):
    """The screen, or whatever stands in its place where there is no terminal."""

    def __init__(self, terminal, error=False):
        self.terminal, self._error = terminal, error

    def isatty(self):
        return self.terminal.isatty(self._error)

    @property
    def colors(self):
        return self.isatty() and self.terminal.colors

    @property
    def columns(self):
        return self.terminal.size()[0] if self.isatty() else None

    def write(self, data):
        data = as_bytes(data)
        if data:
            yield from self.terminal.write(data, self._error)


"""Feed: standard input for a Python program, whose thread reads as any program does and waits,
from an Input of the shell, which only a task can read.

The thread asks, and sleeps; the task that the program belongs to reads, and answers. It reads when
it is asked and no earlier, so that what the program does not read is left for the next one, and
a program in the background is stopped when it reads the terminal, and not before.
"""

import io
import os
import threading
from _thread import get_ident

__all__ = ["Feed", "FeedReader"]

_LOOK = 0.1     # seconds after which a thread that waits hears that it is interrupted


class Feed:
    """Between the threads of one program and `source`, an Input; `tell()` is called, in the
    kernel's thread, when something is wanted."""

    def __init__(self, kernel, source, tell):
        self.kernel, self.source = kernel, source
        self.asked = self.answering = False
        self._tell = tell
        self._turn = threading.Lock()       # one thread at a time
        self._answered = threading.Condition()
        self._wanted = 0                    # the number of bytes
        self._data = b""

    def read(self, n):
        """Up to `n` bytes, what is there; b"" at the end. For the program's threads; in the
        kernel's own, where it would wait for itself, it reads the terminal, and holds up all."""
        if self.kernel.thread in (None, get_ident()):
            if not self.source.isatty():
                raise io.UnsupportedOperation(
                    "a task that waits for input() would wait for ever, as nobody could answer: "
                    "say `yield from to_thread(input)`"
                )
            return os.read(0, n)
        with self._turn, self._answered:
            self._wanted, self.asked = n, True
            self.kernel.call_from_thread(self._tell)
            try:
                while self.asked:
                    self._answered.wait(_LOOK)
            finally:
                self.asked = False
            data, self._data = self._data, b""
            return data

    def answer(self):
        """As a task: read what is wanted. A generator; whatever ends it, a thread that still waits
        hears the end of the input."""
        data, self.answering = b"", True
        try:
            data = yield from self.source.read(self._wanted)
        finally:
            self.answering = False
            with self._answered:
                self._data, self.asked = data, False
                self._answered.notify_all()


class FeedReader(io.RawIOBase):
    """The bytes of a Feed, as a file: `sys.stdin.buffer.raw`."""

    def __init__(self, feed):
        self._feed = feed

    def readable(self):
        return True

    def isatty(self):
        return self._feed.source.isatty()

    def readinto(self, buffer):
        data = self._feed.read(len(buffer))
        buffer[:len(data)] = data
        return len(data)

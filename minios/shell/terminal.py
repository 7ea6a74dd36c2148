"""The terminal of a shell: where lines are read and what is printed is shown.

Terminal is what the shell and its programs know of it. `PlainTerminal` stands on descriptors
alone: it serves where there is no terminal, or where nothing better is installed. The line
editor (prompt.py) and the terminal of another process (console/) are others.
"""

import os
import sys
from contextlib import contextmanager

from .lines import LineReader

__all__ = ["PlainTerminal", "Suspended", "Terminal"]


class Suspended(BaseException):
    """Raised in the shell's task by ^Z, as KeyboardInterrupt is by ^C."""


class Terminal:
    """Where a shell reads its lines, and what its programs see of the screen.

    ^C and ^Z raise KeyboardInterrupt and Suspended in the shell's own task, wherever it waits.
    """

    interactive = False     # whether a person sits at it
    colors = False          # whether it shows colours

    def size(self):
        """The (columns, lines) of the screen at this moment."""
        return 80, 24

    def read_line(self, prompt):
        """Show `prompt` and read a command line, without its newline; None at the end. A
        generator. Raises KeyboardInterrupt for ^C, ValueError for a line that is too long."""
        raise NotImplementedError

    def read(self):
        """Some of the bytes that are typed while a program runs, b"" for ^D; a generator."""
        raise NotImplementedError

    def write(self, data, error=False):
        """Show bytes; a generator that returns when they have been taken. `error`: they are
        for standard error. Raises OSError."""
        raise NotImplementedError

    def print(self, text):
        """Show a text at once, from a plain function in any thread: see redirect.py."""
        raise NotImplementedError

    def keys(self):
        """A context manager, for programs that are steered by single keys: inside, nothing is
        echoed, and `key = yield from keys.get(seconds)` is the next key: a character, or a name
        such as "up", "down", "enter", "escape"; "resize" when the size has changed, None when
        the time is over. None in place of `keys` where there is no terminal."""
        return _no_keys()

    def close(self):
        """Give it back as it was found."""


@contextmanager
def _no_keys():
    yield None


class PlainTerminal(Terminal):
    """Plain lines on the descriptors of standard input, output and error."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.interactive = sys.stdin.isatty()
        self._lines = LineReader(sys.stdin.fileno())

    def size(self):
        try:
            return os.get_terminal_size(sys.__stdout__.fileno())
        except (OSError, AttributeError, ValueError):
            return 80, 24

    def read_line(self, prompt):
        if self.interactive:
            self.print(prompt)
        return (yield from self._lines.readline())

    def read(self):
        return (yield from self._lines.read())

    def write(self, data, error=False):
        file = sys.__stderr__ if error else sys.__stdout__
        file.flush()
        left = memoryview(data)
        while left:
            left = left[os.write(file.fileno(), left):]
        return
        yield

    def print(self, text):
        sys.__stdout__.write(text)
        sys.__stdout__.flush()

"""The terminal of a shell: where lines are read and what is printed is shown.

Terminal is what the shell and its programs know of it. `PlainTerminal` stands on descriptors
alone: it serves where there is no terminal, or where nothing better is installed. The line
editor (prompt.py) and the terminal of another process (console/) are others.
"""

import os
import sys
from contextlib import contextmanager

from .keyboard import KeyReader
from .lines import LineReader
from .modes import Modes
from .outlet import Outlet

__all__ = ["PlainTerminal", "Suspended", "Terminal", "has_colors"]

# With the cursor shown, and not.
_NORMAL_SCREEN, _ALTERNATE_SCREEN = b"\033[?1049l\033[?25h", b"\033[?1049h\033[?25l"


class Suspended(BaseException):
    """Raised in the shell's task by ^Z, as KeyboardInterrupt is by ^C."""


class Terminal:
    """Where a shell reads its lines, and what its programs see of the screen.

    ^C and ^Z raise KeyboardInterrupt and Suspended in the shell's own task, wherever it waits.
    """

    interactive = False     # whether a person sits at it
    colors = False          # whether it shows colours

    def isatty(self, error=False):
        """Whether what is written to standard output (`error`: standard error) is seen on a
        screen, and does not go to a file or a pipe."""
        return self.interactive

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

    def print(self, text, error=False):
        """Show text or bytes, from a plain function in any thread: see redirect.py. Raises
        OSError."""
        raise NotImplementedError

    def keys(self):
        """A context manager, for programs that are steered by single keys: inside, nothing is
        echoed, and `key = yield from keys.get(seconds)` is the next key: a character, or a name
        such as "up", "down", "enter", "escape"; "resize" when the size has changed, None when
        the time is over. None in place of `keys` where there is no terminal. Raises OSError
        where another program has the keys, or the shell reads a line."""
        return _no_keys()

    @property
    def has_keys(self):
        """Whether a program reads keys, or did when it was stopped."""
        return False

    def pause_keys(self):
        """The program that reads keys is stopped: the terminal is as it was found meanwhile.
        Harmless where none does."""

    def resume_keys(self):
        """It goes on, in the foreground."""

    def close(self):
        """Give it back as it was found."""


@contextmanager
def _no_keys():
    yield None


class PlainTerminal(Terminal):
    """Plain lines on the descriptors of standard input, output and error."""

    def __init__(self, kernel):
        self.kernel = kernel
        self._fd = _number(sys.__stdin__)
        self.interactive = self._fd is not None and os.isatty(self._fd)
        self._lines = LineReader(self._fd)
        self._output = self._error = None
        self._open_outlets()
        self.colors = self.isatty() and has_colors()
        self._modes = Modes(self._fd, self._output.put_last) if self.interactive else None
        self._keys = None           # the KeyReader of the program that has the keys
        self._has_left = False      # it draws on the alternate screen, and is stopped
        self._is_reading = False    # a command line

    def _open_outlets(self):
        output, error = _number(sys.__stdout__), _number(sys.__stderr__)
        self._is_screen = tuple(fd is not None and os.isatty(fd) for fd in (output, error))
        self._output = self._outlet(output)
        # Where both are the same file, what is written to them keeps its order.
        same = output is not None and error is not None and _is_same(output, error)
        self._error = self._output if same else Outlet(self.kernel, error)

    def _outlet(self, fd):
        return Outlet(self.kernel, fd)

    def isatty(self, error=False):
        return self._is_screen[error]

    def size(self):
        for file in (sys.__stdout__, sys.__stdin__, sys.__stderr__):
            try:
                columns, lines = os.get_terminal_size(file.fileno())
            except (OSError, AttributeError, ValueError):
                continue
            if columns and lines:       # a terminal that nobody has told its size says 0
                return columns, lines
        return 80, 24

    def read_line(self, prompt):
        self.pause_keys()
        self._is_reading = True
        try:
            if self.interactive:
                self.print(prompt)
            return (yield from self._lines.readline())
        finally:
            self._is_reading = False

    def read(self):
        return (yield from self._lines.read())

    def write(self, data, error=False):
        outlet = self._error if error else self._output
        self._note(data)
        yield from outlet.write(data)

    def print(self, text, error=False):
        data = text if isinstance(text, bytes) else text.encode(errors="backslashreplace")
        self._note(data)
        (self._error if error else self._output).put(data)

    def _note(self, data):
        if self._keys is not None:
            self._modes.note(data)

    @contextmanager
    def keys(self):
        if not self.interactive:
            yield None
            return
        if self._is_reading or self._keys is not None:
            who = ("the shell reads a line" if self._is_reading else
                   "a program has its keys (`jobs` shows it)")
            raise OSError(f"the terminal is not free: {who}")
        with KeyReader(self.kernel, self._fd, self.size) as keys:
            self._keys, self._modes.is_drawn_on = keys, True
            try:
                yield keys
            finally:
                self._keys, self._modes.is_drawn_on = None, False

    @property
    def has_keys(self):
        return self._keys is not None

    def pause_keys(self):
        if self._keys is not None:
            if self._modes.alternate:
                self._has_left = True
                self.print(_NORMAL_SCREEN)
            self._keys.pause()

    def resume_keys(self):
        if self._keys is not None:
            self._keys.resume()
            if self._has_left:
                self._has_left = False
                self.print(_ALTERNATE_SCREEN)

    def close(self):
        if self._modes is not None:
            self._modes.close()
        try:
            self._output.close()
        finally:
            if self._error is not self._output:
                self._error.close()


def has_colors():
    """Whether the terminal that TERM names shows colours, and NO_COLOR does not forbid them
    (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    try:
        import curses

        curses.setupterm()
        return curses.tigetnum("colors") > 0
    except Exception:       # there is no curses, or it knows no such terminal
        return True


def _number(file):
    """The descriptor of a standard stream; None where it is closed."""
    try:
        fd = file.fileno()
        os.fstat(fd)
    except (OSError, ValueError, AttributeError):
        return None
    try:
        file.flush()        # what is written from now on comes behind it
    except OSError:
        pass                # whoever writes next hears of it
    return fd


def _is_same(one, other):
    one, other = os.fstat(one), os.fstat(other)
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)

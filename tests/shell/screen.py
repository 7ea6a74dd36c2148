"""A program at a real terminal: pexpect types, pyte renders what a person would see.

    screen = Screen([sys.executable, "-m", "minios"], cwd=folder)
    screen.wait_for(r"\\$$")
    screen.type("ps\\r")
    screen.wait_for(r"(?m)^ *TID")
    screen.resize(60, 20)
    screen.close()

Nothing sleeps: whoever waits reads until the screen shows it. The deadline is an upper bound that
a slow machine does not reach; it raises an AssertionError that shows the screen.
"""

import os
import re
import signal
import termios
import time

import pexpect
import pyte

__all__ = ["Screen"]

_DEADLINE = 30.0        # seconds
_ENTER = "\r"
_ALTERNATE = 1049       # xterm's mode: the other screen, and the cursor kept


class _TwoScreens(pyte.HistoryScreen):
    """A screen with an alternate one, which pyte does not have."""

    _kept = None

    def set_mode(self, *modes, **options):
        if _ALTERNATE in modes and self._kept is None:
            lines = {y: dict(line) for y, line in self.buffer.items()}
            self._kept = lines, self.cursor.x, self.cursor.y
            self.erase_in_display(2)
        super().set_mode(*modes, **options)

    def reset_mode(self, *modes, **options):
        if _ALTERNATE in modes and self._kept is not None:
            lines, x, y = self._kept
            self._kept = None
            self.erase_in_display(2)
            for row, line in lines.items():
                self.buffer[row].update(line)
            self.cursor.x, self.cursor.y = x, min(y, self.lines - 1)
        super().reset_mode(*modes, **options)


class Screen:
    """A program in a terminal of `columns` times `rows`."""

    def __init__(self, command, cwd=None, columns=100, rows=30, **environment):
        self._screen = _TwoScreens(columns, rows, history=10_000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""          # all that has been written, as it came
        env = {**os.environ, "TERM": "xterm-256color", "PYTHONUNBUFFERED": "", **environment}
        for name in ("COLUMNS", "LINES", "NO_COLOR", "PROMPT_TOOLKIT_NO_CPR"):
            if name not in environment:
                env.pop(name, None)
        self.process = pexpect.spawn(
            command[0], list(map(str, command[1:])), cwd=cwd, env=env, dimensions=(rows, columns),
            timeout=_DEADLINE,
        )
        self.process.delaybeforesend = None
        self.process.ptyproc.delayafterclose = self.process.ptyproc.delayafterterminate = 0.01

    # --- What is seen --------------------------------------------------------------------

    @property
    def lines(self):
        """The lines on the screen, without the spaces at their ends and the empty ones below."""
        lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def text(self):
        """The same in one."""
        return "\n".join(self.lines)

    @property
    def scrolled(self):
        """The lines that have left the screen at its top, the oldest first."""
        return ["".join(line[x].data for x in range(self._screen.columns)).rstrip()
                for line in self._screen.history.top]

    @property
    def cursor(self):
        """(column, row) of the cursor, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    def color_at(self, column, row):
        """The colour of a character: "default", "green" ..."""
        return self._screen.buffer[row][column].fg

    # --- What is done --------------------------------------------------------------------

    def type(self, keys):
        """Type text or bytes; "\\r" is Enter."""
        self.process.send(keys)

    def paste(self, text):
        """Paste, in brackets, as a terminal does that has been asked to."""
        self.type(f"\033[200~{text}\033[201~")

    def resize(self, columns, rows):
        """Change the size of the window; as in xterm, the lines go that are farthest from the
        cursor: first those below it, then those at the top."""
        screen = self._screen
        row = screen.cursor.y
        surplus = max(0, row - rows + 1)
        screen.cursor.y = screen.lines - 1
        for _ in range(surplus):
            screen.index()
        screen.cursor.y = row - surplus
        for y in range(rows, screen.lines):
            screen.buffer.pop(y, None)
        screen.lines = rows
        screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def signal(self, signum):
        """Send a signal to the program."""
        self.process.kill(signum)

    def modes(self):
        """The modes of the terminal (termios(3))."""
        return termios.tcgetattr(self.process.child_fd)

    # --- Waiting -------------------------------------------------------------------------

    def wait_for(self, pattern, flags=re.MULTILINE):
        """Read until the screen shows `pattern`; the match."""
        return self.wait_until(lambda: re.search(pattern, self.text, flags), repr(pattern))

    def wait_until(self, condition, what="the condition"):
        """Read until `condition()` is true; what it returned."""
        deadline = time.monotonic() + _DEADLINE
        while True:
            found = condition()
            if found:
                return found
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{what} never showed on:\n{self.text}")

    def wait_for_end(self):
        """Read until the program ends; its exit status, 128+n where signal n ended it."""
        deadline = time.monotonic() + _DEADLINE
        while self._read(deadline - time.monotonic()):
            pass
        self.process.wait()
        status = self.process.exitstatus
        return 128 + self.process.signalstatus if status is None else status

    def run(self, line, prompt=r"\$$"):
        """Type a line, and wait for the next prompt below it."""
        row = self.cursor[1] + len(self._screen.history.top)
        self.type(line + _ENTER)
        self.wait_until(
            lambda: self.cursor[1] + len(self._screen.history.top) > row
            and re.search(prompt, self.text), f"a prompt after {line!r}")

    def _read(self, seconds):
        """Take in what comes within `seconds`; False where nothing does, or it has ended."""
        if seconds <= 0:
            return False
        try:
            data = self.process.read_nonblocking(65536, seconds)
        except (pexpect.EOF, pexpect.TIMEOUT):
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def close(self):
        """End the program, if it has not ended."""
        if not self.process.closed:
            if self.process.isalive():
                self.process.kill(signal.SIGKILL)
                self.process.wait()
            self.process.close(force=False)

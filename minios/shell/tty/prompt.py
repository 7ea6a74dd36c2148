"""The prompt: a terminal at which lines are edited, while others go on writing to it.

`make_terminal` gives the best there is: with a line editor (editor.py, on prompt_toolkit) where a
person sits at a terminal that can be drawn on, plain lines elsewhere.

Everything that is seen goes through one Outlet, in one order. While a line is edited, what
programs write is held back for the editor, which shows it above the prompt: at once if it is
little, twenty times a second if it is much, and in any case before the program that read the line
goes on.
"""

import os
import sys

from syscalls import Await

from ...kernel.current import current_task
from .history import HistoryFile, history_path
from .outlet import Outlet
from .terminal import PlainTerminal

__all__ = ["PromptTerminal", "make_terminal"]

_PAUSE = 0.05       # seconds between two times that the prompt is drawn anew
_ENOUGH = 65536     # bytes that are held back before who writes has to wait


def make_terminal(kernel, complete=None):
    """The Terminal of this process for a shell on `kernel`, which may not run yet.

    `complete(text, cursor)`, called in another thread, gives the Candidates for what is being
    typed (see completion.py), or a routine that returns them, to be run on the kernel.
    """
    is_screen = all(_isatty(file) for file in (sys.__stdin__, sys.__stdout__))
    if is_screen and os.environ.get("TERM", "dumb") != "dumb":
        try:
            from .editor import Editor
        except ImportError:
            pass        # prompt_toolkit is an extra
        else:
            return PromptTerminal(kernel, complete, Editor)
    return PlainTerminal(kernel)


def _isatty(file):
    try:
        return file.isatty()
    except (AttributeError, ValueError):
        return False        # there is none, or it is closed


class PromptTerminal(PlainTerminal):
    """A terminal with a line editor; `editor` makes it, as the class Editor does."""

    def __init__(self, kernel, complete, editor):
        super().__init__(kernel)
        self._editor = editor(self, self._output.draw, complete, HistoryFile(history_path()))
        self._typed = b""       # ahead, without the end of its line
        self._timer = None      # for the next time that the prompt is drawn anew
        self._shown_at = float("-inf")

    def _outlet(self, fd):
        return _Screen(self.kernel, fd)

    def read_line(self, prompt):
        from asyncio import CancelledError

        from .editor import Interrupted

        task = current_task()
        killer = task.killer

        self.pause_keys()
        self._is_reading = self._modes.is_drawn_on = True
        if self._typed:
            self._editor.type(self._typed)
            self._typed = b""
        self._output.hold_back(self._hear)
        try:
            line = yield Await(self._editor.edit(prompt))
            self._editor.send_signals()
            return line
        except Interrupted:
            raise KeyboardInterrupt from None
        except CancelledError:
            if task.killer is not killer:
                raise
            # Not the shell: somebody has killed a task of the editor's.
            raise KeyboardInterrupt from None
        except EOFError:
            return None
        finally:
            self._is_reading = self._modes.is_drawn_on = False
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._output.hold_back(None)

    def read(self):
        data, is_whole = self._editor.typed_ahead()
        data, self._typed = self._typed + data, b""
        if is_whole:
            return data
        lines, newline, self._typed = data.rpartition(b"\n")
        if newline:
            return lines + newline
        data = yield from self._lines.read()
        data, self._typed = self._typed + data, b""
        return data

    def _hear(self):
        """In any thread: something is held back."""
        self.kernel.call_from_thread(self._show_soon)

    def _show_soon(self):
        due = self._shown_at + _PAUSE
        if self.kernel.now() >= due:
            self._show()
        elif self._is_reading and self._timer is None:
            self._timer = self.kernel.call_at(due, self._show)

    def _show(self):
        self._timer = None
        if self._is_reading:
            self._shown_at = self.kernel.now()
            self._editor.show(self._output.take())


class _Screen(Outlet):
    """An outlet that may be held back for who draws the screen."""

    def __init__(self, kernel, fd):
        super().__init__(kernel, fd)
        self._held = []
        self._held_size = 0
        self._heard = None

    def hold_back(self, function):
        """From now on hold back what is written, and call `function()`, in whatever thread that
        is, whenever there begins to be something. None: write it again, and what was held."""
        with self._lock:
            self._heard = function
            if function is None:
                self.draw(self.take())

    def take(self):
        """What has been held back."""
        with self._lock:
            data = b"".join(self._held)
            self._held.clear()
            self._held_size = 0
            self._tell()
            return data

    def draw(self, data):
        """Write bytes, held back or not; where the screen has gone, nobody is bothered."""
        with self._lock:
            try:
                self._send(data)
            except OSError:
                pass        # the keyboard has as well, and ends what is going on

    def put(self, data):
        with self._lock:
            if self._heard is None:
                super().put(data)
                return
            self._check()
            if not data:
                return
            self._held.append(bytes(data))
            self._held_size += len(data)
            if len(self._held) == 1:
                self._heard()
            self._wait_in_thread()

    def is_full(self):
        if self._heard is None:
            return super().is_full()
        return self._size + self._held_size > _ENOUGH

    def _has_too_much(self):
        return self._held_size > _ENOUGH or super()._has_too_much()

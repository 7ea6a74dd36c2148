"""The whole screen, for programs that draw on it again and again: top.

The alternate screen keeps what stood on the other one, which is there again at the end, however
that comes. A frame is one write that begins at the upper left corner and clears what is left of
each line, and what is below the last: so nothing flickers, and nothing scrolls.
"""

from ..listing.columns import display_width, fitted, printable
from ..listing.style import styled

__all__ = ["Screen"]

# Of XTerm, which all others have taken over: the alternate screen, the cursor.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
_SHOW_CURSOR, _HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class Screen:
    """A context manager that has the screen of `terminal`."""

    def __init__(self, terminal):
        self._terminal = terminal

    def __enter__(self):
        self._terminal.print(_ENTER)
        return self

    def __exit__(self, *error):
        # At once, since a task that is closed by SIGKILL cannot wait for the terminal.
        try:
            self._terminal.print(_LEAVE)
        except OSError:
            pass        # it has gone

    def size(self):
        """The (columns, lines) of the screen."""
        return self._terminal.size()

    def draw(self, lines):
        """Show `lines`, as many as there is room for; a generator. A line is a text, or a tuple of
        a text and the names of styles for it. Raises OSError."""
        columns, height = self.size()
        shown = [self._line(line, columns) for line in lines[:height]]
        frame = _HIDE_CURSOR + _HOME + "\r\n".join(shown)
        if len(shown) < height:
            frame += "\r\n" + _CLEAR_BELOW
        yield from self._terminal.write(frame.encode(errors="replace"))

    def ask(self, keys, question, row):
        """Ask for a line of text in line number `row`, from 0; a generator. Returns the text, None
        for Escape or where the terminal has gone."""
        text = ""
        while True:
            columns, _ = self.size()
            prompt = fitted(f"{question} {text}", columns - 1)
            frame = f"\x1b[{row + 1};1H{prompt}{_CLEAR_LINE}{_SHOW_CURSOR}"
            yield from self._terminal.write(frame.encode(errors="replace"))
            key = yield from keys.get(None)
            if key == "enter":
                return text
            if key in ("escape", None):
                return None
            if key == "backspace":
                text = text[:-1]
            elif key == "\x15":         # ^U
                text = ""
            elif len(key) == 1 and key.isprintable():
                text += key

    def _line(self, line, columns):
        text, *styles = (line,) if isinstance(line, str) else line
        text = fitted(printable(text), columns)
        if "reverse" in styles:
            text += " " * (columns - display_width(text))
        # Behind a full line, the cursor still stands on its last character.
        clear = _CLEAR_LINE if display_width(text) < columns else ""
        return styled(self._terminal, text, *styles) + clear

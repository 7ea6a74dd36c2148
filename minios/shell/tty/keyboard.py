"""The keyboard: single keys, for programs that are steered by them.

The terminal is in cbreak mode meanwhile (cbreak(3)): what is typed comes at once and is not echoed,
and ^C, ^Z and ^\\ remain signals. KeyDecoder makes keys of bytes, wherever those come from;
KeyReader is the terminal's own keyboard.
"""

import codecs
import os
import select
import signal
import termios
from collections import deque

from syscalls import Park, ReadWait

from ...kernel.current import current_task
from ...lib.timeouts import timeout
from .modes import set_modes

__all__ = ["KeyDecoder", "KeyReader"]

_ESCAPE = 0.05      # seconds after which an escape that nothing follows is the key of that name

_CONTROLS = {
    "\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\b": "backspace",
    "\033": "escape",
}

# What stands behind the introducer `ESC [` or `ESC O`, by its last character or its number
# (XTerm Control Sequences; VT220).
_FINALS = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "M": "enter",
    "Z": "tab",
}
_NUMBERS = {
    "1": "home", "2": "insert", "3": "delete", "4": "end", "5": "pageup", "6": "pagedown",
    "7": "home", "8": "end",
}


class KeyDecoder:
    """Makes keys of the bytes that a terminal sends; it waits for nothing.

    A key is a character, or one of "up" "down" "left" "right" "pageup" "pagedown" "home" "end"
    "insert" "delete" "enter" "escape" "backspace" "tab". A control character that has no such
    name is itself ("\\x03"). Sequences that mean none of these, such as function keys, are dropped,
    and so are modifiers (Shift-Up is "up").
    """

    def __init__(self):
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._sequence = ""     # of what began with an escape, and goes on

    def feed(self, data):
        """The list of keys that `data`, bytes, completes."""
        keys = []
        for character in self._characters.decode(data):
            self._step(character, keys)
        return keys

    @property
    def pending(self):
        """Whether an escape has come, which may be a key of its own: see `flush`."""
        return bool(self._sequence)

    def flush(self):
        """Nothing has followed for a while: the list of keys that this makes of what is pending."""
        sequence, self._sequence = self._sequence, ""
        if len(sequence) > 2:
            return []           # a sequence that was cut short
        return [_CONTROLS.get(character, character) for character in sequence]

    def _step(self, character, keys):
        sequence = self._sequence
        if character == "\033":
            if sequence:
                keys += self.flush()
            self._sequence = character
        elif not sequence:
            keys.append(_CONTROLS.get(character, character))
        elif sequence == "\033":
            if character in "[O":
                self._sequence += character
            else:               # Alt and a key
                keys += [*self.flush(), _CONTROLS.get(character, character)]
        elif "@" <= character <= "~" and not (character == "[" and sequence == "\033["):
            self._sequence = ""
            keys += _meaning(sequence[2:], character)
        elif " " <= character <= "?" or character == "[":
            self._sequence += character
            if len(self._sequence) > 32:
                self._sequence = ""         # no terminal sends this
        else:                   # no sequence goes on like this
            self._sequence = ""
            keys.append(_CONTROLS.get(character, character))


def _meaning(parameters, final):
    if parameters.startswith("["):
        return []               # function keys of the Linux console
    name = _NUMBERS.get(parameters.partition(";")[0]) if final in "~^$" else _FINALS.get(final)
    return [] if name is None else [name]


class _Look(Exception):
    """Thrown into the task that waits for a key: something else has happened."""


class KeyReader:
    """The keys of the terminal on descriptor `fd`, as a context manager; `size` is a function
    that tells its size. To be used by one task. Raises OSError where there is no terminal.
    """

    def __init__(self, kernel, fd, size):
        self._kernel, self._fd, self._size = kernel, fd, size
        self._decoder = KeyDecoder()
        self._keys = deque()
        self._known_size = size()
        self._paused = False
        self._waiter = None         # the task in `get`, while it waits
        self._look = None           # the _Look on its way to it
        self._before = {}           # signum -> the handler before ours

    def __enter__(self):
        try:
            self._found = termios.tcgetattr(self._fd)
        except termios.error as error:
            raise OSError(*error.args) from None
        self._wanted = _cbreak(self._found)
        set_modes(self._fd, self._wanted)
        self._listen(signal.SIGWINCH, self._nudge)
        self._listen(signal.SIGCONT, self._continued)
        return self

    def __exit__(self, kind, error, trace):
        if not self._paused:
            set_modes(self._fd, self._found)
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def get(self, seconds=None):
        """The next key (see KeyDecoder), "resize" when the size of the window has changed, None
        when `seconds` (None: no limit) are over or the terminal has gone; a generator."""
        kernel = self._kernel
        until = None if seconds is None else kernel.now() + seconds
        while True:
            if self._paused:
                yield from self._wait(Park(self), None)
                continue
            if self._size() != self._known_size:
                self._known_size = self._size()
                return "resize"
            if self._keys:
                return self._keys.popleft()
            left = None if until is None else max(0.0, until - kernel.now())
            limit = left
            if self._decoder.pending:
                limit = _ESCAPE if left is None else min(left, _ESCAPE)
            if (yield from self._wait(ReadWait(self._fd), limit)):
                if not self._read():
                    return None
            elif self._decoder.pending:
                self._keys += self._decoder.flush()
            elif left is not None and until <= kernel.now():
                return None

    def pause(self):
        """The program is stopped: give the terminal back meanwhile."""
        if not self._paused:
            self._paused = True
            set_modes(self._fd, self._found)
            self._nudge()

    def resume(self):
        """It goes on: what was drawn may have gone, so the next key is "resize"."""
        if self._paused:
            self._paused = False
            self._found = termios.tcgetattr(self._fd)
            set_modes(self._fd, self._wanted)
            self._known_size = None
            self._nudge()

    def _wait(self, call, seconds):
        """Whether what `call` waits for has come, within `seconds`, and nothing else before."""
        self._waiter = task = current_task()
        try:
            with timeout(seconds):
                yield call
            return True
        except (TimeoutError, _Look):
            return False
        finally:
            self._waiter = None
            if self._look is not None:
                self._kernel.withdraw(task, self._look)
                self._look = None

    def _read(self):
        """Read what was typed; False at the end of input."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if not poll.poll(0):
            return True         # ^C has emptied the queue meanwhile
        try:
            data = os.read(self._fd, 4096)
        except OSError:
            return False
        self._keys += self._decoder.feed(data)
        return bool(data)

    def _nudge(self):
        if self._waiter is not None and self._look is None:
            self._look = _Look()
            self._kernel.interrupt(self._waiter, self._look)

    def _listen(self, signum, function):
        """Call `function` in the kernel's thread at each `signum`, besides who hears of it now."""
        def handler(signum, frame):
            self._kernel.call_from_thread(function)
            if callable(before):
                before(signum, frame)

        before = signal.getsignal(signum)
        try:
            signal.signal(signum, handler)
        except ValueError:
            return          # not the main thread; the size is looked at with every key
        # None: it was not Python that set it.
        self._before[signum] = before or signal.SIG_DFL

    def _continued(self):
        """The whole process was stopped, and somebody else had the terminal meanwhile."""
        if not self._paused:
            set_modes(self._fd, self._wanted)
            self._known_size = None
            self._nudge()


def _cbreak(modes):
    wanted = [*modes[:6], list(modes[6])]
    wanted[3] &= ~(termios.ECHO | termios.ICANON)
    wanted[6][termios.VMIN], wanted[6][termios.VTIME] = 1, 0
    return wanted

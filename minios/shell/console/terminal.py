"""The terminal of a connection: it stands at the client, and this is its image in the program.

Policy. What is printed waits in the outbox until the client has taken it, and a program that prints
more than the outbox holds waits as well: for a client that does not read, nobody but his own
program does. What is typed comes when it is asked for, and no sooner.
"""

from collections import deque
from contextlib import contextmanager

from syscalls import Park
from syscalls.parking import wake

from ...lib.channels import Channel
from ...lib.timeouts import timeout
from ..tty.terminal import Terminal
from .protocol import control, frame, stream_frames

__all__ = ["RemoteTerminal"]

_KEYS = 256             # that wait to be read; more are dropped
_LONGEST_SIDE = 10_000  # columns or lines of a screen


class RemoteTerminal(Terminal):
    """What a shell and its programs see of the client's terminal.

    What the client has said of it: `tty` and `error_tty`, whether standard output and error go to
    a screen, `keys`, whether a person sits at it, `colors`.
    """

    def __init__(self, kernel, outbox, tty=False, error_tty=False, keys=False, colors=False):
        self.kernel, self._outbox = kernel, outbox
        self.interactive, self.colors = keys, colors
        self._is_screen = tty, error_tty
        self._size = 80, 24
        self._keyboard = None       # while single keys are wanted
        self._question = None       # the one that waits to be answered
        self._turn = Channel("the turn to ask", self)
        self._count = 0             # of the questions
        self._has_dropped = False

    def isatty(self, error=False):
        return self._is_screen[error]

    def size(self):
        return self._size

    def read_line(self, prompt):
        return (yield from self._ask(b"P", text=prompt))

    def read(self):
        return (yield from self._ask(b"N"))

    def write(self, data, error=False):
        try:
            for each in stream_frames(b"E" if error else b"O", data):
                yield from self._outbox.put(each)
        except BrokenPipeError:
            if not error:
                raise
            yield       # who complains to nobody need not hear of it; he is about to be killed

    def print(self, text, error=False):
        data = text if isinstance(text, bytes) else text.encode(errors="backslashreplace")
        self.kernel.call_from_thread(self._print, b"E" if error else b"O", data)

    def _print(self, kind, data):
        """Show what is printed by who cannot wait; what is far too much is dropped, which is said
        where it would have begun."""
        if self._outbox.is_far_too_full():
            if not self._has_dropped:
                self._outbox.insert(frame(b"E", b"minios: here some of the output is missing\n"))
            self._has_dropped = True
            return
        self._has_dropped = False
        for each in stream_frames(kind, data):
            self._outbox.insert(each)

    @contextmanager
    def _steered(self):
        if self._keyboard is not None:
            raise OSError("the terminal is not free: a program has its keys (`jobs` shows it)")
        self._keyboard = _Keyboard()
        self.resume_keys()
        try:
            yield self._keyboard
        finally:
            self.pause_keys()
            self._keyboard = None

    def keys(self):
        return self._steered() if self.interactive else super().keys()

    @property
    def has_keys(self):
        return self._keyboard is not None

    def pause_keys(self):
        if self._keyboard is not None:
            self._outbox.insert(control(b"M", mode="lines"))

    def resume_keys(self):
        if self._keyboard is not None:
            self._outbox.insert(control(b"M", mode="keys"))

    # --- What the client says ------------------------------------------------------------

    def _ask(self, kind, **fields):
        """Ask the client for something; returns the answer. A generator.

        Who asks last is answered first, as it is the shell that asks for a line after a program
        has been stopped. Then the program asks anew, or when it goes on, if it is stopped still.
        """
        while True:
            question = self._next_question(kind)
            try:
                yield from self._outbox.put(control(kind, id=question.number, **fields))
                while not (question.answered or question.postponed):
                    yield Park(question)
            finally:
                self._drop(question)
            if question.answered:
                return question.answer
            while self._question is not None:
                yield Park(self._turn)

    def _next_question(self, kind):
        if self._question is not None:
            self._question.postponed = True
            wake(self._question)
        self._count += 1
        self._question = _Question(kind, self._count)
        return self._question

    def _drop(self, question):
        if self._question is question:
            self._question = None
            wake(self._turn, None)

    def answer(self, kind, number, value):
        """The client has answered question `number`, which is of this kind (P or N); an answer to
        one that is not asked now is dropped."""
        question = self._question
        if question is not None and (question.kind, question.number) == (kind, number):
            question.answered, question.answer = True, value
            self._drop(question)
            wake(question)

    def press(self, key):
        """The client has pressed a key."""
        if self._keyboard is not None:
            self._keyboard.put(key)

    def resize(self, columns, lines):
        """The client's window has another size."""
        self._size = tuple(max(1, min(side, _LONGEST_SIDE)) for side in (columns, lines))
        self.press("resize")


class _Question:
    """Something that the client has been asked for."""

    def __init__(self, kind, number):
        self.kind, self.number = kind, number
        self.answered, self.answer = False, None
        self.postponed = False

    def __repr__(self):
        return "the client's answer"


class _Keyboard:
    """The keys that have been pressed and not read."""

    def __init__(self):
        self._keys = deque(maxlen=_KEYS)

    def put(self, key):
        """A key has been pressed."""
        self._keys.append(key)
        wake(self)

    def get(self, seconds=None):
        """The next key; None when the seconds are over. A generator."""
        try:
            with timeout(seconds):
                while not self._keys:
                    yield Park(self)
        except TimeoutError:
            return None
        return self._keys.popleft()

    def __repr__(self):
        return "the client's keys"

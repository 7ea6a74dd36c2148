"""What the line editor stands on: the keyboard, the screen and the signals, as prompt_toolkit knows
them."""

import codecs
import os
import select
import signal
import sys

from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output.vt100 import Vt100_Output

__all__ = ["Handlers", "Keyboard", "Paper", "Screen"]


class Keyboard(Vt100Input):
    """The keyboard, of which is also heard that it has gone."""

    def __init__(self, stdin):
        super().__init__(stdin)
        self.stdin_reader = _Reader(stdin.fileno())


class _Reader:
    """Reads what has been typed, without ever waiting; `closed` at the end of input."""

    def __init__(self, fd):
        self._fd = fd
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.closed = False

    def read(self, count=1024):
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if self.closed or not poll.poll(0):
            return ""
        try:
            data = os.read(self._fd, count)
        except BlockingIOError:
            return ""
        except OSError:
            data = b""          # EIO: the line has been hung up
        self.closed = not data
        return self._decoder.decode(data)


class Screen(Vt100_Output):
    """The screen, which is not asked where its cursor is: some do not answer, and what an answer
    crosses on its way is torn.

    `keeps_brackets`: what is pasted stays in brackets, although the prompt is erased, since it will
    be drawn again at once.
    """

    keeps_brackets = False
    responds_to_cpr = False

    def disable_bracketed_paste(self):
        if not self.keeps_brackets:
            super().disable_bracketed_paste()


class Paper:
    """The file that Vt100_Output writes to."""

    encoding = "utf-8"

    def __init__(self, draw):
        self._draw = draw

    def write(self, text):
        self._draw(text.encode(errors="replace"))

    def flush(self):
        """Nothing is kept here."""

    def fileno(self):
        return sys.__stdout__.fileno()

    def isatty(self):
        return True


class Handlers:
    """Signals while a line is edited: `functions`, by number, are called for those that they name,
    as (signum, the handler of before). `restore` puts back all that was there.

    (prompt_toolkit listens to SIGWINCH through the event loop, which leaves, when it stops, neither
    an older handler nor the wakeup descriptor of the kernel in its place.)
    """

    def __init__(self, functions):
        self._before, self._wakeup_fd = {}, -1
        try:
            for signum, function in functions.items():
                self._listen(signum, function)
        except ValueError:
            return          # not the main thread: nobody changes anything
        self._before[signal.SIGWINCH] = signal.getsignal(signal.SIGWINCH)
        self._wakeup_fd = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)

    def _listen(self, signum, function):
        before = signal.getsignal(signum)
        signal.signal(signum, lambda signum, frame: function(signum, before))
        self._before[signum] = before

    def restore(self):
        for signum, handler in self._before.items():
            # None: it was not Python that set it.
            signal.signal(signum, handler or signal.SIG_DFL)
        if self._before:
            now = signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
            if now not in (-1, self._wakeup_fd):    # the loop has more to listen to
                signal.set_wakeup_fd(now, warn_on_full_buffer=False)

"""Modes: the settings of a terminal (termios(3)), given back as they were found.

A line editor and a program that reads single keys change how a terminal behaves, and whoever uses
it next would suffer. So what was found is kept, and put back when the shell ends: by `restore`,
at the exit of Python, and where SIGTERM, SIGHUP or SIGQUIT ends the program, which does so then as
if nobody had listened. (Nobody hears of SIGKILL. There it is `reset` or `stty sane` that helps.)
"""

import atexit
import os
import signal
import termios

__all__ = ["Modes", "set_modes"]

_DEADLY = signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT

# What a program may have asked of the screen, undone: attributes, the shape of the cursor keys,
# wrapping at the margin, the cursor, brackets around what is pasted. And a new line.
_PLAIN = b"\033[0m\033[?1l\033[?7h\033[?25h\033[?2004l\r\n"
_NORMAL_SCREEN = b"\033[?1049l"


class Modes:
    """The modes of the terminal on descriptor `fd` as they are now, and what puts them back.

    `screen` writes bytes to it at once, from any place, or does not. Raises OSError where `fd` is
    no terminal.
    """

    def __init__(self, fd, screen):
        try:
            self.found = termios.tcgetattr(fd)
        except termios.error as error:
            raise OSError(*error.args) from None
        self._fd, self._screen, self._pid = fd, screen, os.getpid()
        self.is_drawn_on = False        # a program steers the screen at this moment
        self.alternate = False          # and has switched to the other one
        self._handlers = {}
        atexit.register(self.restore)
        for signum in _DEADLY:
            self._catch(signum)

    def note(self, data):
        """Look at what is written: whether it switches to the alternate screen, or back."""
        if b"\033[?1049" in data:
            self.alternate = data.rfind(b"\033[?1049h") > data.rfind(b"\033[?1049l")

    def restore(self):
        """Put back what was found, in the process that found it; harmless when it is there."""
        if self._pid != os.getpid():
            return      # a forked child, which has no business with its parent's terminal
        if self.is_drawn_on or self.alternate:
            self._screen(_PLAIN + (_NORMAL_SCREEN if self.alternate else b""))
            self.is_drawn_on = self.alternate = False
        set_modes(self._fd, self.found)

    def close(self):
        """Restore, and leave the signals alone again."""
        self.restore()
        atexit.unregister(self.restore)
        for signum, handler in self._handlers.items():
            try:
                if signal.getsignal(signum) == handler:
                    signal.signal(signum, signal.SIG_DFL)
            except ValueError:
                pass        # not the main thread
        self._handlers.clear()

    def _catch(self, signum):
        # One that is ignored (nohup) or somebody else's stays as it is.
        if signal.getsignal(signum) is not signal.SIG_DFL:
            return
        try:
            signal.signal(signum, self._die)
        except ValueError:
            return          # not the main thread
        self._handlers[signum] = self._die

    def _die(self, signum, frame):
        """Between two bytecodes of the main thread, whatever that was about to do."""
        self.restore()
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)


def set_modes(fd, modes):
    """tcsetattr(3), at once, where it changes something and is ours to do: in the background it
    would stop the process (SIGTTOU), and who is in the foreground has set his own. Returns whether
    the terminal is as wanted."""
    try:
        if termios.tcgetattr(fd) == modes:
            return True
        if not _is_foreground(fd):
            return False
        termios.tcsetattr(fd, termios.TCSANOW, modes)
    except termios.error:
        return False        # it has gone
    return True


def _is_foreground(fd):
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return True         # it is not our controlling terminal, and stops nobody

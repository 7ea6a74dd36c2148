"""Programs at a terminal: keys are typed, and the screen is read."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

from ..conftest import EXAMPLES, PATIENCE

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\^_])")


def plain(data):
    """The text that a terminal is sent, in the order it was written, without its looks."""
    return _ESCAPES.sub("", data.decode(errors="replace").replace("\r", ""))


class Terminal:
    """An example in a session of its own, at a pseudo terminal of 100 columns."""

    def __init__(self, name, *arguments):
        self._keys, self._line = pty.openpty()
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.settings_before = self.settings()
        self.process = subprocess.Popen(
            [sys.executable, EXAMPLES / name, *map(str, arguments)],
            stdin=self._line, stdout=self._line, stderr=self._line, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            # Nobody here would answer where the cursor is.
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        )
        self._bytes = b""
        self._seen = 0          # how much of the screen wait_for has gone past

    @property
    def screen(self):
        """All that has been shown so far, whether it is still there or not."""
        return plain(self._bytes)

    def settings(self):
        """The settings of the terminal (termios), and whether a read from it may block."""
        return termios.tcgetattr(self._line), os.get_blocking(self._line)

    def type(self, keys):
        """Press keys; "\\x03" is Ctrl-C."""
        os.write(self._keys, keys.encode())

    def wait_for(self, pattern):
        """Wait until `pattern` shows behind what was waited for last; the match."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.screen[self._seen:])):
            ready, _, _ = select.select([self._keys], [], [], 0.05)
            assert time.monotonic() < deadline, f"{pattern!r} does not show in:\n{self.screen}"
            if ready:
                self._read()
            else:
                assert self.process.poll() is None, f"it left before {pattern!r}:\n{self.screen}"
        self._seen += match.end()
        return match

    def finish(self):
        """Wait for the program's end; its exit status."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None or select.select([self._keys], [], [], 0)[0]:
            assert time.monotonic() < deadline, f"it does not end:\n{self.screen}"
            if select.select([self._keys], [], [], 0.05)[0]:
                self._read()
        return self.process.wait()

    def _read(self):
        self._bytes += os.read(self._keys, 65536)

    def close(self):
        """End the program, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._keys)
        os.close(self._line)

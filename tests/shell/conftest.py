"""Sessions of the shell: through pipes, and at a real terminal."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time

import pytest


@pytest.fixture
def session(tmp_path):
    """Give the shell lines through a pipe; a CompletedProcess."""

    def session(*lines, stdin=None):
        return subprocess.run(
            [sys.executable, "-m", "minios"], cwd=tmp_path, capture_output=True, text=True,
            input="".join(f"{line}\n" for line in lines) if stdin is None else stdin, timeout=60,
        )

    return session


class Terminal:
    """A shell at a pseudo terminal: `type` keys, and wait for what the screen shall show."""

    def __init__(self, folder, *arguments):
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 110))
        self._master = master
        self.process = subprocess.Popen(
            [sys.executable, "-m", "minios", *arguments], cwd=folder, stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True, close_fds=True,
            env={**os.environ, "TERM": "dumb"},
            preexec_fn=lambda: _take_terminal(slave),
        )
        os.close(slave)
        self.screen = ""
        self._seen = 0

    def type(self, keys):
        os.write(self._master, keys.encode())

    def wait_for(self, pattern):
        """Read until `pattern` shows behind what was waited for last; the match."""
        match = self._read_until(pattern, self._seen)
        self._seen += match.end()
        return match

    def wait_anywhere(self, pattern):
        """Read until `pattern` shows anywhere on the screen."""
        self._seen = max(self._seen, self._read_until(pattern, 0).end())

    def _read_until(self, pattern, start):
        deadline = time.monotonic() + 30
        while True:
            match = re.search(pattern, self.screen[start:])
            if match:
                return match
            ready, _, _ = select.select([self._master], [], [], deadline - time.monotonic())
            if not ready:
                raise AssertionError(f"{pattern!r} never showed in:\n{self.screen}")
            try:
                self.screen += os.read(self._master, 65536).decode().replace("\r\n", "\n")
            except OSError:
                raise AssertionError(f"the shell left before {pattern!r}:\n{self.screen}") from None

    def run(self, line):
        """Type a line, and wait for the next prompt."""
        self.type(line + "\n")
        return self.wait_for(r"(?s)\n(.*?)minios\$ ").group(1)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)


def _take_terminal(slave):
    import fcntl

    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(tmp_path):
    """A shell at a terminal that has shown its first prompt."""
    terminal = Terminal(tmp_path)
    terminal.wait_for(r"minios\$ ")
    yield terminal
    terminal.close()

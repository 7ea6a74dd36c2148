"""History: the command lines of earlier sessions, in a file that only the user may read.

$XDG_STATE_HOME/minios/history, or ~/.local/state/minios/history (XDG Base Directory
Specification), a line each, with `\\n` and `\\\\` for what would break it. Shells that run at the
same time append to the same file. Where it cannot be read or written, the history is that of this
session alone, and nobody is bothered.
"""

import os
import re
import stat

__all__ = ["HistoryFile", "history_path"]

_MOST = 2000        # lines that are kept


class HistoryFile:
    """The lines in the file `path` (None: there is no place for one)."""

    def __init__(self, path):
        self._path = path
        self._last = None

    def load(self):
        """The lines that are kept, the oldest first."""
        data = self._read()
        lines = [_unescaped(line) for line in data.decode(errors="replace").split("\n") if line]
        if len(lines) > 2 * _MOST:
            self._replace(lines[-_MOST:])
        self._last = lines[-1] if lines else None
        return lines[-_MOST:]

    def append(self, line):
        """Keep `line`; not one that begins with a space, or repeats the one before. Returns
        whether it is kept."""
        if not line.strip() or line.startswith(" ") or line == self._last:
            return False
        self._last = line
        self._write(f"{_escaped(line)}\n")
        return True

    def _read(self):
        if self._path is None:
            return b""
        try:
            with open(self._path, "rb", opener=_careful) as file:
                return file.read()
        except OSError:
            return b""

    def _write(self, text):
        if self._path is None:
            return
        try:
            os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
            with open(self._path, "ab", buffering=0, opener=_careful) as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(text.encode(errors="replace"))   # in one piece: others append as well
        except OSError:
            pass

    def _replace(self, lines):
        """Put a file with `lines` in the place of the one that has grown too long."""
        new = f"{self._path}.{os.getpid()}"
        text = "".join(f"{_escaped(line)}\n" for line in lines)
        try:
            with open(new, "xb", opener=_careful) as file:
                file.write(text.encode(errors="replace"))
            os.replace(new, self._path)
        except OSError:
            pass


def history_path():
    """Where the history is kept; None where there is no home."""
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):
        state = os.path.expanduser("~/.local/state")
    return os.path.join(state, "minios", "history") if os.path.isabs(state) else None


def _careful(path, flags):
    """Open for the user alone, and nothing that would block, as a FIFO in its place would."""
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{path}: not a regular file")
    return fd


def _escaped(line):
    return line.replace("\\", "\\\\").replace("\n", "\\n")


def _unescaped(line):
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], line)

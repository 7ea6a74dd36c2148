"""Lines that a program writes in slices, however many they are.

    lines = PacedLines(process)
    for task in tasks:
        yield from lines.say(task.name)
    yield from lines.flush()
"""

from ..pace import Pace
from ..rest import REST

__all__ = ["PacedLines"]

_MANY = 65536       # characters that are written at once


class PacedLines:
    """Collects lines, and writes them to standard output when a slice of work is over."""

    def __init__(self, process):
        self._process, self._pace = process, Pace()
        self._lines, self._size = [], 0

    def say(self, text):
        """Add a line; a generator."""
        self._lines.append(text)
        self._size += len(text)
        if self._size > _MANY:
            yield from self.flush()
            yield REST
        if self._pace.is_over():
            yield REST

    def flush(self):
        """Write what has been collected; a generator."""
        if self._lines:
            text, self._lines, self._size = "\n".join(self._lines), [], 0
            yield from self._process.write(text + "\n")

"""Reading by size, by line or up to a separator, on top of whatever gives bytes.

Policy. A reader asks for no more than its buffer has room for, so it never holds more than its
limit: a peer that sends too fast is held up by the system, and a line that does not fit is an
error and no growing buffer. A read that is cut short, by a kill or a time limit, takes nothing:
what had arrived is there for the next one.
"""

from __future__ import annotations

from syscalls.errors import IncompleteReadError, LimitOverrunError, ResourceBusyError

from .blocking import blocking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

__all__ = ["LIMIT", "ByteReader"]

LIMIT = 65536       # bytes


class ByteReader:
    """A buffered reader of bytes. A subclass gives `_receive`.

    `limit` is how many bytes are buffered at most, and so how long a line may be.
    """

    __slots__ = ("limit", "_buffer", "_ended", "_filling")

    def __init__(self, limit: int = LIMIT) -> None:
        if not isinstance(limit, int) or limit < 1:
            raise ValueError(f"the limit of a stream is a number of bytes > 0, not {limit!r}")
        self.limit = limit
        self._buffer = bytearray()
        self._ended = False
        self._filling = False       # a task waits for more, and the buffer is what it has so far

    def _receive(self, n: int) -> Any:
        """What to yield, a call or a routine, to receive up to `n` bytes; b"" at the end."""
        raise NotImplementedError

    @blocking
    def read(self, n: int = -1) -> Generator[Any, Any, bytes]:
        """Read up to `n` bytes: what is there, or what comes next; b"" at the end.

        A negative `n` reads all until the end, however much it is.
        """
        if self._filling:
            raise self._busy()
        if n < 0:
            return (yield from self._read_all())
        if self._buffer:
            return self._take(n)
        if self._ended or not n:
            return b""
        data = yield self._receive(n if n < self.limit else self.limit)
        if not data:
            self._ended = True
        return data

    @blocking
    def readexactly(self, n: int) -> Generator[Any, Any, bytes]:
        """Read `n` bytes. Raises IncompleteReadError, with what there was, if the end is first."""
        if n < 0:
            raise ValueError(f"readexactly takes a number of bytes >= 0, not {n!r}")
        if self._filling:
            raise self._busy()
        buffer = self._buffer
        while len(buffer) < n:
            # More than the limit only where the caller asks for it.
            if not (yield from self._fill(max(n, self.limit))):
                raise IncompleteReadError(self._take(), n)
        return self._take(n)

    @blocking
    def readuntil(self, separator: bytes = b"\n") -> Generator[Any, Any, bytes]:
        """Read up to and including `separator`.

        Raises IncompleteReadError, with what there was, if the end comes first, and
        LimitOverrunError if the separator is not among the first `limit` bytes.
        """
        if not separator:
            raise ValueError("readuntil takes a separator of at least one byte")
        return (yield from self._until(separator))

    @blocking
    def readline(self) -> Generator[Any, Any, bytes]:
        """Read a line with its newline; without one at the end of the stream, b"" past it.

        Raises LimitOverrunError for a line longer than `limit`.
        """
        try:
            return (yield from self._until(b"\n"))
        except IncompleteReadError as error:
            return error.partial

    def at_eof(self) -> bool:
        """Whether the end has been seen and all that came before it was read."""
        return self._ended and not self._buffer

    def __aiter__(self) -> ByteReader:
        return self

    @blocking
    def __anext__(self) -> Generator[Any, Any, bytes]:
        line = yield from self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    def _until(self, separator):
        if self._filling:
            raise self._busy()
        buffer, seen = self._buffer, 0
        while True:
            at = buffer.find(separator, seen)
            if at >= 0:
                return self._take(at + len(separator))
            if len(buffer) >= self.limit:
                what = "a line" if separator == b"\n" else f"what comes before {separator!r}"
                raise LimitOverrunError(what, self.limit)
            seen = max(0, len(buffer) + 1 - len(separator))
            if not (yield from self._fill(self.limit)):
                raise IncompleteReadError(self._take(), None)

    def _read_all(self):
        # Into the buffer, so that nothing is lost where it is cut short; the limit is waived,
        # since the caller asks for everything.
        while (yield from self._fill(len(self._buffer) + self.limit)):
            pass
        return self._take()

    def _fill(self, limit):
        """Receive into the buffer, which then holds at most `limit` bytes; False at the end."""
        if self._ended:
            return False
        self._filling = True
        try:
            data = yield self._receive(min(limit - len(self._buffer), self.limit))
        finally:
            self._filling = False
        if not data:
            self._ended = True
            return False
        self._buffer += data
        return True

    def _busy(self):
        return ResourceBusyError(
            f"another task is in the middle of reading from {self!r}; let one task read, and pass "
            "on what it has read"
        )

    def _take(self, n=None):
        """The first `n` bytes of the buffer (None: all), which are gone from it."""
        buffer = self._buffer
        if n is None or n >= len(buffer):
            data = bytes(buffer)
            buffer.clear()
        else:
            data = bytes(buffer[:n])
            del buffer[:n]
        return data

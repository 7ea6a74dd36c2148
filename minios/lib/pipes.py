"""Pipe: bytes from task to task, bounded (pipe(7)).

Policy. A write waits while the pipe is full, which is the backpressure. Writes take turns, first
come first served, so that what two tasks write never interleaves, of whatever size: more than
pipe(7) promises. Up to PIPE_BUF (4096) bytes, or the limit if that is less, are written all at
once, or not at all if the writer is killed while it waits; more go in pieces as the reader makes
room, and a writer that is killed leaves the first of them written.

A read takes bytes out of the pipe when it returns them, so a reader that is killed loses none.
"""

from __future__ import annotations

from collections import namedtuple
from errno import EBADF, EPIPE

from syscalls import Park
from syscalls.errors import ResourceBusyError
from syscalls.parking import parked, wake

from ..kernel.current import current_task
from .blocking import blocking
from .buffers import LIMIT, ByteReader
from .channels import Channel
from .locks import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ..kernel import Task

__all__ = ["PIPE_BUF", "Pipe"]

PIPE_BUF = 4096     # bytes

PipeStatistics = namedtuple("PipeStatistics", "buffered limit writers reading ended closed")
PipeStatistics.__doc__ = """`buffered` is how many bytes were written and not read, `writers` how
many tasks wait to write, `reading` whether one waits to read; `ended` and `closed` tell that the
writing and the reading end are."""


class Pipe(ByteReader):
    """A pipe of at most `limit` bytes: what tasks write, one task at a time reads.

    Besides, the reader may hold up to `limit` bytes that it has looked through for the end of a
    line; and a line may be no longer.
    """

    __slots__ = (
        "_data", "_turn", "_reader", "_no_more", "_closed", "_for_room", "_for_bytes", "__weakref__"
    )

    def __init__(self, limit: int = LIMIT) -> None:
        super().__init__(limit)
        self._data = bytearray()
        self._turn = Lock()         # to write
        self._reader: Task | None = None    # who waits for bytes
        self._no_more = False       # the writing end is closed
        self._closed = False        # the reading end is
        self._for_room = Channel("room in", self)
        self._for_bytes = Channel("bytes of", self)

    # --- Writing -------------------------------------------------------------------------

    @blocking
    def write(self, data: bytes | bytearray | memoryview) -> Generator[Any, Any, None]:
        """Write all of `data`; returns when it is in the pipe.

        Raises BrokenPipeError if the pipe's reading end is closed, or is before all is written,
        and after `write_eof()`.
        """
        left = memoryview(data).cast("B")
        self._check_writable()
        if len(left) <= self._room() and not self._turn.locked():
            self._put(left)
            return
        try:
            with (yield from self._turn):
                while left:
                    yield from self._wait_for_room(min(len(left), PIPE_BUF, self.limit))
                    piece = left[:self._room()]
                    self._put(piece)
                    left = left[len(piece):]
        finally:
            if self._no_more:       # and this may have been the last that was to come
                self._wake_reader()

    def write_eof(self) -> None:
        """Close the writing end: the reader sees the end after all that is there.

        Writes that wait already are still carried out.
        """
        self._wake_reader()
        self._no_more = True

    def _check_writable(self):
        if self._closed or self._no_more:
            why = "the reading end is closed" if self._closed else "write_eof() was said"
            raise BrokenPipeError(EPIPE, f"{self!r}: {why}")

    def _room(self):
        return self.limit - len(self._data)

    def _wait_for_room(self, n):
        """Wait until `n` bytes may be put; whoever waits has the turn."""
        while self._room() < n and not self._closed:
            yield Park(self._for_room)
        if self._closed:
            self._check_writable()

    def _put(self, data):
        self._wake_reader()
        self._data += data

    def _wake_reader(self):
        if self._reader is not None:
            wake(self._for_bytes)

    # --- Reading -------------------------------------------------------------------------

    def _receive(self, n):
        """A routine that waits for up to `n` bytes, and takes them."""
        if self._reader is not None:
            reader = self._reader
            raise ResourceBusyError(
                f"task {reader.tid} ({reader.name}) already waits to read from {self!r}"
            )
        while not (self._data or self._at_end()):
            self._reader = current_task()
            try:
                yield Park(self._for_bytes)
            finally:
                self._reader = None
        if self._closed:
            raise OSError(EBADF, f"{self!r} is closed for reading")
        data = bytes(self._data[:n])
        del self._data[:n]
        if self._turn.locked():
            wake(self._for_room)
        return data

    def _at_end(self):
        return self._closed or (self._no_more and not self._turn.locked())

    def close(self) -> None:
        """Close the reading end: what is in the pipe is dropped, and harmless if it was closed.

        Whoever writes or waits to write gets BrokenPipeError, whoever waits to read OSError.
        """
        self._wake_reader()
        if self._turn.locked():
            wake(self._for_room)
        self._closed = True
        self._data.clear()
        self._buffer.clear()

    # --- How it stands -------------------------------------------------------------------

    def statistics(self) -> PipeStatistics:
        """How the pipe stands at this moment."""
        writers = len(parked(self._for_room)) + len(parked(self._turn))
        return PipeStatistics(
            len(self._data) + len(self._buffer), self.limit, writers,
            self._reader is not None, self._no_more, self._closed,
        )

    def __repr__(self):
        state = ", closed" if self._closed else ", ended" if self._no_more else ""
        return f"<Pipe {len(self._data)} of {self.limit} bytes{state}>"

"""FileStream: a pipe, a terminal or another descriptor, as bytes to read and to write.

A descriptor has no MSG_DONTWAIT, so the open file itself is made non-blocking, for everybody who
shares it. That is right for a pipe of our own; stdio.py is about the files that are shared.
"""

from __future__ import annotations

import os
from errno import EIO
from fcntl import F_GETFL, fcntl
from io import FileIO, UnsupportedOperation

from syscalls import Read, Write

from .buffers import LIMIT
from .streams import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["FileStream"]

_PIECE = 1 << 20    # bytes that one turn hands to the system at most


class FileStream(Stream):
    """A stream over one descriptor, which is opened for reading, for writing or for both.

    `file` is a number or an io.FileIO (what `open(path, "rb", buffering=0)` gives). The stream
    owns it, makes it non-blocking, and closes it. `limit` (bytes) is as in ByteReader. Reading
    what is not open for reading raises io.UnsupportedOperation, and so does writing.

    A terminal whose other side has gone reads as at its end.
    """

    __slots__ = ("_access", "_is_terminal")

    def __init__(self, file: int | FileIO, limit: int = LIMIT) -> None:
        # The poller knows an object by its identity, and keeps it registered between two waits.
        if isinstance(file, int) and not isinstance(file, bool):
            file = FileIO(file)
        elif not isinstance(file, FileIO):
            raise TypeError(
                f"a FileStream takes a descriptor or an unbuffered file (io.FileIO), not {file!r}"
            )
        try:
            self._access = fcntl(file, F_GETFL) & os.O_ACCMODE
            self._is_terminal = file.isatty()
            super().__init__(file, limit)  # type: ignore[arg-type]
        except BaseException:
            file.close()        # here, and not whenever the object is collected
            raise

    @property
    def file(self) -> FileIO:
        """The unbuffered file object that holds the descriptor."""
        return self.socket  # type: ignore[return-value]

    def fileno(self) -> int:
        """The descriptor; -1 once closed."""
        return -1 if self.file.closed else self.file.fileno()

    @property
    def peer(self) -> None:
        """None: only sockets have addresses."""

    address = peer

    # --- What a kind of stream is made of ------------------------------------------------

    def _unblock(self, file):
        os.set_blocking(file.fileno(), False)

    def _receive(self, n):
        if self._access == os.O_WRONLY:
            # Nothing would ever arrive there, and select(2) does not say so.
            raise UnsupportedOperation(f"{self!r} is not open for reading")
        return self._read_terminal(n) if self._is_terminal else Read(self.file, n)

    def _read_terminal(self, n):
        try:
            return (yield Read(self.file, n))
        except OSError as error:
            if error.errno != EIO:      # of a hangup (pty(7), setsid(2))
                raise
            return b""

    def _send(self, data):
        if self._access == os.O_RDONLY:
            raise UnsupportedOperation(f"{self!r} is not open for writing")
        # A regular file takes all that it is given, however long that takes.
        return Write(self.file, data if len(data) <= _PIECE else memoryview(data)[:_PIECE])

    def _send_from(self, file: Any, offset: int, n: int) -> Any:
        # sendfile(2) knows no appending, and on some systems nothing but sockets.
        data = os.pread(file.fileno(), min(n, LIMIT), offset)
        return (yield self._send(data)) if data else 0

    def _shut_down(self):
        if self._access == os.O_RDWR:
            self._broken = ""
            raise UnsupportedOperation(f"{self!r} cannot be half closed")
        self.abort()        # the only way to tell the reader of a pipe

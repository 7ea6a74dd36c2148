"""Stream: one connection, as bytes to read and to write.

Policy. Nothing is buffered for writing: `write` returns when the system has taken all, which is
the backpressure. Tasks that write to one stream take turns, first come first served, so what two
of them write is never mixed up. One that is killed in the middle of a write leaves half of it
sent: the stream then refuses to write more, since the peer could not make sense of it.

A stream is closed in bounded time, whatever the peer does: `close()` may say goodbye first,
`abort()` does not, and is a plain function for the places that cannot wait.
"""

from __future__ import annotations

import os
from errno import EPIPE

from syscalls import Park, Recv, Send, WriteWait
from syscalls.parking import wake
from syscalls.sockets import close

from ..kernel.current import current_task
from .blocking import blocking
from .buffers import LIMIT, ByteReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from socket import socket
    from typing import Any, BinaryIO

    from ..kernel import Task

__all__ = ["Stream"]

_PIECE = 1 << 20    # bytes that one turn hands to the system at most


class Stream(ByteReader):
    """A connected stream socket: TCP or Unix.

    Made by `open_connection`, `start_server` and the like, or from a socket that is connected;
    the stream then owns it. `limit` (bytes) is as in ByteReader.
    """

    __slots__ = ("socket", "owner", "closed", "_secure", "_turns", "_broken", "__weakref__")

    departed = False        # whether the peer has left in a way that no read would tell

    def __init__(self, sock: socket, limit: int = LIMIT) -> None:
        super().__init__(limit)
        self._unblock(sock)
        self.socket = sock
        self.owner: Task | None = None      # who writes; deadlock reports follow it
        self.closed = False
        self._secure: Stream | None = None  # the TLS stream in which it goes on: see start_tls
        self._turns = 0             # tasks that wait for their turn to write
        self._broken = ""           # why nothing can be written any more

    # --- What a kind of stream is made of ------------------------------------------------

    def _unblock(self, sock):
        """Make sure that nothing that is done with `sock` can hold up the kernel."""
        if sock.gettimeout() != 0:
            sock.setblocking(False)

    def _receive(self, n):
        return Recv(self.socket, n)

    def _send(self, data):
        """What is to be yielded to send some of `data`; gives how many bytes were taken."""
        return Send(self.socket, data)

    def fileno(self) -> int:
        """The descriptor; -1 once closed."""
        return self.socket.fileno()

    # --- Writing -------------------------------------------------------------------------

    @blocking
    def write(self, data: bytes | bytearray | memoryview) -> Generator[Any, Any, None]:
        """Write all of `data`; returns when the system has taken it.

        Raises OSError where the peer has gone, and BrokenPipeError where an earlier write was
        cut short.
        """
        if type(data) is not bytes:
            data = memoryview(data).cast("B")
        if self.owner is not None or self._broken or self.closed:
            yield from self._take_turn()
        else:
            self.owner = current_task()     # as _take_turn does, without its inner call
        sent = 0
        try:
            sent = yield self._send(data)
            while sent < len(data):
                sent += yield self._send(memoryview(data)[sent:sent + _PIECE])
        except BaseException as error:
            # Of what a call has sent before SIGKILL, nobody was told.
            if sent or isinstance(error, GeneratorExit):
                self._broken = f"a write was cut short after {sent} of {len(data)} bytes"
            raise
        finally:
            if self._turns:
                self._pass_turn()
            else:
                self.owner = None   # the same, without the call

    @blocking
    def drain(self) -> Generator[Any, Any, None]:
        """Wait until what other tasks are writing has been taken by the system."""
        yield from self._take_turn()
        self._pass_turn()

    @blocking
    def sendfile(
        self, file: BinaryIO, offset: int = 0, count: int | None = None
    ) -> Generator[Any, Any, int]:
        """Send `count` bytes of a regular `file` (None: the rest), from `offset` on (sendfile(2)).

        Returns how many were sent, fewer where the file ends. The file's own position is not
        changed. Raises OSError for what is no regular file.
        """
        if offset < 0 or (count is not None and count < 0):
            raise ValueError(f"sendfile takes an offset and a count >= 0, not {offset}, {count}")
        yield from self._take_turn()
        sent = 0
        try:
            while count is None or sent < count:
                some = _PIECE if count is None else min(_PIECE, count - sent)
                taken = yield from self._send_from(file, offset + sent, some)
                if not taken:
                    break
                sent += taken
        except BaseException as error:
            # Of what a call has sent before SIGKILL, nobody was told.
            if sent or isinstance(error, GeneratorExit):
                self._broken = f"a file was cut short after {sent} bytes"
            raise
        finally:
            self._pass_turn()
        return sent

    def _send_from(self, file, offset, n):
        yield       # the others have their turn: a socket may take a whole file at once
        while True:
            try:
                return os.sendfile(self.fileno(), file.fileno(), offset, n)
            except (BlockingIOError, InterruptedError):
                yield WriteWait(self.socket)

    @blocking
    def write_eof(self) -> Generator[Any, Any, None]:
        """Say that nothing more will be written; reading goes on (shutdown(2))."""
        yield from self._take_turn()
        try:
            self._broken = "write_eof() was said"
            self._shut_down()
        finally:
            self._pass_turn()

    def _shut_down(self):
        import socket

        self.socket.shutdown(socket.SHUT_WR)

    # --- Turns ---------------------------------------------------------------------------

    def _take_turn(self):
        """Wait until nobody else writes; the caller then is `owner`."""
        if self.owner is not None:
            task = current_task()
            self._turns += 1
            try:
                yield Park(self)
            except BaseException:
                if self.owner is task:      # killed between being woken and running
                    self._pass_turn()
                raise
            finally:
                self._turns -= 1
        else:
            self.owner = current_task()
        if self._broken or self.closed:
            self._pass_turn()
            raise BrokenPipeError(EPIPE, f"{self!r}: {self._broken or 'it is closed'}")

    def _pass_turn(self):
        """Let the next task write: it is the owner from now on, so that nobody gets in between."""
        next_one = wake(self) if self._turns else None
        self.owner = next_one[0] if next_one else None

    # --- The end -------------------------------------------------------------------------

    @blocking
    def close(self) -> Generator[Any, Any, None]:
        """Close the connection; harmless if it is closed. Tasks that wait for it get EBADF."""
        self.abort()
        return
        yield

    def abort(self) -> None:
        """Close the connection now, without a goodbye: for where nothing can be waited for."""
        if not self.closed:
            self.closed = True
            self._buffer.clear()
            close(self.socket)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.abort()

    @blocking
    def __aenter__(self) -> Generator[Any, Any, Stream]:
        return self
        yield

    @blocking
    def __aexit__(self, kind: object, error: object, trace: object) -> Generator[Any, Any, None]:
        if error is None or isinstance(error, Exception):
            yield from self.close()
        else:
            self.abort()

    # --- Who is at the ends --------------------------------------------------------------

    @property
    def current(self) -> Stream:
        """The stream itself, or the TLS stream in which it goes on."""
        return self._secure or self

    @property
    def peer(self) -> Any:
        """The address of the other end. Raises OSError once it is disconnected."""
        return self.socket.getpeername()

    @property
    def address(self) -> Any:
        """The address of this end."""
        return self.socket.getsockname()

    def __repr__(self):
        number = self.fileno()
        return f"<{type(self).__name__} {'closed' if number < 0 else f'fd {number}'}>"

"""TLS streams, on the standard ssl module, for both ends of a connection.

`ssl.SSLObject` speaks the protocol between two memory buffers; this file carries the bytes
between the buffers and the socket. The object is only ever called between two yields, so a
reader and a writer can share it: what either makes it want to send, whoever has the turn to
write sends.

Policy. The end of the data is what the peer says it is (close_notify): a connection that just
ends is an error, or else anybody on the way could cut a message short. Handshake and goodbye are
bounded in time.
"""

from __future__ import annotations

import ssl

from syscalls import Recv, Send
from syscalls.errors import KernelError, ResourceBusyError

from ..kernel.current import current_task
from .blocking import blocking
from .buffers import LIMIT
from .streams import Stream
from .timeouts import timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from socket import socket
    from typing import Any

__all__ = ["HANDSHAKE_TIMEOUT", "TLSStream", "client_context", "start_tls"]

HANDSHAKE_TIMEOUT = 30.0    # seconds
_GOODBYE_TIMEOUT = 2.0      # seconds for the peer to answer our close_notify
_RECORD = 16384             # bytes that a TLS record holds (RFC 8446, section 5.1)
_RECEIVE = 65536            # bytes of ciphertext that are asked for at once


class TLSStream(Stream):
    """A stream whose bytes travel encrypted; `tls` is the `ssl.SSLObject` that does it.

    `stream.tls.selected_alpn_protocol()`, `.getpeercert()`, `.version()` and `.cipher()` tell
    what was agreed on.
    """

    __slots__ = ("tls", "departed", "_incoming", "_outgoing")

    def __init__(
        self, sock: socket, context: ssl.SSLContext, *, server_side: bool = False,
        server_hostname: str | None = None, limit: int = LIMIT,
    ) -> None:
        super().__init__(sock, limit)
        self.departed = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side,
            server_hostname=None if server_side else server_hostname,
        )

    @blocking
    def handshake(self, seconds: float = HANDSHAKE_TIMEOUT) -> Generator[Any, Any, None]:
        """Agree on keys with the peer, within `seconds`.

        Raises ssl.SSLError, ssl.SSLCertVerificationError among them, TimeoutError, OSError. Where
        it fails the peer is told why.
        """
        try:
            with timeout(seconds):
                try:
                    yield from self._advance(self.tls.do_handshake)
                except ssl.SSLError:
                    yield from self._flush()    # the alert
                    raise
                yield from self._flush()
        except OSError:
            self.departed = True
            raise

    # --- Reading and writing -------------------------------------------------------------

    def _receive(self, n):
        return self._advance(self.tls.read, n)

    def _send(self, data):
        return self._encrypt(data[:_RECORD])

    def _encrypt(self, data):
        n = yield from self._advance(self.tls.write, data)
        yield from self._empty_outgoing()
        return n

    def _advance(self, operation, *arguments):
        """Carry out an operation of the SSL object, moving bytes for as long as it wants some."""
        while True:
            try:
                return operation(*arguments)
            except ssl.SSLWantReadError:
                yield from self._flush()
                yield from self._feed()
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLEOFError:
                self.departed = True
                raise

    def _feed(self):
        """Hand the SSL object what the peer sends next, or that there is nothing more."""
        data = yield Recv(self.socket, _RECEIVE)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()      # from now on, wanting more is an SSLEOFError

    def _flush(self):
        """Send what the SSL object wants to say, unless another task is writing, who will."""
        if self.owner is current_task():
            yield from self._empty_outgoing()
        elif self._outgoing.pending and self.owner is None:
            yield from self._take_turn()
            try:
                yield from self._empty_outgoing()
            finally:
                self._pass_turn()

    def _empty_outgoing(self):
        while self._outgoing.pending:
            rest = memoryview(self._outgoing.read())
            try:
                while rest:
                    rest = rest[(yield Send(self.socket, rest)):]
            except BaseException:
                # A record that is cut short can never be mended.
                self._broken = self._broken or "a TLS record was cut short"
                raise

    @blocking
    def sendfile(self, file, offset=0, count=None):
        """Send `count` bytes of `file`, as Stream does, but through the SSL object."""
        from .executors import to_thread

        sent = 0
        while count is None or sent < count:
            some = self.limit if count is None else min(self.limit, count - sent)
            data = yield from to_thread(_read_at, file, offset + sent, some)
            if not data:
                break
            yield from self.write(data)
            sent += len(data)
        return sent

    @blocking
    def write_eof(self):
        """TLS has no end of one direction that peers agree on: `close()` ends both."""
        raise KernelError("a TLS stream cannot be half closed; close() says goodbye and closes")
        yield

    # --- The end -------------------------------------------------------------------------

    @blocking
    def close(self) -> Generator[Any, Any, None]:
        """Say goodbye, wait at most two seconds for the peer to say it too, and close.

        Harmless if it is closed. No error of the goodbye is raised: there is nothing left that
        it could spoil.
        """
        try:
            if not self.closed and not self._broken:
                with timeout(_GOODBYE_TIMEOUT):
                    yield from self._say_goodbye()
        except (OSError, ValueError, ResourceBusyError):    # TimeoutError is an OSError
            pass
        finally:
            self.abort()

    def _say_goodbye(self):
        yield from self._take_turn()        # after what others are writing
        try:
            self._broken = "goodbye has been said"
            while True:
                try:
                    self.tls.unwrap()
                    break
                except ssl.SSLWantReadError:
                    yield from self._empty_outgoing()
                    yield from self._feed()
            yield from self._empty_outgoing()
        finally:
            self._pass_turn()

    def abort(self) -> None:
        """Close now; the goodbye is sent if the system takes it without waiting."""
        if not self.closed and not self._broken:
            try:
                self.tls.unwrap()
            except (OSError, ValueError):
                pass        # it wants the peer's answer, which nobody waits for
            try:
                self.socket.send(self._outgoing.read())
            except OSError:
                pass
        super().abort()


def _read_at(file, offset, n):
    import os

    return os.pread(file.fileno(), n, offset)


def client_context(given: ssl.SSLContext | bool) -> ssl.SSLContext:
    """The context for `ssl=`: a context itself, or for True the default one of the system."""
    if isinstance(given, ssl.SSLContext):
        return given
    if given is not True:
        raise TypeError(f"ssl is True or an ssl.SSLContext, not {given!r}")
    global _default_context
    if _default_context is None:
        _default_context = ssl.create_default_context()     # reads every certificate: once
    return _default_context


_default_context: ssl.SSLContext | None = None


@blocking
def start_tls(
    stream: Stream, context: ssl.SSLContext | bool = True, *, server_side: bool = False,
    server_hostname: str | None = None,
) -> Generator[Any, Any, TLSStream]:
    """Go on in TLS on the connection of `stream` (STARTTLS). Returns the stream to use from now on.

    The old one is used up. Raises as TLSStream.handshake does, and KernelError if there are bytes
    that arrived before their time: they were sent in the clear, maybe by somebody else.
    """
    if stream._buffer:
        stream.abort()
        raise KernelError("bytes arrived before TLS began: who sent them cannot be known")
    secure = TLSStream(
        stream.socket, client_context(context), server_side=server_side,
        server_hostname=server_hostname, limit=stream.limit,
    )
    stream._broken, stream.closed, stream._secure = "it goes on in TLS", True, secure
    try:
        yield from secure.handshake()
    except BaseException:
        secure._broken = secure._broken or "the handshake failed"
        secure.abort()
        raise
    return secure

"""open_connection: become the client of a server, by TCP or a Unix socket, with TLS or without.

A name may have many addresses, of two families, and some may lead nowhere. They are tried as
RFC 8305 ("happy eyeballs") says: the families in turn, each attempt given a head start before
the next one begins, and the first that connects is taken.
"""

from __future__ import annotations

import errno

from syscalls import Connect, Park, Sleep
from syscalls.parking import wake
from syscalls.sockets import close

from .blocking import blocking
from .buffers import LIMIT
from .groups import TaskGroup
from .resolver import getaddrinfo
from .streams import Stream
from .timeouts import timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Generator
    from ssl import SSLContext
    from typing import Any

__all__ = ["open_connection", "open_unix_connection"]

_HEAD_START = 0.25      # seconds between two attempts (RFC 8305, section 5)
_PATIENCE = 0.01        # seconds until the next try where a Unix server's queue is full


@blocking
def open_connection(
    host: str, port: int | str, *, ssl: SSLContext | bool | None = None,
    server_hostname: str | None = None, family: int = 0, local_address: Any = None,
    limit: int = LIMIT,
) -> Generator[Any, Any, Stream]:
    """Connect to `port` of `host` by TCP. Returns a Stream.

    `ssl`: True or an SSLContext for TLS, checked against `server_hostname` (default: `host`).
    `family`: socket.AF_INET or AF_INET6 to use that one only. `local_address`: the (host, port) to
    connect from. `limit`: bytes that the stream buffers. Raises OSError, socket.gaierror and
    ssl.SSLError among them; where there were several addresses, the message names each.
    """
    import socket

    found = yield from getaddrinfo(host, port, family, socket.SOCK_STREAM)
    sock = yield from _connect_first(_by_turns(found), local_address, f"{host}:{port}")
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return (yield from _wrap(sock, ssl, server_hostname or host, limit))
    except BaseException:
        close(sock)
        raise


@blocking
def open_unix_connection(
    path: str | bytes | os.PathLike[str], *, ssl: SSLContext | bool | None = None,
    server_hostname: str | None = None, limit: int = LIMIT,
) -> Generator[Any, Any, Stream]:
    """Connect to the Unix socket at `path`. Returns a Stream. Raises OSError."""
    import os
    import socket

    sock = yield from _connect(socket.AF_UNIX, socket.SOCK_STREAM, 0, os.fspath(path), None)
    try:
        return (yield from _wrap(sock, ssl, server_hostname, limit))
    except BaseException:
        close(sock)
        raise


def _wrap(sock, ssl, server_hostname, limit):
    """A Stream on a connected socket, after the handshake where there is one."""
    if not ssl:
        return Stream(sock, limit)
    from .tls import TLSStream, client_context

    stream = TLSStream(sock, client_context(ssl), server_hostname=server_hostname, limit=limit)
    yield from stream.handshake()
    return stream


# --- One address -----------------------------------------------------------------------------


def _connect(family, kind, proto, address, local_address):
    """A socket that is connected to one address."""
    import socket

    sock = socket.socket(family, kind, proto)
    try:
        if local_address is not None:
            sock.bind(local_address)
        while True:
            try:
                yield Connect(sock, address)
                break
            except BlockingIOError:
                # A Unix server whose queue is full, which cannot be polled for (connect(2)).
                yield Sleep(_PATIENCE)
    except BaseException:
        close(sock)
        raise
    return sock


# --- Several addresses -----------------------------------------------------------------------


def _by_turns(found):
    """The (family, kind, proto, address) of each, one family after the other in turn."""
    families: dict[int, list[tuple]] = {}
    for family, kind, proto, _, address in found:
        families.setdefault(family, []).append((family, kind, proto, address))
    queues = list(families.values())
    longest = max(len(queue) for queue in queues)
    return [queue[i] for i in range(longest) for queue in queues if i < len(queue)]


class _Attempts:
    """What has become of the attempts so far: the channel that the one who waits is parked on."""

    def __init__(self):
        self.sock = None
        self.errors = []

    def try_address(self, address, local_address):
        """A task: connect, and say how it went."""
        try:
            sock = yield from _connect(*address, local_address)
        except OSError as error:
            self.errors.append(error)
        else:
            if self.sock is None:
                self.sock = sock
            else:
                close(sock)     # two at once: one is enough
        wake(self)

    def __repr__(self):
        return "<attempts to connect>"


def _connect_first(addresses, local_address, where):
    """A socket that is connected to the first of `addresses` that answers."""
    if len(addresses) == 1:
        return (yield from _connect(*addresses[0], local_address))
    attempts = _Attempts()
    try:
        with TaskGroup() as group:
            for number, address in enumerate(addresses, 1):
                group.spawn(attempts.try_address(address, local_address), name="connect")
                is_last = number == len(addresses)
                yield from _wait(attempts, number, None if is_last else _HEAD_START)
                if attempts.sock is not None:
                    break
            group.end()
            yield from group.join()
    except BaseException:
        if attempts.sock is not None:
            close(attempts.sock)
        raise
    if attempts.sock is None:
        raise _all_failed(attempts.errors, where)
    return attempts.sock


def _wait(attempts, started, seconds):
    """Wait until one has connected, all that were started have failed, or the time is over."""
    try:
        with timeout(seconds):
            failed = len(attempts.errors)
            while attempts.sock is None and len(attempts.errors) < started:
                yield Park(attempts)
                if seconds is not None and len(attempts.errors) > failed:
                    break       # no need to wait for the next one's turn (section 5)
    except TimeoutError:
        pass


def _all_failed(errors, where):
    codes = {error.errno for error in errors}
    code = codes.pop() if len(codes) == 1 else errno.EHOSTUNREACH
    return OSError(code, f"cannot connect to {where}: " + "; ".join(map(str, errors)))

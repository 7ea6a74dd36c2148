"""open_datagram: UDP and Unix datagrams. Messages arrive whole, or not at all, in any order."""

from __future__ import annotations

from syscalls import Recv, RecvFrom, Send, SendTo
from syscalls.sockets import close

from .blocking import blocking
from .resolver import getaddrinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from socket import socket
    from typing import Any

__all__ = ["Datagram", "open_datagram"]

_LARGEST = 65536        # bytes; no UDP datagram is larger


class Datagram:
    """A datagram socket. Made by `open_datagram`, or from a socket, which it then owns."""

    __slots__ = ("socket", "_connected")

    def __init__(self, sock: socket, connected: bool = False) -> None:
        if sock.gettimeout() != 0:
            sock.setblocking(False)
        self.socket = sock
        self._connected = connected

    @blocking
    def send(self, data: bytes, address: Any = None) -> Generator[Any, Any, None]:
        """Send one datagram, to `address` or to the remote end that was given when it was opened.

        `address` is a (host, port), where a name is looked up in a thread each time, or a path.
        Raises OSError; of a datagram that is lost, nobody hears.
        """
        if address is None:
            yield Send(self.socket, data)
            return
        if isinstance(address, tuple):
            host, port = address[:2]
            found = yield from getaddrinfo(host, port, self.socket.family, self.socket.type)
            address = (*found[0][4][:2], *address[2:])
        yield SendTo(self.socket, data, address)

    @blocking
    def receive(self, n: int = _LARGEST) -> Generator[Any, Any, tuple[bytes, Any]]:
        """Wait for a datagram. Returns (bytes, address); what is longer than `n` is cut off."""
        if self._connected:
            return (yield Recv(self.socket, n)), self.socket.getpeername()
        return (yield RecvFrom(self.socket, n))

    def fileno(self) -> int:
        """The descriptor; -1 once closed."""
        return self.socket.fileno()

    @property
    def address(self) -> Any:
        """The address of this end."""
        return self.socket.getsockname()

    def close(self) -> None:
        """Close the socket; a task that waits for it gets EBADF. Harmless if it is closed."""
        close(self.socket)

    def __enter__(self) -> Datagram:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    @blocking
    def __aenter__(self) -> Generator[Any, Any, Datagram]:
        return self
        yield

    @blocking
    def __aexit__(self, kind: object, error: object, trace: object) -> Generator[Any, Any, None]:
        self.close()
        return
        yield

    def __aiter__(self) -> Datagram:
        return self

    @blocking
    def __anext__(self) -> Generator[Any, Any, tuple[bytes, Any]]:
        return (yield from self.receive())

    def __repr__(self):
        return f"<Datagram fd {self.fileno()}>" if self.fileno() >= 0 else "<Datagram closed>"


@blocking
def open_datagram(
    local: Any = None, remote: Any = None, *, broadcast: bool = False, reuse_port: bool = False
) -> Generator[Any, Any, Datagram]:
    """Open a UDP socket, or a Unix one where the addresses are paths. Returns a Datagram.

    `local` is the (host, port) to receive at (None: any free port), `remote` the one that `send`
    sends to and the only one that is listened to. Raises OSError.
    """
    import socket

    family, local, remote = yield from _resolve(local, remote)
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if broadcast:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if local is not None:
            sock.bind(local)
        if remote is not None:
            sock.connect(remote)        # sets an address; no packet is sent
    except BaseException:
        sock.close()
        raise
    return Datagram(sock, remote is not None)


def _resolve(local, remote):
    """The family, and both addresses in it."""
    import socket

    given = remote if remote is not None else local
    if isinstance(given, (str, bytes)):
        return socket.AF_UNIX, local, remote
    family, found = 0, []
    for address in (remote, local):
        if address is not None and not isinstance(address, (tuple, list)):
            raise TypeError(f"an address is a (host, port), or the path of a socket: {address!r}")
        if address is not None:
            answers = yield from getaddrinfo(*address[:2], family, socket.SOCK_DGRAM)
            family, address = answers[0][0], answers[0][4]
        found.append(address)
    return family or socket.AF_INET, found[1], found[0]

"""The socket library of pyos8, and the Socket of its sockwrap, on ReadWait and WriteWait.

Each function is a generator that returns its result, so that both `yield Recv(sock, n)` and
`yield from Recv(sock, n)` give it. A socket in blocking mode stays in it, as the program knows
it, but does not hold up the other tasks: not when a large buffer does not fit into it, nor
when there is less to do than it seemed.
"""

from ._pyos_calls import ReadWait, WriteWait

__all__ = ["Accept", "Recv", "Send", "Socket"]


def Accept(sock):
    """Accept a connection on the listening `sock`; returns (socket, address)."""
    client, address = yield from _when_ready(ReadWait(sock), sock, sock.accept)
    # Some systems hand the listener's mode down to it, behind the back of the Socket object.
    client.settimeout(client.gettimeout())
    return client, address


def Recv(sock, maxbytes):
    """Receive up to `maxbytes` bytes from `sock`; returns them, b"" at the end."""
    return (yield from _when_ready(ReadWait(sock), sock, sock.recv, maxbytes))


def Send(sock, buffer):
    """Send all of `buffer`, bytes or the like, on `sock`. Returns None."""
    rest = memoryview(buffer).cast("B")
    while rest:
        count = yield from _when_ready(WriteWait(sock), sock, sock.send, rest)
        rest = rest[count:]


class Socket:
    """A socket whose methods are yielded: `client, address = yield sock.accept()`."""

    def __init__(self, sock):
        self.sock = sock

    def accept(self):
        """Accept a connection; returns (Socket, address)."""
        client, address = yield from Accept(self.sock)
        return Socket(client), address

    def send(self, buffer):
        """Send all of `buffer`. Returns None."""
        return (yield from Send(self.sock, buffer))

    def recv(self, maxbytes):
        """Receive up to `maxbytes` bytes; returns them, b"" at the end."""
        return (yield from Recv(self.sock, maxbytes))

    def close(self):
        """Close the socket. Returns None."""
        self.sock.close()
        yield


def _when_ready(wait, sock, operation, *arguments):
    """Carry out an operation of `sock` once it is ready for it; return the result."""
    while True:
        yield wait
        try:
            return _at_once(sock, operation, *arguments)
        except BlockingIOError:
            pass        # it was not ready after all, or another process was faster


def _at_once(sock, operation, *arguments):
    """Carry out an operation of `sock` without blocking, and leave its mode as it was."""
    timeout = sock.gettimeout() if hasattr(sock, "gettimeout") else 0
    if timeout == 0:
        return operation(*arguments)
    sock.setblocking(False)
    try:
        return operation(*arguments)
    finally:
        sock.settimeout(timeout)

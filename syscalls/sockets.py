"""Socket operations that the kernel carries out when the descriptor is ready.

A reading call waits first and reads once: a peer that is waited for has rarely sent already,
so trying first would only cost a failed system call. Accept and the writing calls try first:
a listener has often more than one connection waiting, and a socket can nearly always be
written. No call blocks the kernel: a socket in blocking mode is used with MSG_DONTWAIT where
that is enough, and one that has a timeout of its own becomes non-blocking. TLS sockets are not
for these calls. Each raises OSError as the socket's method does, ResourceBusyError if another
task waits in the same direction.
"""

from __future__ import annotations

import os

# The C half of `socket`: only the constants are needed, and who has a socket has the rest.
from _socket import MSG_DONTWAIT, SO_ERROR, SOL_SOCKET
from errno import EALREADY, EINPROGRESS

from .base import SystemCall, running
from .describe import bytes_sample, file_name
from .readiness import _DescriptorCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket
    from typing import Any, Protocol

    class Closable(Protocol):
        """Anything with close()."""

        def close(self) -> object:
            """Close it."""

    Buffer = bytearray | memoryview
    Data = bytes | bytearray | memoryview

__all__ = [
    "Accept",
    "Close",
    "Connect",
    "Recv",
    "RecvFrom",
    "RecvInto",
    "Send",
    "SendAll",
    "SendTo",
]

_DONTWAIT = MSG_DONTWAIT
_PATIENCE = 0.005   # seconds until SendTo tries again where it cannot be told when to


def _without_timeout(sock):
    """Python itself would wait, for as long as the socket's own timeout says."""
    if sock.gettimeout():
        sock.setblocking(False)


class _SocketCall(_DescriptorCall):
    """What the calls on one socket share: try, and wait again where it would block."""

    __slots__ = ()

    def attempt(self, sock):
        """Carry out the operation once; BlockingIOError means wait."""
        raise NotImplementedError

    def wait(self, kernel, task):
        """Register `task` for the direction that the operation needs."""
        raise NotImplementedError

    def ready(self, kernel, task):
        try:
            result = self.attempt(self.file)
        except (BlockingIOError, InterruptedError):
            self.wait(kernel, task)     # a spurious wakeup, or somebody was faster
        except Exception as error:
            kernel.throw(task, error)
        else:
            kernel.resume(task, result)


class _Reading(_SocketCall):
    __slots__ = ()

    def handle(self, kernel, task):
        _without_timeout(self.file)
        kernel.poller.wait_readable(self.file, task)

    def wait(self, kernel, task):
        kernel.poller.wait_readable(self.file, task)


class _Writing(_SocketCall):
    __slots__ = ()

    def handle(self, kernel, task):
        _without_timeout(self.file)
        self.ready(kernel, task)

    def wait(self, kernel, task):
        kernel.poller.wait_writable(self.file, task)


class Recv(_Reading):
    """Receive up to `n` bytes from `sock`. Returns bytes, empty at the end (recv(2))."""

    __slots__ = ("n",)

    def __init__(self, sock: socket, n: int) -> None:
        self.file, self.n = sock, n

    # The same as in _Reading and _SocketCall, without their inner calls: with Send's, these are
    # the hot path of every server.

    def handle(self, kernel, task):
        sock = self.file
        if sock.gettimeout():
            sock.setblocking(False)
        kernel.poller.wait_readable(sock, task)

    def ready(self, kernel, task):
        try:
            task.value = self.file.recv(self.n, _DONTWAIT)
        except (BlockingIOError, InterruptedError):
            self.wait(kernel, task)
        except Exception as error:
            kernel.throw(task, error)
        else:
            task.call = None
            kernel.ready.append(task)

    def arguments(self):
        return [file_name(self.file), str(self.n)]


class RecvInto(_Reading):
    """Receive into a writable `buffer`, at most `n` bytes (0: all of it). Returns the count."""

    __slots__ = ("buffer", "n")

    def __init__(self, sock: socket, buffer: Buffer, n: int = 0) -> None:
        self.file, self.buffer, self.n = sock, buffer, n

    def attempt(self, sock):
        return sock.recv_into(self.buffer, self.n, _DONTWAIT)

    def arguments(self):
        return [file_name(self.file), str(self.n or len(self.buffer))]


class RecvFrom(_Reading):
    """Receive one datagram of up to `n` bytes. Returns (bytes, address) (recvfrom(2))."""

    __slots__ = ("n",)

    def __init__(self, sock: socket, n: int) -> None:
        self.file, self.n = sock, n

    def attempt(self, sock):
        return sock.recvfrom(self.n, _DONTWAIT)

    def arguments(self):
        return [file_name(self.file), str(self.n)]


class Accept(_Reading):
    """Accept a connection on a listening `sock`. Returns (socket, address) (accept(2)).

    The new socket is non-blocking, and so becomes the listener. Raises OSError (EMFILE) when
    no descriptor is free; the connection then stays in the listener's queue.
    """

    __slots__ = ()

    def __init__(self, sock: socket) -> None:
        self.file = sock

    def handle(self, kernel, task):
        if self.file.gettimeout() != 0:
            self.file.setblocking(False)
        self.ready(kernel, task)

    def attempt(self, sock):
        connection, address = sock.accept()
        connection.setblocking(False)
        return connection, address


class Send(_Writing):
    """Send some of `data`. Returns how many bytes were taken, maybe fewer (send(2))."""

    __slots__ = ("data",)

    def __init__(self, sock: socket, data: Data) -> None:
        self.file, self.data = sock, data

    def handle(self, kernel, task):
        # As in _Writing, without its inner calls: see Recv.
        sock = self.file
        if sock.gettimeout():
            sock.setblocking(False)
        try:
            task.value = sock.send(self.data, _DONTWAIT)
        except (BlockingIOError, InterruptedError):
            self.wait(kernel, task)
        else:
            task.call = None
            kernel.ready.append(task)

    def attempt(self, sock):
        return sock.send(self.data, _DONTWAIT)

    def arguments(self):
        return [file_name(self.file), bytes_sample(self.data)]


class SendTo(_Writing):
    """Send `data` as one datagram to `address`. Returns the number of bytes (sendto(2))."""

    __slots__ = ("data", "address")

    def __init__(self, sock: socket, data: Data, address: Any) -> None:
        self.file, self.data, self.address = sock, data, address

    def handle(self, kernel, task):
        _without_timeout(self.file)
        self._try(kernel, task, self.wait)

    def ready(self, kernel, task):
        # Of an unconnected Unix socket, poll(2) says what it thinks of our side, although it is
        # the receiver's queue that is full: waiting for it again would spin.
        self._try(kernel, task, self._pause)

    expired = ready

    def _try(self, kernel, task, wait):
        try:
            result = self.attempt(self.file)
        except (BlockingIOError, InterruptedError):
            wait(kernel, task)
        except Exception as error:
            kernel.throw(task, error)
        else:
            kernel.resume(task, result)

    def _pause(self, kernel, task):
        kernel.start_timer(task, kernel.now() + _PATIENCE)

    def cancel(self, kernel, task):
        if isinstance(task.token, tuple):       # a timer's
            kernel.cancel_timer(task)
        else:
            super().cancel(kernel, task)

    def attempt(self, sock):
        return sock.sendto(self.data, _DONTWAIT, self.address)

    def arguments(self):
        return [file_name(self.file), bytes_sample(self.data), repr(self.address)]


class SendAll(_Writing):
    """Send all of `data`, in as many pieces as it takes. Returns None.

    A task that is killed, or an error, may leave part of it sent; how much is not known.
    """

    __slots__ = ("data",)

    def __init__(self, sock: socket, data: Data) -> None:
        self.file, self.data = sock, data

    def handle(self, kernel, task):
        sock, data = self.file, self.data
        if sock.gettimeout():
            sock.setblocking(False)
        try:
            sent = sock.send(data, _DONTWAIT)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if type(data) is bytes and sent == len(data):
            task.call = None        # nearly always, all of it at once
            kernel.ready.append(task)
        else:
            self._sent(kernel, task, memoryview(data).cast("B")[sent:])

    def ready(self, kernel, task):
        self._send(kernel, task, task.progress)

    def _send(self, kernel, task, rest):
        task.progress = None
        try:
            # One send a turn, so that a large payload does not hold up the other tasks.
            rest = rest[self.file.send(rest, _DONTWAIT):]
        except (BlockingIOError, InterruptedError):
            pass
        except Exception as error:
            kernel.throw(task, error)
            return
        self._sent(kernel, task, rest)

    def _sent(self, kernel, task, rest):
        if rest:
            task.progress = rest        # with the task: the call may be shared
            self.wait(kernel, task)
        else:
            kernel.resume(task)

    def cancel(self, kernel, task):
        task.progress = None
        super().cancel(kernel, task)

    def arguments(self):
        return [file_name(self.file), bytes_sample(self.data)]


class Connect(_Writing):
    """Connect `sock` to `address`. Returns None (connect(2)).

    The socket becomes non-blocking. A host name in `address` is resolved on the spot, which
    may hold up the kernel: give an IP address.
    """

    __slots__ = ("address",)

    def __init__(self, sock: socket, address: Any) -> None:
        self.file, self.address = sock, address

    def handle(self, kernel, task):
        if self.file.gettimeout() != 0:
            self.file.setblocking(False)
        error = self.file.connect_ex(self.address)
        if error in (EINPROGRESS, EALREADY):
            self.wait(kernel, task)
        else:
            self._answer(kernel, task, error)

    def ready(self, kernel, task):
        try:
            error = self.file.getsockopt(SOL_SOCKET, SO_ERROR)
        except OSError as closed:
            kernel.throw(task, closed)
        else:
            self._answer(kernel, task, error)

    def _answer(self, kernel, task, error):
        if error:
            message = f"{os.strerror(error)}: connect to {self.address!r}"
            kernel.throw(task, OSError(error, message))
        else:
            kernel.resume(task)

    def arguments(self):
        return [file_name(self.file), repr(self.address)]


class Close(SystemCall):
    """Close `sock`, a socket, any object with close(), or a descriptor (close(2)). Returns None.

    Tasks that wait for its descriptor wake with OSError (EBADF). Closing an object twice is
    harmless; closing a number twice is EBADF, or closes what has taken the number since.
    """

    __slots__ = ("file",)

    def __init__(self, sock: Closable | int) -> None:
        self.file = sock

    def handle(self, kernel, task):
        kernel.poller.close_file(self.file)
        kernel.resume(task)

    def arguments(self):
        return [file_name(self.file)]


def close(file: Closable | int) -> None:
    """Close as the call does, from a plain function that cannot yield, `__exit__` for example.

    Without a kernel in this thread it only closes, and a waiter elsewhere is found out later.
    """
    if running.kernel is not None:
        running.kernel.poller.close_file(file)
    elif isinstance(file, int):
        os.close(file)
    else:
        file.close()

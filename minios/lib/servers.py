"""start_server: accept connections and give each a task of its own.

Policy. A server outlives what its clients and the system do to it. A handler that fails ends its
own connection, and the log says so; a client that just leaves is not worth a line. Where no
descriptor, no memory or no place in the process table is left, the server waits a moment and
tries again, with one line in the log for the whole episode: the clients wait in the listener's
queue meanwhile.
"""

from __future__ import annotations

import errno
import os

from syscalls import Accept, Park, Sleep
from syscalls.describe import caller_site
from syscalls.errors import TaskLimitError
from syscalls.parking import wake
from syscalls.signums import SIGKILL, SIGTERM
from syscalls.sockets import close

from ..kernel.current import current_task
from .blocking import blocking
from .buffers import LIMIT
from .listeners import open_listeners, replace_stale, show_address, unlink
from .log import log
from .resolver import getaddrinfo
from .streams import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from socket import socket
    from ssl import SSLContext
    from typing import Any

    from ..kernel import Task

__all__ = ["Server", "start_server", "start_unix_server"]

_BACKLOG = 4096         # the system takes less where somaxconn says so
_PATIENCE = 0.1         # seconds until the next try where something has run out
_QUIET = 10.0           # seconds between two lines about it
_SHORT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# Errors of a connection that has ended before it was accepted (accept(2), "Error handling").
_OF_THE_CLIENT = {
    errno.ECONNABORTED, errno.EPERM, errno.EPROTO, errno.ENOPROTOOPT, errno.EOPNOTSUPP,
    errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH,
}


class Server:
    """What start_server returns: listening sockets, and the tasks of the connections.

    `addresses` are what the sockets are bound to.
    """

    def __init__(self, listeners, handler, tls, limit, site, path=None):
        self.addresses: list[Any] = [listener.getsockname() for listener in listeners]
        self._listeners = list(listeners)       # those that are open
        self._acceptors: dict[Task, socket] = {}
        self._connections: dict[Task, socket] = {}
        self._handler, self._tls, self._limit = handler, tls, limit
        self._site = site
        self._path = path       # of a Unix socket, with its inode
        self._quiet_until = 0.0
        try:
            for listener, address in zip(listeners, self.addresses, strict=True):
                name = f"accept {show_address(address)}"
                self._spawn(self._accept(listener), name, listener, self._acceptors)
        except BaseException:
            self.close()
            raise

    # --- What users ask ------------------------------------------------------------------

    def close(self) -> None:
        """Stop listening. The connections that there are go on; see `kill`."""
        for listener in list(self._listeners):
            self._stop(listener)        # its acceptor wakes with EBADF, and ends

    def kill(self, signum: int = SIGTERM) -> None:
        """Stop listening, and send `signum` to the tasks of all connections."""
        # First the signals: SIGKILL would find EBADF due to those who accept, and log it.
        for task in self.owners:
            task.kill(signum)
        self.close()

    @property
    def connections(self) -> list[Task]:
        """The tasks that serve clients, the longest first."""
        return list(self._connections)

    @property
    def owners(self) -> list[Task]:
        """For deadlock reports: who could end the wait for this server."""
        return [*self._acceptors, *self._connections]

    @blocking
    def wait_closed(self) -> Generator[Any, Any, None]:
        """Wait until the server listens no more and every connection has ended."""
        while self._acceptors or self._connections:
            yield Park(self)

    @blocking
    def serve_forever(self) -> Generator[Any, Any, None]:
        """Wait until the server is closed and its connections have ended.

        If the caller is killed here, the server is closed and its connections are killed and
        waited for; killed again, they are closed with SIGKILL.
        """
        interrupts: list[BaseException] = []
        while self._acceptors or self._connections:
            try:
                yield Park(self)
            except GeneratorExit:
                self.kill(SIGKILL)
                raise
            except BaseException as error:
                self.kill(SIGKILL if interrupts else SIGTERM)
                interrupts.append(error)
        for each in interrupts[1:]:     # none is lost: it comes again, at the next yield
            current_task().kernel.interrupt(current_task(), each)
        if interrupts:
            raise interrupts[0]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.kill()

    @blocking
    def __aenter__(self) -> Generator[Any, Any, Server]:
        return self
        yield

    @blocking
    def __aexit__(self, kind: object, error: object, trace: object) -> Generator[Any, Any, None]:
        self.kill(SIGKILL if isinstance(error, GeneratorExit) else SIGTERM)
        if not isinstance(error, GeneratorExit):
            yield from self.wait_closed()

    def __repr__(self):
        state = ", ".join(map(show_address, self.addresses)) if self._listeners else "closed"
        return f"<Server {state}>"

    # --- Accepting -----------------------------------------------------------------------

    def _accept(self, listener):
        """A task: give each client that connects to `listener` a task of its own."""
        while True:
            try:
                sock, _ = yield Accept(listener)
                yield from self._begin(sock)
            except OSError as error:
                if error.errno in _SHORT_OF:
                    yield from self._wait_for_better_times(error.strerror)
                elif listener not in self._listeners:
                    return      # close() was said
                elif error.errno not in _OF_THE_CLIENT:
                    raise

    def _stop(self, listener):
        if listener in self._listeners:
            self._listeners.remove(listener)
            if self._path is not None:
                unlink(*self._path)
            close(listener)

    def _begin(self, sock):
        """Serve one client in a task of its own, as soon as there may be one more."""
        name = getattr(self._handler, "__name__", "connection")
        try:
            while True:
                try:
                    self._spawn(self._connection(sock), name, sock, self._connections)
                    return
                except TaskLimitError as error:
                    yield from self._wait_for_better_times(error)
        except BaseException:
            close(sock)
            raise

    def _spawn(self, routine, name, sock, tasks):
        """Start a task that owns `sock`, and close that when it ends: it may be killed before
        its first turn, and could not do it then."""
        task = current_task().kernel.spawn_from(self._site, routine, name, False)
        tasks[task] = sock
        task.add_done_callback(self._ended)

    def _ended(self, task):
        """An acceptor or a connection has ended."""
        if task in self._acceptors:
            self._stop(self._acceptors.pop(task))
        else:
            close(self._connections.pop(task))
        if not self._acceptors and not self._connections:
            wake(self, None)

    def _wait_for_better_times(self, reason):
        """Something has run out: let others go on for a moment, and say so now and then."""
        now = current_task().kernel.now()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET
            log("WARNING", "%r cannot accept: %s; trying again every %g s", self, reason, _PATIENCE)
        yield Sleep(_PATIENCE)

    # --- One connection ------------------------------------------------------------------

    def _connection(self, sock):
        """A task: let the handler serve one client, and close the connection after it."""
        stream = None
        try:
            stream = yield from self._open(sock)
            yield self._handler(stream)
            yield from stream.current.close()
        except OSError as error:
            if stream is not None and not _is_departure(error, stream.current):
                raise
            log("DEBUG", "%r: a client has left: %s", self, error)
        finally:
            if stream is not None:
                stream.current.abort()

    def _open(self, sock):
        if self._tls is None:
            return Stream(sock, self._limit)
        from .tls import TLSStream

        stream = TLSStream(sock, self._tls, server_side=True, limit=self._limit)
        yield from stream.handshake()
        return stream


# --- Making one ------------------------------------------------------------------------------


@blocking
def start_server(
    handler: Callable[[Stream], Any], host: str | None = None, port: int = 0, *,
    ssl: SSLContext | None = None, backlog: int = _BACKLOG, reuse_port: bool = False,
    limit: int = LIMIT,
) -> Generator[Any, Any, Server]:
    """Listen on `port` of `host` (None: every interface) and serve each client with `handler`.

    `handler(stream)` is a generator function or an async one; each connection runs it in a task
    of its own, and is closed when it ends. `port` 0 takes a free one, the same for every address
    of the host. `ssl` is a context with the server's certificate. `backlog`: connections that
    may wait to be accepted. Returns a Server. Raises OSError.
    """
    import socket

    _check(handler, ssl)
    found = yield from getaddrinfo(
        host or None, port, 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE
    )
    import logging  # noqa: F401    # where descriptors run out, it could not be imported

    listeners = open_listeners(found, backlog, reuse_port)
    return Server(listeners, handler, ssl, limit, caller_site())


@blocking
def start_unix_server(
    handler: Callable[[Stream], Any], path: str | bytes | os.PathLike[str], *,
    ssl: SSLContext | None = None, backlog: int = _BACKLOG, limit: int = LIMIT,
) -> Generator[Any, Any, Server]:
    """Listen on a Unix socket at `path`, as start_server does.

    A socket that a server has left behind there is replaced; one that is still served is an
    OSError (EADDRINUSE), and so is any other file. It is removed when the server is closed.
    """
    import socket

    _check(handler, ssl)
    path = os.fspath(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        is_file = replace_stale(path)
        try:
            sock.bind(path)
        except OSError as error:
            message = f"{error.strerror or error}: cannot listen on {path!r}"
            raise OSError(error.errno, message) from None
        sock.listen(backlog)
        mine = (path, os.stat(path).st_ino) if is_file else None
        return Server([sock], handler, ssl, limit, caller_site(), mine)
    except BaseException:
        close(sock)
        raise
    yield


def _check(handler, ssl):
    if not callable(handler):
        raise TypeError(f"a server takes a handler function, not {handler!r}")
    if ssl is not None:
        from ssl import PROTOCOL_TLS_CLIENT

        if getattr(ssl, "protocol", PROTOCOL_TLS_CLIENT) == PROTOCOL_TLS_CLIENT:
            raise TypeError(
                "ssl is an ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) with the server's certificate, "
                f"not {ssl!r}"
            )


def _is_departure(error, stream):
    """Whether it is the client that has gone, and not an error of the handler's."""
    if stream.departed:
        return True
    if isinstance(error, ConnectionError):
        # One that comes from elsewhere, a database say, finds the client still there.
        return not stream.closed and _has_left(stream)
    return False


def _has_left(stream):
    """Whether the other end of a stream that is not closed has gone."""
    import select

    asked = select.poll()
    asked.register(stream, 0)       # of hanging up and errors it tells anyway
    return bool(asked.poll(0))

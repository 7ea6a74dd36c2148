"""What the console's thread does: accept whoever may connect, and load ahead what he will need.

It answers within the moments that a task which holds the CPU leaves it: each time this thread
waits for the system, it gets the interpreter's lock back only after sys.getswitchinterval() (5 ms).
To import a program of the shell takes many such waits, so those that look are imported beforehand,
when the program has started and before somebody asks.
"""

import os
import socket
import struct
from importlib import import_module

from syscalls import Park, Sleep, Spawn
from syscalls.describe import caller_site

from ...lib.buffers import LIMIT
from ...lib.servers import Server
from ...trace.load import INTERVAL, load_of
from .protocol import control
from .server import importing

__all__ = ["serve"]

_MOST = 16              # connections
_DELAY = 0.3            # seconds; a program that is over by then has nothing to pay for
_PAUSE = 0.02           # seconds between two modules
_CREDENTIALS = struct.Struct("3i")      # struct ucred of socket(7): pid, uid, gid

_NEEDED = (
    "argparse", "linecache", "traceback", "minios.shell.shell", "minios.shell.tty.completion",
    "minios.shell.console.session",
)
_PROGRAMS = (
    "ps", "where", "why", "pstree", "kill", "top", "deadlocks", "slow", "uptime", "dmesg", "free",
    "strace", "lsof", "renice", "freeze", "thaw", "help",
)


def serve(console):
    """The thread's main task, until the console is closed; a generator."""
    clients = _Clients(console)
    with Server([console.listener], clients.connection, None, LIMIT, caller_site()) as server:
        clients.server = server
        yield Spawn(_load_ahead(), name="load ahead", daemon=True)
        yield Spawn(_sample_load(console), name="load average", daemon=True)
        while not console.is_closing:
            yield Park(console)


class _Clients:
    """Those who are connected."""

    def __init__(self, console):
        self._console = console
        self.server = None

    def connection(self, stream):
        """The task of one connection; a generator."""
        sockets = self._console.sockets
        sockets.add(stream.socket)
        try:
            yield from self._serve(stream)
        finally:
            sockets.discard(stream.socket)

    def _serve(self, stream):
        problem = self._problem(stream.socket) or _load_session()
        if problem is not None:
            yield from stream.write(control(b"X", message=problem))
            return
        from .session import Connection

        yield from Connection(stream, self._console).serve()

    def _problem(self, sock):
        """Why a client is not served; None where he is."""
        if not _is_peer_ours(sock):
            return f"this program is user {os.geteuid()}'s, and its console answers nobody else"
        if len(self.server.connections) > _MOST:
            clients = {_peer(each)[0] for each in self._console.sockets if each is not sock}
            return (f"{_MOST} clients are connected already, and there may be no more: processes "
                    f"{', '.join(map(str, sorted(clients)))}")
        return None


def _is_peer_ours(sock):
    """Whether the other end of a Unix socket is a process of our own user."""
    return _peer(sock)[1] == os.geteuid()


def _peer(sock):
    """The (pid, uid, gid) of the process at the other end of a Unix socket, unix(7)."""
    data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(data)


def _sample_load(console):
    """Note now and then how many tasks are ready, for the load average of `uptime` and `top`."""
    while True:
        for kernel in [console.first, *list(console.programs.values())]:
            load_of(kernel).sample()
        yield Sleep(INTERVAL)


def _load_session():
    """Import what a connection needs, which takes its time where nobody has yet. Returns why it
    cannot be, None where it is there."""
    try:
        with importing:
            import_module(".session", __package__)
    except (OSError, ImportError) as error:
        return f"the program cannot load its console: {getattr(error, 'strerror', None) or error}"
    return None


def _load_ahead():
    """Import what clients ask for most, a module at a time."""
    yield Sleep(_DELAY)
    for name in _NEEDED:
        _load(import_module, name)
        yield Sleep(_PAUSE)
    from ..programs import find_program  # which the shell has brought along

    for name in _PROGRAMS:
        _load(find_program, name)
        yield Sleep(_PAUSE)


def _load(load, name):
    try:
        with importing:
            load(name)
    except Exception:
        pass        # who asks for it will be told

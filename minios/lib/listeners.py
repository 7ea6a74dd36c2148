"""Listening sockets: what servers listen on, TCP and Unix."""

import errno
import os

__all__ = ["open_listeners", "replace_stale", "show_address", "unlink"]


# A host may have addresses, by its name, that the machine does not speak.
_NOT_HERE = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


def open_listeners(addresses, backlog, reuse_port):
    """Listening sockets for what getaddrinfo says of a host; all have the port of the first.

    Raises OSError if one cannot be had, but for those that the machine does not speak at all.
    """
    listeners, unspoken = [], None
    try:
        for family, kind, proto, _, address in dict.fromkeys(addresses):
            if listeners and not address[1]:
                address = (address[0], listeners[0].getsockname()[1], *address[2:])
            try:
                listeners.append(_listener(family, kind, proto, address, backlog, reuse_port))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                unspoken = error
        if not listeners:
            raise unspoken
    except BaseException:
        for sock in listeners:
            sock.close()
        raise
    return listeners


def _listener(family, kind, proto, address, backlog, reuse_port):
    import socket

    sock = socket.socket(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What is accepted inherits it: an answer in two writes does not wait for the peer's ACK.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # What is accepted inherits it: an answer shall not wait for the acknowledgement of the
        # one before (Nagle's algorithm).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind(address)
        sock.listen(backlog)
    except OSError as error:
        sock.close()
        message = f"{error.strerror}: cannot listen on {show_address(address)}"
        raise OSError(error.errno, message) from None
    return sock


def replace_stale(path):
    """Remove the socket of a server that is gone. Raises OSError if it is not.

    Returns whether `path` will be a file: an abstract one, of Linux, begins with a null byte.
    """
    import socket
    import stat

    if path[:1] in ("\0", b"\0"):
        return False
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return True     # bind will say what is wrong
    except FileNotFoundError:
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        if probe.connect_ex(path) != errno.ECONNREFUSED:
            raise OSError(errno.EADDRINUSE, f"a server is listening on {path!r}")
    os.unlink(path)
    return True


def unlink(path, inode):
    """Remove the file of a Unix socket, unless another server has put its own there."""
    try:
        if os.stat(path).st_ino == inode:
            os.unlink(path)
    except OSError:
        pass


def show_address(address):
    """`127.0.0.1:80`, `[::1]:80` or the path of a Unix socket."""
    if not isinstance(address, tuple):
        return str(address)
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{host}:{address[1]}"

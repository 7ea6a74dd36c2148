"""What an open descriptor is, in the terms of lsof(8): its type, its device, its name.

Everything is asked of the system, by number: the file may be anybody's, and may be closed or
replaced while it is looked at. What it does not tell is None.
"""

import fcntl
import os
import socket
import stat
from typing import NamedTuple

from ...lib.listeners import show_address

__all__ = ["DescriptorInfo", "describe", "open_numbers"]

# tcp_states.h of Linux, as lsof spells them
_TCP_STATES = ("", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
               "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV")
_MODES = {os.O_RDONLY: "r", os.O_WRONLY: "w", os.O_RDWR: "u"}
_KINDS = ((stat.S_ISREG, "REG"), (stat.S_ISDIR, "DIR"), (stat.S_ISCHR, "CHR"),
          (stat.S_ISBLK, "BLK"), (stat.S_ISFIFO, "FIFO"))
_SOCKETS = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6", socket.AF_UNIX: "unix"}
_NO_OFFSET = "0t0"      # what lsof prints where there is neither a size nor an offset


class DescriptorInfo(NamedTuple):
    """One descriptor, as the columns of lsof(8) have it: texts, or None where it is unknown."""

    fd: str                 # the number, and r, w or u for how it is open
    type: str
    device: str | None
    size: str | None
    node: str | None
    name: str | None


def open_numbers():
    """The numbers of all descriptors of this process; None where the system does not tell."""
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return None
    return sorted(int(name) for name in names if name.isdigit())


def describe(number):
    """A DescriptorInfo of the descriptor `number`; None where it is closed."""
    try:
        status = os.fstat(number)
        mode = _MODES.get(fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE, "")
        if stat.S_ISSOCK(status.st_mode):
            return _socket(number, f"{number}{mode}", status)
        return _file(number, f"{number}{mode}", status)
    except OSError:
        return None


def _file(number, fd, status):
    target = _target(number)
    kind = next((kind for is_kind, kind in _KINDS if is_kind(status.st_mode)), None)
    if kind is None:
        kind = "a_inode" if target is not None and target.startswith("anon_inode:") else "unknown"
    device = status.st_rdev if kind in ("CHR", "BLK") else status.st_dev
    size = str(status.st_size) if kind in ("REG", "DIR") else _NO_OFFSET
    name = target
    if target is not None and not target.startswith("/"):
        name = target.partition(":")[2] if kind == "a_inode" else target.partition(":")[0]
    return DescriptorInfo(fd, kind, f"{os.major(device)},{os.minor(device)}", size,
                          str(status.st_ino), name)


def _target(number):
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return None


def _socket(number, fd, status):
    # No duplicate, which would keep the connection open if it is closed at this moment.
    sock = socket.socket(fileno=number)
    try:
        kind = _SOCKETS.get(sock.family, "sock")
        if kind == "unix":
            return DescriptorInfo(fd, kind, None, _NO_OFFSET, str(status.st_ino), _unix_name(sock))
        if kind == "sock":
            return DescriptorInfo(fd, kind, None, _NO_OFFSET, str(status.st_ino), None)
        is_tcp = sock.type == socket.SOCK_STREAM
        return DescriptorInfo(fd, kind, str(status.st_ino), _NO_OFFSET, "TCP" if is_tcp else "UDP",
                              _internet_name(sock, is_tcp))
    finally:
        sock.detach()


def _internet_name(sock, is_tcp):
    name, peer = _show(sock.getsockname()), _peer(sock)
    if peer is not None:
        name += f"->{_show(peer)}"
    state = _tcp_state(sock) if is_tcp else None
    return name if state is None else f"{name} ({state})"


def _show(address):
    host, port = address[:2]
    wild = host in ("0.0.0.0", "::")
    return f"*:{port or '*'}" if wild else show_address((host, port or "*"))


def _peer(sock):
    try:
        return sock.getpeername()
    except OSError:
        return None     # it is not connected


def _tcp_state(sock):
    try:
        state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return _TCP_STATES[state]
    except (OSError, AttributeError, IndexError):
        return None


def _unix_name(sock):
    """The path, of this end or the other, the type, and the state."""
    kind = "STREAM" if sock.type == socket.SOCK_STREAM else "DGRAM"
    own, peer = sock.getsockname(), _peer(sock)
    words = [_path(own), f"type={kind}"] if own else [f"type={kind}"]
    if peer is not None:
        words[:0] = [f"->{_path(peer)}"] if peer and not own else []
        words.append("(CONNECTED)")
    elif _is_listening(sock):
        words.append("(LISTEN)")
    return " ".join(words)


def _is_listening(sock):
    try:
        return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except (OSError, AttributeError):
        return False


def _path(address):
    """The path of a Unix socket; an abstract one, of Linux, with an @ in front."""
    text = os.fsdecode(address)
    return "@" + text[1:] if text.startswith("\0") else text

"""open_stdin, open_stdout, open_stderr: the standard streams, without harm to those who share them.

Whether a read or a write may block (O_NONBLOCK) belongs to the open file description, which a
program shares with the shell that started it, with its children, and on a terminal with its own
print(). A program that sets the flag there breaks the others, even after its end. So:

- a terminal, a device or a pipe is opened anew, through /proc/self/fd: a description of our own;
- a socket is asked with MSG_DONTWAIT, which needs no flag, and a regular file never blocks (opened
  anew, it would begin at its start again);
- what is left, where there is no /proc, no permission, or a FIFO with a name (of which a
  description that comes late never hears that the writers have gone: fifo_open of Linux), gets
  the flag until the last stream on it is closed, or the kernel ends.

The terminal's own settings (termios(3)) are left alone, and so are the descriptors 0, 1 and 2: a
stream has a duplicate, and closing it closes that.
"""

from __future__ import annotations

import os
import stat
from errno import EBADF
from fcntl import F_GETFL, fcntl
from io import FileIO

from syscalls import Send

from ..kernel.current import current_task
from .blocking import blocking
from .buffers import LIMIT
from .filestreams import FileStream
from .streams import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ..kernel import Kernel

__all__ = ["open_stderr", "open_stdin", "open_stdout"]

_PTMX = (5, 2)      # Linux: the device that makes a new pseudoterminal whenever it is opened


@blocking
def open_stdin(limit: int = LIMIT) -> Generator[Any, Any, Stream]:
    """Open a stream that reads descriptor 0. Returns a FileStream, a Stream where it is a socket.

    What the stream has read ahead, up to `limit` bytes, neither `sys.stdin` nor a second stream
    sees. Raises OSError (EBADF) where the descriptor is closed or not for reading.
    """
    return _open(0, os.O_RDONLY, limit)
    yield


@blocking
def open_stdout(limit: int = LIMIT) -> Generator[Any, Any, Stream]:
    """Open a stream that writes to descriptor 1, as open_stdin does.

    It writes at once: flush `sys.stdout` for what was printed before to come before.
    """
    return _open(1, os.O_WRONLY, limit)
    yield


@blocking
def open_stderr(limit: int = LIMIT) -> Generator[Any, Any, Stream]:
    """Open a stream that writes to descriptor 2, as open_stdout does."""
    return _open(2, os.O_WRONLY, limit)
    yield


def _open(number, access, limit):
    if fcntl(number, F_GETFL) & os.O_ACCMODE not in (access, os.O_RDWR):
        what = "writing" if access else "reading"
        raise OSError(EBADF, f"{os.strerror(EBADF)}: descriptor {number} is not open for {what}")
    status = os.fstat(number)
    if stat.S_ISSOCK(status.st_mode):
        return _owning(os.dup(number), _socket, _SharedSocket, limit)
    fd = _open_anew(number, access, status)
    if fd is not None:
        return _owning(fd, FileIO, FileStream, limit)
    kind = _FileStreamAsItIs if stat.S_ISREG(status.st_mode) else _FlaggedStream
    return _owning(os.dup(number), FileIO, kind, limit)


def _owning(fd, make, kind, limit):
    """A stream of `kind` over what `make` makes of `fd`, which is closed where that fails."""
    try:
        file = make(fd)
    except BaseException:
        os.close(fd)
        raise
    try:
        return kind(file, limit)
    except BaseException:
        file.close()
        raise


def _open_anew(number, access, status):
    """A description of our own of what `number` is; None where there is none to be had."""
    path = f"/proc/self/fd/{number}"
    if stat.S_ISCHR(status.st_mode):
        if (os.major(status.st_rdev), os.minor(status.st_rdev)) == _PTMX:
            return None
    elif not stat.S_ISFIFO(status.st_mode):
        return None
    try:
        if stat.S_ISFIFO(status.st_mode) and not os.readlink(path).startswith("pipe:"):
            return None         # a FIFO with a name
        return os.open(path, access | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None


class _FileStreamAsItIs(FileStream):
    """A stream over a regular file, which is always ready."""

    __slots__ = ()

    def _unblock(self, file):
        pass


def _socket(fd):
    import socket

    return socket.socket(fileno=fd)


class _SharedSocket(Stream):
    """A stream over a socket that others use too, and may want to be blocking."""

    __slots__ = ()

    def _unblock(self, sock):
        pass        # Recv and Send say MSG_DONTWAIT

    def _send_from(self, file, offset, n):
        data = os.pread(file.fileno(), min(n, LIMIT), offset)   # sendfile(2) would block
        return (yield Send(self.socket, data)) if data else 0


# --- The flag --------------------------------------------------------------------------------


class _FlaggedStream(FileStream):
    """A stream over a description that is shared, and non-blocking meanwhile."""

    __slots__ = ("_flag",)

    def _unblock(self, file):
        status = os.fstat(file.fileno())
        inode = status.st_dev, status.st_ino
        self._flag = _flags.get(inode) or _Flag(inode)
        self._flag.use(self, file.fileno())
        kernel = current_task().kernel
        if kernel not in _unfinished:
            _unfinished[kernel] = set()
            kernel.at_exit(_close_unfinished, kernel)
        _unfinished[kernel].add(self)

    def abort(self):
        """Close the stream; the last one gives the flag back."""
        if not self.closed:
            self._flag.leave(self)
            for streams in _unfinished.values():
                streams.discard(self)
        super().abort()


class _Flag:
    """O_NONBLOCK of one file, as long as there are streams that need it.

    Two descriptors of one file, stdin and stdout on a terminal, mostly share one description: it
    is blocking again when the streams on both are closed.
    """

    __slots__ = ("_inode", "_streams", "_changed")

    def __init__(self, inode):
        self._inode = inode
        self._streams = set()
        self._changed = []      # duplicates of the descriptors that were blocking

    def use(self, stream, fd):
        """`stream`, whose descriptor is `fd`, needs it to be non-blocking."""
        if os.get_blocking(fd):
            self._changed.append(os.dup(fd))
            os.set_blocking(fd, False)
        self._streams.add(stream)
        _flags[self._inode] = self

    def leave(self, stream):
        """`stream` needs it no more."""
        self._streams.discard(stream)
        if not self._streams:
            del _flags[self._inode]
            while self._changed:
                fd = self._changed.pop()
                os.set_blocking(fd, True)
                os.close(fd)


_flags: dict[tuple[int, int], _Flag] = {}       # by device and inode
_unfinished: dict[Kernel, set[_FlaggedStream]] = {}


def _close_unfinished(kernel):
    for stream in list(_unfinished.pop(kernel)):
        stream.abort()

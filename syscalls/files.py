"""Read and Write: pipes, terminals and everything else that is a descriptor but no socket.

They are Recv and Send for read(2) and write(2), which know no MSG_DONTWAIT: whether a call may
block is a property of the open file (O_NONBLOCK), so whoever opens it sees to that. Regular files
are always ready, and the disk holds up the kernel for as long as it takes.
"""

from __future__ import annotations

import os

from .describe import bytes_sample, file_name
from .sockets import _Reading, _Writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .readiness import FileLike
    from .sockets import Data

__all__ = ["Read", "Write"]


class Read(_Reading):
    """Read up to `n` bytes from `file` when it is ready. Returns bytes, empty at the end (read(2)).

    `file` is a descriptor or an object with fileno(), best in non-blocking mode: where another
    process may take what is there, a blocking one would hold up the kernel. What a buffered
    object has in its own buffer is not seen. Raises OSError, ResourceBusyError if another task
    waits to read it, TypeError for what has no descriptor.
    """

    __slots__ = ("n",)

    def __init__(self, file: FileLike, n: int) -> None:
        self.file, self.n = file, n

    def handle(self, kernel, task):
        self.wait(kernel, task)

    def attempt(self, file):
        return os.read(_number(file), self.n)

    def arguments(self):
        return [file_name(self.file), str(self.n)]


class Write(_Writing):
    """Write some of `data` to `file`. Returns how many bytes were taken, maybe fewer (write(2)).

    `file` is as for Read; one in blocking mode would hold up the kernel while it is full. Raises
    as Read does, BrokenPipeError where nobody can read it any more.
    """

    __slots__ = ("data",)

    def __init__(self, file: FileLike, data: Data) -> None:
        self.file, self.data = file, data

    def handle(self, kernel, task):
        self.ready(kernel, task)

    def attempt(self, file):
        return os.write(_number(file), self.data)

    def arguments(self):
        return [file_name(self.file), bytes_sample(self.data)]


def _number(file):
    """The descriptor of `file`; -1, of which the system says EBADF, where it is closed."""
    if isinstance(file, int):
        return file
    try:
        return file.fileno()
    except ValueError:      # what a closed io object says
        return -1
    except AttributeError:
        raise TypeError(
            f"{file!r} is no descriptor: give a number or an object with fileno()"
        ) from None

"""Read and Write: pipes, terminals and everything else that is a descriptor but no socket."""

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
    """Read up to `n` bytes from `file`, once it is ready. Returns bytes, empty at the end (read(2)).

    `file` is a descriptor or an object with fileno(), best in non-blocking mode: where another
    process may take what is there, a blocking one would hold up the kernel.
    """

    __slots__ = ("n",)

    def __init__(self, file: FileLike, n: int) -> None:
        self.file, self.n = file, n

    def handle(self, kernel, task):
        self.wait(kernel, task)

    def attempt(self, file):
        return os.read(file if isinstance(file, int) else file.fileno(), self.n)

    def arguments(self):
        return [file_name(self.file), str(self.n)]


class Write(_Writing):
    """Write some of `data` to `file`. Returns how many bytes were taken, maybe fewer (write(2)).

    `file` is as for Read; one in blocking mode would hold up the kernel while it is full.
    """

    __slots__ = ("data",)

    def __init__(self, file: FileLike, data: Data) -> None:
        self.file, self.data = file, data

    def handle(self, kernel, task):
        self.ready(kernel, task)

    def attempt(self, file):
        return os.write(file if isinstance(file, int) else file.fileno(), self.data)

    def arguments(self):
        return [file_name(self.file), bytes_sample(self.data)]

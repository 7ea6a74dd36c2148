"""ReadWait and WriteWait: sleep until a descriptor is ready (poll(2))."""

from __future__ import annotations

from .base import SystemCall
from .describe import file_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class HasFileno(Protocol):
        """An object with a descriptor: a socket, a file."""

        def fileno(self) -> int:
            """The descriptor."""

    FileLike = int | HasFileno

__all__ = ["ReadWait", "WriteWait"]

READ, WRITE = 1, 2      # as in the selectors


class _DescriptorCall(SystemCall):
    """What the calls that wait for one descriptor share; `file` is what they wait for."""

    __slots__ = ("file",)

    def ready(self, kernel, task):
        """Kernel side: the descriptor is ready, and nobody is registered for it any more."""
        raise NotImplementedError

    def cancel(self, kernel, task):
        kernel.poller.leave(task)

    def arguments(self):
        return [file_name(self.file)]


class ReadWait(_DescriptorCall):
    """Wait until `file` (a descriptor or an object with fileno()) can be read. Returns None.

    Raises OSError (EBADF) for a descriptor that is closed, or is closed meanwhile,
    ResourceBusyError if another task waits to read it, TypeError for what has no descriptor.
    """

    __slots__ = ()

    def __init__(self, file: FileLike) -> None:
        self.file = file

    def handle(self, kernel, task):
        kernel.poller.wait_readable(self.file, task)

    def ready(self, kernel, task):
        _resume_if_ready(self, READ, kernel, task)


class WriteWait(_DescriptorCall):
    """Wait until `file` (a descriptor or an object with fileno()) can be written.

    Returns None and raises as ReadWait does.
    """

    __slots__ = ()

    def __init__(self, file: FileLike) -> None:
        self.file = file

    def handle(self, kernel, task):
        kernel.poller.wait_writable(self.file, task)

    def ready(self, kernel, task):
        _resume_if_ready(self, WRITE, kernel, task)


def _resume_if_ready(call, direction, kernel, task):
    """Wait again where it was a false report; see the ghosts of minios/kernel/poller.py."""
    if kernel.poller.confirms(call.file, direction):
        kernel.resume(task)
    else:
        call.handle(kernel, task)

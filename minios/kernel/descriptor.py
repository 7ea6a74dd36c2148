"""One descriptor that is registered with the poller, and how descriptors are known.

A number is used again as soon as it is closed, so the poller does not go by numbers alone: it
knows a socket or an io object by a weak reference, and a plain number by its inode.

A Descriptor is what tasks wait for, each time anew. A Watch is what a lodger of the kernel has
registered for good (see lodger.py). Where both are after the same number, it is one descriptor.
"""

import io
import os
from _socket import socket  # the base of socket.socket, without the imports
from _weakref import ref
from errno import EBADF

from .epoll import READ, WRITE

__all__ = ["READ", "WRITE", "Descriptor", "Watch", "fill_standard_ones",
           "is_closed", "number_of", "valid_number"]

_LARGEST = 2**31 - 1    # descriptors are C ints


class Descriptor:
    """One descriptor that is registered: who waits to read and to write it."""

    __slots__ = (
        "fd", "mask", "reader", "writer", "watch", "identity", "unheeded", "_poller", "_inode"
    )

    def __init__(self, poller, fd, mask, f):
        self.fd, self.mask = fd, mask
        self.watch = None           # of a lodger, for the same number
        self.reader = self.writer = None
        self._poller = poller
        self.unheeded = -1          # in which round it was last reported and nobody waited
        self._inode = _inode(fd)
        # What gives the file that it is known by, None where it is known by its number.
        self.identity = ref(f) if isinstance(f, (socket, io.IOBase)) else _no_file

    def is_file(self, f):
        """Whether `f` is certainly the very file that was registered."""
        return self.identity() is f

    def has_waiters(self):
        """Whether any task waits for it."""
        return self.reader is not None or self.writer is not None

    def was_closed(self, thorough=False):
        """Whether the file that was registered has been closed since.

        Of a socket or io object whose number was closed under its feet (os.close), only a
        `thorough` look, which asks the system, can tell.
        """
        if self.identity is _no_file:
            return self._inode != _inode(self.fd)
        f = self.identity()
        if f is None or number_of(f) != self.fd:
            return True
        return thorough and self._inode != _inode(self.fd)

    def ready(self, events, kernel):
        """The selector reports `events`: let the calls that wait for them go on."""
        unused, doubtful = 0, False
        if events & READ:
            task, self.reader = self.reader, None
            if task is None or self.identity is _no_file:
                unused |= READ
            if task is not None:
                task.token = None
                task.react(kernel, task.call.ready)
                doubtful = self.reader is task      # it had to wait again
        if events & WRITE:
            task, self.writer = self.writer, None
            if task is None or self.identity is _no_file:
                unused |= WRITE
            if task is not None:
                task.token = None
                task.react(kernel, task.call.ready)
                doubtful |= self.writer is task
        if unused and self._is_unused(unused, kernel.rounds):
            self._poller.release(self, unused)
        if doubtful and not self._poller.confirms(self.fd, events):
            self._poller.replace_selector()

    def readable(self, kernel):
        """`ready` to be read, and nothing else: what nearly all reports are."""
        task = self.reader
        if task is None or self.identity is _no_file:
            self.ready(READ, kernel)
            return
        self.reader = task.token = None
        call = task.call
        try:        # task.react, without its inner call: the path of every message
            call.ready(kernel, task)
        except Exception as error:
            task.blame(kernel, call, error)
        if self.reader is task and not self._poller.confirms(self.fd, READ):
            self._poller.replace_selector()

    def _is_unused(self, unused, now):
        """Whether nobody will come back for it: it was ready for a whole round to be read.

        Once is no sign: where many tasks are busy, its own may be about to ask. (Nobody asks
        whether it can be written before he has tried.)
        """
        if unused != READ or self.identity is _no_file or self.unheeded == now - 1:
            return True
        self.unheeded = now
        return False

    # --- Together with a Watch ----------------------------------------------------------------

    def share(self, watch):
        """`watch` (None: nobody) also hears of what happens here."""
        self.watch = watch
        # The path of every message asks nobody whether there is a watch.
        self.__class__ = Descriptor if watch is None else _SharedDescriptor

    def watched(self):
        """The directions that a lodger is after."""
        return 0 if self.watch is None else self.watch.mask


class _SharedDescriptor(Descriptor):
    """One that a lodger watches as well."""

    __slots__ = ()

    def readable(self, kernel):
        self.ready(READ, kernel)

    def ready(self, events, kernel):
        watch = self.watch
        super().ready(events, kernel)
        if events & watch.mask:
            watch.ready(events & watch.mask, kernel)


class Watch:
    """A lodger's lasting interest in `fd` for the directions of `mask`; it does not end by itself.

    A subclass says in `ready` what is to be done.
    """

    __slots__ = ("fd", "mask")

    def __init__(self, fd: int, mask: int) -> None:
        self.fd, self.mask = fd, mask

    def ready(self, events: int, kernel: object) -> None:
        """The descriptor is ready for `events`, READ, WRITE or both; called in every round in
        which it is."""
        raise NotImplementedError


def _no_file():
    """The identity of a descriptor that is known by its number alone."""


def _inode(fd):
    """What the system knows `fd` by, in one number; None where it is closed."""
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev << 32 ^ status.st_ino


def is_closed(fd):
    """Whether no open file has the number `fd`."""
    return _inode(fd) is None


def fill_standard_ones():
    """Occupy those of 0, 1 and 2 that are free, and return them, to be closed again.

    A program may be started without, and whoever prints would print into what came instead.
    """
    filled = []
    while True:
        fd = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        if fd > 2:
            os.close(fd)
            return filled
        filled.append(fd)


def number_of(f):
    """The number of `f`, -1 where it is closed."""
    try:
        return f.fileno()
    except ValueError:      # what a closed io object says
        return -1
    except AttributeError:
        raise TypeError(
            f"{f!r} is no descriptor: give a number or an object with fileno()"
        ) from None


def valid_number(f):
    """The number of `f`, a number itself or an object. Raises TypeError or OSError (EBADF)."""
    fd = f if isinstance(f, int) else number_of(f)
    if not isinstance(fd, int) or isinstance(f, bool):
        raise TypeError(f"{f!r} is no descriptor: give a number or an object with fileno()")
    if not 0 <= fd <= _LARGEST:
        what = "closed" if fd == -1 else f"no descriptor has the number {fd}"
        raise OSError(EBADF, f"{os.strerror(EBADF)}: {what}")
    return fd

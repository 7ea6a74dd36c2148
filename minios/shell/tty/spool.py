"""Spool: what print() leaves for a pipe or a file, to which one writes by waiting.

print() is a plain function, and where it is called in the kernel's own thread it cannot wait; so
it leaves what it prints here, and a pump passes it on as a task does that waits while a pipe is
full.
"""

import threading
from _thread import get_ident
from collections import deque

from syscalls import Park

from ..streams import as_bytes

__all__ = ["Spool"]

_PATIENT = 1 << 20      # bytes in a spool before another thread has to wait
_PIECE = 65536          # bytes that are passed on at once
_LOOK = 0.5             # seconds between two looks of a thread whether the kernel still runs


class Spool:
    """Between print(), which cannot wait, and an Output, to which one writes by waiting.

    In the kernel's thread `write` keeps whatever it is given; in another it waits while more than
    a mebibyte is kept. `pump` passes it on.
    """

    def __init__(self, kernel):
        self.kernel = kernel
        self.closed = False
        self.error = None       # the OSError that has ended the pump
        self._data = deque()
        self._size = 0
        self._room = threading.Condition()      # re-entrant, for signal handlers that print

    def write(self, data):
        """Keep text or bytes. Raises ValueError when it is closed, BrokenPipeError when nobody
        reads, OSError when it cannot be written."""
        data = as_bytes(data)
        with self._room:
            self._check()
            if not data:
                return
            if not self._data:
                self._wake()
            self._data.append(data)
            self._size += len(data)
            while self._size > _PATIENT and self._may_wait():
                self._room.wait(_LOOK)
            if self.error is not None:
                raise self.error

    def flush(self):
        """What is kept is passed on as soon as it can be."""

    def close(self):
        """Nothing more comes: the pump ends when it has passed on what is kept. From any thread."""
        self.closed = True
        self._wake()

    def pump(self, output):
        """Pass on to `output`, an Output, what is written, until it is closed and empty; a
        generator. Returns None, or the OSError that ended it: later writes raise that."""
        try:
            while (yield from self._pump_some(output)):
                pass
        except OSError as error:
            self._end(error)
            return error
        except BaseException:
            self._end(BrokenPipeError("the output of this program is pumped no more"))
            raise
        return None

    def _pump_some(self, output):
        data = self._take()
        if data:
            yield from output.write(data)
            return True
        if self.closed:
            return False
        yield Park(self)
        return True

    def _take(self):
        pieces, size = [], 0
        with self._room:
            while self._data and size < _PIECE:
                pieces.append(self._data.popleft())
                size += len(pieces[-1])
            self._size -= size
            self._room.notify_all()
        return b"".join(pieces)

    def _end(self, error):
        with self._room:
            self.error = error
            self._data.clear()
            self._size = 0
            self._room.notify_all()

    def _check(self):
        if self.error is not None:
            raise self.error
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def _may_wait(self):
        """Whether this is a thread that somebody will wake: not the kernel's own."""
        return self.kernel.thread not in (None, get_ident())

    def _wake(self):
        if self.kernel.thread == get_ident():
            self.kernel.parking.wake(self, None, None)
        else:
            self.kernel.call_from_thread(self.kernel.parking.wake, self, None, None)

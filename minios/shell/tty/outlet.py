"""Outlet: a descriptor to which tasks, threads and plain functions write, in one order.

Nobody who writes may hold up the kernel: a terminal takes nothing while ^S has stopped it or its
connection stalls, a pipe takes nothing while its reader is busy. So nothing here ever blocks in the
kernel's thread:

- a terminal is opened anew through /proc/self/fd, as a description of our own that is
  non-blocking; the one that we were given is shared with other programs, which a flag set there
  would break. What else there is, is asked by poll(2) and written in pieces of PIPE_BUF bytes,
  which fit where poll says that something does (pipe(7));
- what the descriptor does not take at once is kept, and written when it takes more. A task waits
  for that; print() of a plain function in the kernel's thread cannot, and piles up; in another
  thread it waits once a mebibyte is kept.

(A thread that writes and may block would cost every line two switches between threads, of which
each waits for the interpreter's lock while a task computes.)
"""

import os
import select
import stat
import threading
from _thread import get_ident
from collections import deque
from errno import EBADF

from syscalls import Park, SleepUntil

from ...kernel.descriptor import WRITE, Watch

__all__ = ["Outlet"]

_TURN = 65536           # bytes that a task writes at most in one turn
_REST = SleepUntil(0.0) # unlike a bare yield, it lets in whose timer or descriptor is due
_PATIENT = 1 << 20      # bytes that are kept before another thread has to wait
_LOOK = 0.5             # seconds between two looks of that thread whether the kernel still runs


class Outlet:
    """What is written to `fd`, a descriptor (None: there is none), from all sides."""

    def __init__(self, kernel, fd):
        self.kernel = kernel
        self._fd, self._piece = _own(fd)
        self._backlog = deque()     # what has not been taken, in order
        self._size = 0              # of it, in bytes
        self._lock = threading.Condition()      # re-entrant: a signal handler may print, too
        self._watch = None          # for the descriptor to take more; holds the kernel
        self._error = None          # what has ended the writing
        self._is_told = False       # somebody has heard of it

    def put(self, data):
        """Write bytes, at once or as soon as it can be, from any thread. Raises OSError."""
        with self._lock:
            self._send(data)
            self._wait_in_thread()

    def write(self, data):
        """Write bytes; a generator that returns when they have been taken, and lets others run
        meanwhile. Raises OSError, BrokenPipeError where nobody reads."""
        data, at = bytes(data), 0
        while at < len(data):
            # Whole lines, or others' would come in their middle.
            end = data.rfind(b"\n", at, at + _TURN) + 1 or at + _TURN
            self.put(data[at:end])
            at = end
            while self.is_full():
                yield Park(self)
            if at < len(data):
                yield _REST
        self._check()

    def is_full(self):
        """Whether a task should wait before it writes more."""
        return self._size > 0

    def flush(self):
        """Block until all has been written: for when the kernel does not run. Raises OSError."""
        with self._lock:
            while self._backlog:
                _has_room(self._fd, None)
                self._send_backlog()
            self._check()

    def put_last(self, data):
        """Write what is taken at once, whoever may be writing: for when the process ends now."""
        try:
            self._attempt(data)
        except OSError:
            pass        # it has gone

    def close(self):
        """Write what is kept, and give the descriptor back. Raises the OSError that has ended the
        writing, unless somebody has heard of it."""
        with self._lock:
            self._stop_watching()
            try:
                if not self._is_told:
                    self.flush()
            finally:
                if self._fd is not None:
                    os.close(self._fd)
                self._fd = None
                self._fail(OSError(EBADF, os.strerror(EBADF)))

    # --- The backlog ---------------------------------------------------------------------

    def _send(self, data):
        """Write what is taken, and keep the rest; the lock is held."""
        self._check()
        if not self._backlog:
            data = data[self._attempt(data):]
        if not data:
            return
        self._backlog.append(bytes(data))
        self._size += len(data)
        if self.kernel.thread is None:
            self.flush()
        elif self._watch is None:
            self.kernel.call_from_thread(self._start_watching)

    def _check(self):
        if self._error is not None:
            self._is_told = True
            raise self._error

    def _attempt(self, data):
        """How many of the bytes have been taken, without waiting."""
        if self._fd is None:
            raise OSError(EBADF, f"{os.strerror(EBADF)}: the output is closed")
        written = 0
        while written < len(data):
            if self._piece is not None and not _has_room(self._fd, 0):
                break
            end = len(data) if self._piece is None else written + self._piece
            try:
                written += os.write(self._fd, data[written:end])
            except BlockingIOError:
                break
        return written

    def _send_backlog(self):
        try:
            while self._backlog:
                data = self._backlog[0]
                written = self._attempt(data)
                self._size -= written
                if written < len(data):
                    self._backlog[0] = data[written:]
                    break
                self._backlog.popleft()
        except OSError as error:
            self._fail(error)
        self._tell()

    def _fail(self, error):
        self._error = error
        self._backlog.clear()
        self._size = 0

    def _tell(self):
        """Let go on who waits for room; in the kernel's thread."""
        self._lock.notify_all()
        if not self.is_full():
            self.kernel.parking.wake(self, None, None)

    def _wait_in_thread(self):
        while self._has_too_much() and self.kernel.thread not in (None, get_ident()):
            self._lock.wait(_LOOK)

    def _has_too_much(self):
        return self._size > _PATIENT

    def _start_watching(self):
        """In the kernel's thread: be told when the descriptor takes more, and be no deadlock."""
        with self._lock:
            if self._backlog and self._watch is None:
                self._watch = _Room(self._fd, self)
                self.kernel.hold()
                self.kernel.poller.watch(self._watch)

    def _stop_watching(self):
        if self._watch is not None:
            self.kernel.poller.unwatch(self._watch)
            self.kernel.release()
            self._watch = None

    def room(self):
        """The descriptor takes more."""
        with self._lock:
            self._send_backlog()
            if not self._backlog:
                self._stop_watching()


class _Room(Watch):
    """The wait for an outlet's descriptor."""

    __slots__ = ("_outlet",)

    def __init__(self, fd, outlet):
        super().__init__(fd, WRITE)
        self._outlet = outlet

    def ready(self, events, kernel):
        self._outlet.room()


def _has_room(fd, seconds):
    """Whether poll(2) says so of `fd`, within `seconds` (None: sooner or later)."""
    poll = select.poll()        # select(2) knows no descriptors beyond 1023
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _own(fd):
    """A descriptor of our own for what `fd` is, and how many bytes may be written to it at once
    (None: any number, it never blocks)."""
    if fd is None:
        return None, None
    if os.isatty(fd):
        try:
            return os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY), None
        except OSError:
            pass        # no /proc, or the terminal is another user's (su)
    is_file = stat.S_ISREG(os.fstat(fd).st_mode)
    return os.dup(fd), None if is_file else select.PIPE_BUF

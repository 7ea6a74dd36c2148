"""The inbox: how other threads, and Unix signals, reach a kernel that may be asleep.

Whoever wants something of the kernel appends a function to a deque, which is atomic, and
writes to an eventfd if the kernel is about to block. There is no lost wakeup: the kernel first
says that it will block and then looks into the deque once more, the other side first appends
and then looks whether the kernel blocks.
"""

import os
from collections import deque

__all__ = ["Inbox"]


class Inbox:
    """Functions that wait to be called in the kernel's thread, in the deque `calls`."""

    __slots__ = ("blocking", "calls", "_reader", "_writer")

    def __init__(self):
        self.blocking = False
        self.calls = deque()
        self._reader = self._writer = -1

    def open(self):
        """Make the descriptors. Raises OSError when none are left."""
        if hasattr(os, "eventfd"):
            self._reader = self._writer = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        else:
            self._reader, self._writer = os.pipe()
            os.set_blocking(self._reader, False)
            os.set_blocking(self._writer, False)

    def close(self):
        """Give the descriptors back. What still arrives waits for the next run."""
        for fd in {self._reader, self._writer} - {-1}:
            os.close(fd)
        self._reader = self._writer = -1

    def fileno(self):
        """The descriptor that becomes readable when something arrives."""
        return self._reader

    def put(self, function, arguments):
        """Let the kernel call `function(*arguments)`. Safe in any thread and signal handler."""
        self.calls.append((function, arguments))
        if self.blocking:
            self.wake()

    def wake(self):
        """Let a kernel that blocks go on."""
        try:
            os.write(self._writer, b"\x01\0\0\0\0\0\0\0")
        except (BlockingIOError, OSError):
            pass        # full: it is awake already; closed: it has ended

    def ready(self, events, kernel):
        """Kernel side, as for a Descriptor: the wakeup has arrived."""
        try:
            os.read(self._reader, 4096)
        except BlockingIOError:
            pass

    def move_to(self, kernel):
        """Let another kernel call what has arrived here."""
        while self.calls:
            function, arguments = self.calls.popleft()
            kernel.call_from_thread(function, *arguments)

    def run(self, kernel):
        """Call what had arrived when this began; what arrives meanwhile waits a round."""
        for _ in range(len(self.calls)):
            kernel.run_callback(*self.calls.popleft())

"""The inbox: how other threads, and Unix signals, reach a kernel that may be asleep.

Whoever wants something of the kernel appends a function to a deque, which is atomic, and
writes to a pipe if the kernel is about to block. There is no lost wakeup: the kernel first
says that it will block and then looks into the deque once more, the other side first appends
and then looks whether the kernel blocks.
"""

import os
from collections import deque

__all__ = ["Inbox"]


class Inbox:
    """Functions that wait to be called in the kernel's thread, in the deque `calls`."""

    __slots__ = ("blocking", "calls", "wakeup_fd", "_reader")

    def __init__(self):
        self.blocking = False
        self.calls = deque()
        self._reader = self.wakeup_fd = -1

    def open(self):
        """Make the descriptors. Raises OSError when none are left."""
        # A pipe and no eventfd: Python writes single bytes to a wakeup descriptor.
        self._reader, self.wakeup_fd = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self.wakeup_fd, False)

    def close(self):
        """Give the descriptors back. What still arrives waits for the next run."""
        for fd in {self._reader, self.wakeup_fd} - {-1}:
            os.close(fd)
        self._reader = self.wakeup_fd = -1

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
            os.write(self.wakeup_fd, b"\0")
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

"""fork(2): a child process is a copy of its parent, but no kernel runs in it.

A worker of multiprocessing is such a child. It shall be free to run a kernel of its own and to be
interrupted by Ctrl-C, and it must leave alone what it shares with the parent: epoll's table of
descriptors, in which it would unregister those that the parent waits for.
"""

import os

from syscalls.base import running
from syscalls.errors import KernelError

from . import watchdog
from .interrupts import restore_all

__all__ = []


def _in_child():
    """Forget the parent's kernel; if the child returns to its run loop, that ends with an error."""
    kernel, running.kernel, running.host = running.kernel, None, None
    restore_all()
    watchdog.forget_all()
    if kernel is not None:
        kernel.abandon(KernelError(
            "a task has forked, and its child has come back to the kernel, which is the parent's: "
            "end a child with os._exit(), or let it run a program of its own"
        ))


os.register_at_fork(after_in_child=_in_child)

"""A server under load: it runs in a process of its own, and its CPU time is read from outside.

The load is made by another process, in C, which is never the one that is waited for. What is
reported is the server's CPU time a message, which no other process on the machine can spoil as
much as it spoils the messages a second.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import subprocess
import time
from collections import namedtuple

__all__ = ["Figure", "Server", "ServerError", "private_memory"]

Figure = namedtuple("Figure", "value rate", defaults=(None,))
Figure.__doc__ = """One measurement: `value` in the unit of the work, and, of servers, `rate`:
messages a second."""


class ServerError(Exception):
    """A server has ended by itself."""


_libc = ctypes.CDLL(None, use_errno=True)


class Server:
    """A process that prints its port and serves; it is ended with the block."""

    def __init__(self, command, environment=None):
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.pid = self._process.pid
        first = self._process.stdout.readline()
        if not first.strip():
            self.__exit__()
            raise ServerError("the server has ended before it served")
        self.port = int(first)

    def cpu_time(self):
        """Seconds of CPU time that the process has used, exact to the nanosecond (Linux, BSD)."""
        clock = ctypes.c_int()
        error = _libc.clock_getcpuclockid(self.pid, ctypes.byref(clock))
        if error:
            raise OSError(error, os.strerror(error))
        return time.clock_gettime(clock.value)

    def memory(self):
        """Bytes of memory that are the process's own, resident."""
        return private_memory(self.pid)

    def allow_descriptors(self, number):
        """Let the process have `number` descriptors (prlimit(2)). Raises OSError if it may not."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < number:
            raise OSError(errno.EMFILE, f"the server needs {number} descriptors, and may have no "
                          f"more than {hard}: see `ulimit -Hn`")
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (hard, hard))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def private_memory(pid="self"):
    """Bytes of memory that are the process's own, resident (proc(5), smaps_rollup)."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        sizes = (line.split() for line in rollup)
        return 1024 * sum(
            int(words[1]) for words in sizes if words[0] in ("Private_Dirty:", "Private_Clean:")
        )

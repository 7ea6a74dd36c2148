"""An event loop in whose kernel generator tasks live, for the test suites that others wrote.

Whoever runs such a suite with CompanionLoop or NativeCompanionLoop asks: does a loop of asyncio
notice, in anything but the number of its passes, that it is not alone? Each loop gets four tasks
that are never done: one sleeps, one yields, one reads a pipe and one awaits Futures.
"""

import os

from minios.aio import EventLoop
from syscalls import Await, Read, Sleep

__all__ = ["CompanionLoop", "NativeCompanionLoop"]

NAP = 0.001     # seconds


class CompanionLoop(EventLoop):
    """An EventLoop with company; asyncio's own tasks."""

    native = False

    def __init__(self, selector=None):
        super().__init__(selector, native_tasks=self.native)
        company = _Company(self)
        for routine in (company.sleep, company.give_way, company.read_pipe, company.await_futures):
            self.kernel.spawn(routine(), f"companion {routine.__name__}")


class NativeCompanionLoop(CompanionLoop):
    """The same with native tasks."""

    native = True


class _Company:
    """The four, which give each other something to do."""

    def __init__(self, loop):
        self._loop = loop
        self._future = self._writer = None

    def sleep(self):
        """Sleep, and now and then let the other two have what they wait for."""
        while True:
            yield Sleep(NAP)
            if self._future is not None and not self._future.done():
                self._future.set_result(None)
            if self._writer is not None:
                os.write(self._writer, b".")

    def give_way(self):
        """Be ready in every round."""
        while True:
            yield

    def read_pipe(self):
        """Wait for a descriptor."""
        reader, self._writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(self._writer, False)
        try:
            while True:
                assert (yield Read(reader, 100)).strip(b".") == b""
        finally:
            writer, self._writer = self._writer, None
            os.close(reader)
            os.close(writer)

    def await_futures(self):
        """Wait for something of asyncio's."""
        while True:
            self._future = self._loop.create_future()
            yield Await(self._future)

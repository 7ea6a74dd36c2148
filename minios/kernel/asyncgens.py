"""Asynchronous generators that are abandoned: their `finally` clauses may await, in a task.

A generator that is dropped in the middle is closed by Python on the spot. One that is
asynchronous cannot be, and Python hands it to whoever runs the thread's coroutines (PEP 525,
"Finalization"): that is the kernel.
"""

import sys
from _weakref import ref

__all__ = ["AsyncGenerators"]


class AsyncGenerators:
    """The asynchronous generators that have begun in one kernel, from `install` to `restore`."""

    __slots__ = ("_kernel", "_previous", "_begun", "_abandoned")

    def __init__(self, kernel):
        self._kernel = kernel
        self._previous = None
        self._begun = set()         # weak references to those that have not ended
        self._abandoned = []

    def install(self):
        """Be told of every asynchronous generator that begins or is dropped in this thread."""
        self._previous = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._on_begin, self._on_drop)

    def restore(self):
        """Give the thread back to whom it was taken from."""
        sys.set_asyncgen_hooks(*self._previous)
        self._begun.clear()

    def close_all(self):
        """Start to close what has not ended; no task iterates over any of them any more."""
        self._abandoned += filter(None, [reference() for reference in self._begun])
        self._close_abandoned()

    def _on_begin(self, generator):
        self._begun.add(ref(generator, self._begun.discard))

    def _on_drop(self, generator):
        if self._kernel.thread is None:
            _close_without_kernel(generator)
        else:
            # The garbage collector calls this between any two instructions of the kernel's.
            self._abandoned.append(generator)
            self._kernel.call_from_thread(self._close_abandoned)

    def _close_abandoned(self):
        while self._abandoned:
            generator = self._abandoned.pop()
            self._begun.discard(ref(generator))
            name = f"aclose {getattr(generator, '__name__', 'generator')}"
            self._kernel.spawn_from((None, 0), _close(generator), name, False)


async def _close(generator):
    try:
        await generator.aclose()
    except RuntimeError:
        # Its reader was closed in the middle of it, and Python, before 3.13, then leaves it
        # marked as running for ever (gh-117881): there is nothing that could be done.
        if not generator.ag_running:
            raise


def _close_without_kernel(generator):
    """The kernel has ended: run what can be run of it."""
    try:
        generator.aclose().send(None)
    except (StopIteration, StopAsyncIteration):
        pass

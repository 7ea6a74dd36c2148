"""Load average: how many tasks stood ready, over the last 1, 5 and 15 minutes.

As in Linux, an exponentially fading mean of samples (getloadavg(3)): whoever wants it takes one
every five seconds, in any thread, and the kernel itself does nothing for it. A task counts that
runs or is ready to; one that waits, in whatever state, does not.
"""

from __future__ import annotations

from math import exp
from weakref import WeakKeyDictionary

__all__ = ["INTERVAL", "LoadAverage", "load_of"]

INTERVAL = 5.0      # seconds between two samples
_PERIODS = 60.0, 300.0, 900.0

_known: WeakKeyDictionary = WeakKeyDictionary()


def load_of(kernel):
    """The LoadAverage of `kernel`, of which there is one: who samples it and who reads it are
    different threads."""
    found = _known.get(kernel)
    return found if found is not None else _known.setdefault(kernel, LoadAverage(kernel))


class LoadAverage:
    """The load averages of one kernel, from its samples."""

    def __init__(self, kernel):
        self._kernel = kernel
        self._averages = None
        self._sampled = kernel.booted_at    # when, on the kernel's clock

    def sample(self):
        """Count who is ready now; for the time since the last sample, however long it was."""
        now, ready = self._kernel.now(), self.count_ready()
        passed = max(0.0, now - self._sampled)
        self._sampled = now
        self._averages = tuple(
            ready + (average - ready) * exp(-passed / period)
            for average, period in zip(self._averages or (0.0, 0.0, 0.0), _PERIODS, strict=True)
        )

    def averages(self):
        """The mean numbers of ready tasks over 1, 5 and 15 minutes, as far as they are known; None
        where nobody samples."""
        return self._averages

    def count_ready(self):
        """How many tasks run or are ready at this moment, the callbacks of an event loop among
        them."""
        kernel = self._kernel
        ready = sum(task.call is None and not task.stopped for task in list(kernel.tasks.values()))
        return ready + len(kernel.callbacks) + _runs_native(kernel)


def _runs_native(kernel):
    """Whether a task has its turn that is in no table of the kernel, but an event loop's."""
    task = kernel.current
    return task is not None and task.tid not in kernel.tasks

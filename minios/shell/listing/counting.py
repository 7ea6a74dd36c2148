"""Counting: the accounting of all kernels of a System, for as long as somebody looks.

    with counting(process.system) as counted:
        ...
        for task in counted.take_active():

A kernel whose turns nobody counts runs faster, so they are counted only meanwhile (trace/
accounting.py). A kernel of another thread is asked to, between two turns; one whose task holds the
CPU does so when that yields, and until then there is nothing to tell of it.
"""

from _thread import get_ident
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from ...trace import release, use

__all__ = ["Counted", "counting"]

# kernel -> the Counteds that look at it: who takes its active tasks, takes them for all.
_lookers: WeakKeyDictionary = WeakKeyDictionary()


@contextmanager
def counting(system):
    """Count the turns of the tasks of `system`, inside; gives a Counted."""
    counted = Counted(system)
    try:
        yield counted
    finally:
        counted.close()


class Counted:
    """What has been counted. `is_fresh`: nobody counted before."""

    def __init__(self, system):
        self._system = system
        self.is_fresh = all(kernel.accounting is None for kernel in system.kernels())
        self._active = {}       # kernel -> its tasks that had turns since the last time
        self._join()

    def take_active(self):
        """The tasks that had turns since this was last called, as a list."""
        self._join()
        for kernel in self._active:
            accounting = kernel.accounting
            taken = [] if accounting is None else accounting.take_active()
            for looker in list(_lookers.get(kernel, ())):
                looker._hear(kernel, taken)
        found = [task for tasks in self._active.values() for task in dict.fromkeys(tasks)]
        for kernel in self._active:
            self._active[kernel] = []
        return found

    def shares(self):
        """Where the seconds of the first kernel have gone: a dict of `user`, `kernel`, `poll` and
        `idle`, an empty one while nobody counts."""
        accounting = self._system.kernel.accounting
        return {} if accounting is None else accounting.shares()

    def close(self):
        """Count no more, unless somebody else still wants it."""
        for kernel in list(self._active):
            self._leave(kernel)

    def _join(self):
        """Begin to count on the kernels that are new; forget those that have gone."""
        kernels = self._system.kernels()
        for kernel in kernels:
            if kernel not in self._active:
                self._active[kernel] = []
                _lookers.setdefault(kernel, []).append(self)
                _tell(kernel, use)
        for kernel in self._active.keys() - set(kernels):
            self._leave(kernel)

    def _leave(self, kernel):
        del self._active[kernel]
        _lookers[kernel].remove(self)
        _tell(kernel, release)

    def _hear(self, kernel, tasks):
        """These had turns; one in another thread may have taken them."""
        active = self._active.get(kernel)
        if active is not None:
            active += tasks


def _tell(kernel, function):
    """Call `function(kernel)` in the thread of the kernel."""
    if kernel.thread in (None, get_ident()):
        function(kernel)
    else:
        kernel.call_from_thread(function, kernel)

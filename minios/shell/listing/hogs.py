"""Which task holds the CPU: seen from another thread, as the kernel's own cannot look meanwhile."""

from _thread import get_ident
from time import monotonic

from ..inspection.waits import place_of

__all__ = ["Hogs"]


class Hogs:
    """Looks again and again whether a task is in the same turn still. The run loop keeps whose turn
    it is, and how many turns that one has had: if neither has changed, it is."""

    def __init__(self, system):
        self._system = system
        self._turns = {}        # kernel -> (task, its turns, since when)

    def look(self):
        """A line for each task that has had its turn since the last look: who, how long, where."""
        lines = []
        for kernel in self._system.kernels():
            task = kernel.current
            if task is None or kernel.thread in (None, get_ident()):
                self._turns.pop(kernel, None)
                continue
            known, switches, since = self._turns.get(kernel, (None, 0, 0.0))
            if known is not task or switches != task.switches:
                self._turns[kernel] = task, task.switches, monotonic()
                continue
            where = place_of(self._system.frames(task))
            lines.append(
                f"task {self._system.address(task)} ({task.name}) has held the CPU for "
                f"{monotonic() - since:.1f} s" + (f" at {where}" if where else "")
            )
        return lines

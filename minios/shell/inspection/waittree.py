"""The tree of who waits for whom, for `pstree -w`: below each task are those that wait for it.

So a task that many wait for stands above them, and what holds up everybody stands at a root. A
channel without an owner, a queue say, stands at a root itself. A circle begins with its lowest tid.
"""

from operator import attrgetter

from ..listing.columns import printable
from ..pace import Pace
from ..rest import REST
from .graph import channel_of, taken_at, tid_of, wait_graph
from .tree import Entry
from .waits import thing_of, wait_of

__all__ = ["WaitTree"]

_tid = attrgetter("tid")


class WaitTree:
    """The tree of the tasks of `system` that wait for others, or that others wait for."""

    def __init__(self, system, options, marked, is_ascii):
        self._system, self._marked = system, marked
        self._circle = "circle:" if is_ascii else "↺"
        self._edges, self._cycles = {}, []
        self._waiters = {}      # task -> those that wait for it, by rising tid
        self._parked = {}       # id of a channel without owner -> those that are parked on it
        self._shown = set()

    def grow(self):
        """Look at all tasks; a generator, in slices."""
        self._edges, self._cycles = yield from wait_graph(self._system)
        pace = Pace()
        for task, targets in self._edges.items():
            for target in targets:
                self._waiters.setdefault(target, []).append(task)
            if pace.is_over():
                yield REST
        for task in self._system.tasks():
            channel = None if task in self._edges else channel_of(task)
            if channel is not None:
                self._parked.setdefault(id(channel), []).append(task)
            if pace.is_over():
                yield REST

    def roots(self, start):
        """The Entries to draw: of `start` alone, or of all roots."""
        if start is not None:
            self._shown.add(start)
            yield self._entry(start, None, None)
            return
        roots = [task for task in self._waiters if task not in self._edges]
        roots += [cycle[0] for cycle in self._cycles]
        for task in sorted(roots, key=_tid):
            self._shown.add(task)
            yield self._entry(task, None, None)
        for tasks in self._parked.values():
            yield Entry(_text(thing_of, tasks[0]), lambda tasks=tasks: map(self._leaf, tasks))

    def rows(self, start):
        """A dict for each task that waits for others: `start` alone, or all."""
        stuck = {task for cycle in self._cycles for task in cycle}
        for task, targets in self._edges.items():
            if start in (None, task):
                yield {
                    "tid": tid_of(self._system, task), "name": task.name,
                    "wait": _text(wait_of, task), "circle": task in stuck,
                    "for": [{"tid": tid_of(self._system, target),
                             "taken_at": taken_at(task, target)} for target in targets],
                }

    # --- Entries -------------------------------------------------------------------------

    def _entry(self, task, target, above):
        """The Entry of `task`, which waits for `target` (None: it is a root); `above` links to what
        stands above it."""
        here = task, above

        def children():
            for waiter in self._waiters.get(task, ()):
                if waiter not in self._shown:
                    self._shown.add(waiter)
                    yield self._entry(waiter, task, here)
                elif _is_above(waiter, here):
                    label = f"{self._circle} {self._system.address(waiter)}"
                    yield Entry(label + self._wait(waiter, task))
                else:
                    yield Entry(self._label(waiter, task) + " ...")

        return Entry(self._label(task, target), children, task is self._marked)

    def _leaf(self, task):
        return Entry(self._label(task, None), None, task is self._marked)

    def _label(self, task, target):
        name = f"{printable(task.name)}({self._system.address(task)})"
        return name + self._wait(task, target)

    def _wait(self, task, target):
        text = f" {_text(wait_of, task)}"
        place = None if target is None else taken_at(task, target)
        return text if place is None else f"{text}, taken at {place}"


def _text(function, task):
    """What `function` of waits.py says of `task`; `-` where it has gone on meanwhile."""
    try:
        return printable(function(task) or "-")
    except AttributeError:
        return "-"


def _is_above(task, link):
    while link is not None:
        if link[0] is task:
            return True
        link = link[1]
    return False

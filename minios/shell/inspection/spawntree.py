"""The tree of who has spawned whom, for `pstree`.

A task whose parent has ended stands at the root; the first task of a program that brought a kernel
of its own is a child of that program.
"""

from ..listing.columns import printable
from ..listing.ordering import order_by
from ..listing.states import letter_of
from ..pace import Pace
from ..rest import REST
from .graph import tid_of
from .tree import Entry
from .waits import wait_of

__all__ = ["SpawnTree"]


class SpawnTree:
    """The tree of all tasks of `system`. `options` are those of pstree; the way to the task
    `marked` (None: to none) stands out."""

    def __init__(self, system, options, marked, is_ascii):
        self._system, self._options = system, options
        self._children = {}     # task -> the tasks that it spawned, by rising tid; None: the roots
        self._entries = {}      # the same, -> the _Entries that are drawn of them
        self._parents = {}
        self._marked = {marked}

    def grow(self):
        """Look at all tasks; a generator, in slices."""
        tasks, pace = self._system.tasks(), Pace()
        by_tid = {kernel: {} for kernel in self._system.kernels()}
        for task in tasks:
            by_tid.setdefault(task.kernel, {})[task.tid] = task
            if pace.is_over():
                yield REST
        hosts = {
            kernel: by_tid[self._system.kernel].get(int(prefix))
            for prefix, kernel in self._system.programs.items() if prefix.isdigit()
        }
        self._children[None] = []
        for task in tasks:
            kernel = task.kernel
            parent = by_tid[kernel].get(task.ptid) if task.ptid else hosts.get(kernel)
            self._parents[task] = parent
            self._children.setdefault(parent, []).append(task)
            if pace.is_over():
                yield REST
        for parent, children in self._children.items():
            self._entries[parent] = yield from self._arranged(children, pace)
        self._mark()

    def roots(self, start):
        """The Entries to draw: of `start` alone, or of all roots."""
        if start is not None:
            yield self._entry(self._label(start), start)
            return
        for label, task in self._entries[None].pairs():
            yield self._entry(label, task)

    def rows(self, start):
        """A dict for each task, `start` and those below it, or all; parents come first."""
        waiting = [start] if start is not None else self._children[None][::-1]
        while waiting:
            task = waiting.pop()
            parent, wait = self._parents.get(task), _wait(task)
            yield {
                "tid": tid_of(self._system, task),
                "ptid": None if parent is None else tid_of(self._system, parent),
                "name": task.name, "state": letter_of(task), "wait": wait,
            }
            waiting += self._children.get(task, ())[::-1]

    # --- Entries -------------------------------------------------------------------------

    def _entry(self, label, task):
        children = None
        if task is not None and task in self._entries:
            def children():
                for label, child in self._entries[task].pairs():
                    yield self._entry(label, child)
        return Entry(label, children, task in self._marked and task is not None)

    def _label(self, task):
        name = printable(task.name)
        if self._options.show_pids:
            tid = self._system.address(task)
            name = f"{name},{tid}" if self._options.arguments else f"{name}({tid})"
        if self._options.arguments:
            wait = _wait(task)
            if wait is not None:
                name += f" {printable(wait)}"
        return name

    def _arranged(self, children, pace):
        """The _Entries of `children`, in order; a generator."""
        alone = self._options.show_pids or self._options.compact_not
        entries, groups = _Entries(), {}
        for task in children:
            label = self._label(task)
            if alone or task in self._children or task in self._marked:
                entries.add(label, task)
            elif label in groups:
                entries.count_one_more(groups[label])
            else:
                groups[label] = entries.add(label, task)
            if pace.is_over():
                yield REST
        if not self._options.numeric_sort:
            yield from entries.sort()
        return entries

    def _mark(self):
        for task in list(self._marked):
            while task is not None:
                self._marked.add(task)
                task = self._parents.get(task)


class _Entries:
    """What is drawn of the children of one task, or of the roots. Columns and no rows: as many
    objects as there are tasks would set off the garbage collector."""

    def __init__(self):
        self._labels, self._tasks = [], []
        self._counts = {}       # by number, of those that stand for several tasks
        self._order = None

    def add(self, label, task):
        """Add an entry; returns its number."""
        self._labels.append(label)
        self._tasks.append(task)
        return len(self._labels) - 1

    def count_one_more(self, number):
        """Let that entry stand for one task more."""
        self._counts[number] = self._counts.get(number, 1) + 1

    def sort(self):
        """Sort them by label; a generator."""
        self._order = yield from order_by(self._labels, range(len(self._labels)), False)

    def pairs(self):
        """(label, task) of each, in order; the task of one that stands for several is None."""
        for number in range(len(self._labels)) if self._order is None else self._order:
            n = self._counts.get(number)
            label = self._labels[number]
            yield (label, self._tasks[number]) if n is None else (f"{n}*[{label}]", None)


def _wait(task):
    try:
        return wait_of(task)
    except AttributeError:
        return None     # it has gone on meanwhile

"""Activity: what the tasks did between two looks, for top.

Nearly all of a hundred thousand tasks sleep. So only those that had turns since the last look,
which the accounting keeps apart, are measured and ranked, and others fill up the screen; the states
of all are counted, but of most that takes no more than a look at what they are blocked on. All in
slices.
"""

from operator import attrgetter
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ..pace import Pace
from ..rest import REST
from .states import letter_of

__all__ = ["Activity", "Census", "Row"]

_NOTHING = 0.0, 0


class Census(NamedTuple):
    """How many tasks there are, by their states, as top(1) counts them."""

    total: int
    running: int
    sleeping: int
    stopped: int
    zombie: int


class Row(NamedTuple):
    """What one task did: the `share` of a CPU that it used (0 to 1), the `rate` of its turns (a
    second), and the CPU `time` in seconds that has been counted for it altogether."""

    task: Any
    share: float
    rate: float
    time: float


class Activity:
    """Looks at the tasks of `system`, whose turns are `counted`: see counting.py."""

    def __init__(self, system, counted):
        self._system, self._counted = system, counted
        self._before = WeakKeyDictionary()      # task -> (cpu, turns) at the last look at it
        self._shares = counted.shares()
        self._then = system.kernel.now()
        self.census = Census(0, 0, 0, 0, 0)
        self.shares = {}        # of the loop's time, 0 to 1
        self.rows = []

    def start(self):
        """Begin: what has been counted so far is not to count as new; a generator."""
        self._counted.take_active()
        if self._counted.is_fresh:
            return              # and to ask all tasks for their accounts would open them
        pace = Pace()
        for task in self._system.tasks():
            account = getattr(task, "account", None)
            if account is not None and account.turns:
                self._before[task] = account.cpu, account.turns
            if pace.is_over():
                yield REST

    def look(self, n, order="share", accepts=None):
        """See what happened since the last look: `rows`, the first `n` by `order` ("share", "time"
        or "tid", highest first) of the tasks that the function `accepts`, `census` and `shares`;
        a generator."""
        now = self._system.kernel.now()
        elapsed, self._then = max(now - self._then, 1e-9), now
        self._take_shares(elapsed)
        tasks = self._system.tasks()
        yield REST              # a long list takes as long as a slice of work
        active = yield from self._measure(self._counted.take_active(), elapsed)
        rows = []
        if order == "tid":
            yield from self._fill(rows, n, reversed(tasks), active, accepts)
        else:
            # Those that have used any time at all, or have used some since the last look.
            pool = active if order == "share" else filter(None, [
                reference() for reference in self._before.keyrefs()])
            rows = yield from self._best(n, order, pool, active, accepts)
            yield from self._fill(rows, n, tasks, active, accepts)
        self.rows = rows
        self.census = yield from self._count(tasks)

    def _take_shares(self, elapsed):
        shares = self._counted.shares()
        self.shares = {
            name: min(1.0, max(0.0, seconds - self._shares.get(name, 0.0)) / elapsed)
            for name, seconds in shares.items()
        }
        self._shares = shares

    def _measure(self, tasks, elapsed):
        """A Row for each of the tasks that had turns, by task."""
        pace, rows = Pace(), {}
        for task in tasks:
            account = task.account
            if account is not None and not task.done():
                cpu, turns = account.cpu, account.turns
                before = self._before.get(task, _NOTHING)
                self._before[task] = cpu, turns
                rows[task] = Row(task, max(0.0, cpu - before[0]) / elapsed,
                                 max(0, turns - before[1]) / elapsed, cpu)
            if pace.is_over():
                yield REST
        return rows

    def _best(self, n, order, tasks, active, accepts):
        """The rows of the first `n` of `tasks` by `order`, without sorting them all."""
        pace, rows, key = Pace(), [], attrgetter(order)
        for task in tasks:
            if (accepts is None or accepts(task)) and not task.done():
                rows.append(active.get(task) or self._idle_row(task))
            if len(rows) >= 4 * n + 64:
                rows.sort(key=key, reverse=True)
                del rows[n:]
            if pace.is_over():
                yield REST
        rows.sort(key=key, reverse=True)
        return rows[:n]

    def _fill(self, rows, n, tasks, active, accepts):
        """Add other tasks, in their order, until there are `n` rows."""
        pace, found = Pace(), {row.task for row in rows}
        for task in tasks:
            if len(rows) >= n:
                return
            if task not in found and not task.done() and (accepts is None or accepts(task)):
                rows.append(active.get(task) or self._idle_row(task))
            if pace.is_over():
                yield REST

    def _idle_row(self, task):
        """The row of one that had no turn since the last look."""
        return Row(task, 0.0, 0.0, self._before.get(task, _NOTHING)[0])

    def _count(self, tasks):
        pace, running, stopped = Pace(), 0, 0
        for task in tasks:
            if task.call is None or task.stopped:       # of most, this is all that is asked
                letter = letter_of(task)
                running += letter == "R"
                stopped += letter in "Tt"
            if pace.is_over():
                yield REST
        ended = len(self._system.ended_tasks())
        return Census(len(tasks), running, len(tasks) - running - stopped, stopped, ended)

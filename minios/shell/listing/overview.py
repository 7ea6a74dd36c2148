"""Overview: the screen of top, as lines; and what is chosen of what it shows.

The head is that of top(1), with the shares of the kernel's time in the place of the CPU's, and so
are the first columns; what is new stands behind them.
"""

from syscalls import Sleep

from ..inspection.waits import call_name
from .activity import Activity
from .columns import printable
from .headline import uptime_line
from .hogs import Hogs
from .states import letter_of
from .times import cpu_text

__all__ = ["HEAD", "PROMPT", "Overview"]

HEAD = 6            # lines above the tasks
PROMPT = 4          # which of them is for messages and questions, from 0
_FIRST = 0.5        # seconds that the first screen shows at most
_SHARES = "user", "kernel", "poll", "idle"
_TITLES = "TID USER PR NI S %CPU TIME+ COMMAND SW/s SCHEDp99 WCHAN".split()
_NARROW = 16        # places of COMMAND on a screen of 88, which gets all that a wider one has more


class Overview:
    """What top shows of `process.system`: `order` is what it is sorted by (see Activity), `filter`
    a text that the names of the tasks have in them, `chosen` the tasks it is limited to, if any,
    `delay` the seconds between two looks."""

    def __init__(self, process, counted, order, delay, chosen):
        self.process, self.order, self.delay = process, order, delay
        self.filter = self.message = ""
        self._chosen = chosen
        self._system = process.system
        self._activity = Activity(process.system, counted)
        self._hogs = Hogs(process.system)
        self._held = []         # lines on tasks that hold the CPU

    def start(self):
        """Begin to measure, and let some time pass; a generator."""
        yield from self._activity.start()
        self._hogs.look()
        yield Sleep(min(self.delay, _FIRST))

    def look(self, n):
        """Look anew, for up to `n` tasks; a generator."""
        yield from self._activity.look(n, self.order, self._accepts())
        self._held = self._hogs.look()

    @property
    def first(self):
        """The task in the first row; None where there is none."""
        return self._activity.rows[0].task if self._activity.rows else None

    def lines(self, columns, height):
        """The screen: a line is a text, or a tuple of a text and its styles."""
        width = max(_NARROW, columns - 72)
        template = f"%6s %-5s %3s %3s %1s %5s %9s %-{width}s %7s %8s %s"
        lines = [*self._head(), (template % tuple(_TITLES), "reverse")]
        for row in self._activity.rows[:max(0, height - len(lines))]:
            lines.append(self._line(row, template, width))
        return lines

    def values(self, row):
        """The columns of one row, as --json has them; None is unknown."""
        task = row.task
        account = getattr(task, "account", None)
        return {
            "tid": self._system.address(task), "user": task.group, "pr": 20 + task.nice,
            "ni": task.nice, "s": letter_of(task), "%cpu": 100 * row.share, "time+": row.time,
            "command": task.name, "sw/s": row.rate,
            "schedp99": None if account is None else account.delay_p99(),
            "wchan": call_name(task),
        }

    def as_json(self):
        """All of it, as a dict."""
        load = self._system.load()
        return {
            "load": None if load is None else list(load),
            "tasks": self._activity.census._asdict(), "loop": self._activity.shares,
            "held": self._held, "rows": [self.values(row) for row in self._activity.rows],
        }

    def _accepts(self):
        """A function that tells whether a task is to be shown; None if all are."""
        word, chosen = self.filter, self._chosen
        if not word and not chosen:
            return None
        return lambda task: word in task.name and (not chosen or task in chosen)

    def _head(self):
        census, shares = self._activity.census, self._activity.shares
        parts = ", ".join(f"{100 * shares.get(name, 0.0):5.1f} {name}" for name in _SHARES)
        return [
            f"top - {uptime_line(self._system)}",
            f"Tasks: {census.total:3} total, {census.running:3} running, "
            f"{census.sleeping:3} sleeping, {census.stopped:3} stopped, {census.zombie:3} zombie",
            f"%Loop: {parts}",
            (self._held[0], "bold", "red") if self._held else (
                f"with {self.filter!r} in their names" if self.filter else ""),
            (self.message, "bold") if self.message else "",
        ]

    def _line(self, row, template, width):
        values = self.values(row)
        delay = values["schedp99"]
        values["%cpu"] = f"{values['%cpu']:.1f}"
        values["time+"] = cpu_text(row.time)
        values["command"] = printable(row.task.name)[:width]
        values["sw/s"] = f"{row.rate:.0f}"
        values["schedp99"] = None if delay is None else f"{1000 * delay:.1f}ms"
        cells = ["-" if value is None else value for value in values.values()]
        text = template % tuple(cells)
        return (text, "bold") if values["s"] == "R" else text

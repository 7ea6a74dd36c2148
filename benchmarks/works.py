"""The works: which there are, how one is named on the command line, and what a work's module says.

A module in `work/` has
    TITLE       what is measured, a phrase
    UNIT        "s" or "B": what its functions return, seconds or bytes; less is better
    SIZES       the arguments of its functions, a tuple of tuples; `((),)` where there are none
    BARE        what its `on_bare` is, where it has one
    on_...      the functions, see contenders.py; one for event loops takes `run` first
A work that serves has also
    load(server, *size)     which puts a load on a Server of serving.py and returns a Figure;
its functions take a listening socket before all else, and serve until they are ended.
"""

from __future__ import annotations

from importlib import import_module

from .contenders import CONTENDERS

__all__ = ["NAMES", "Work", "chosen"]

# In the order of the report: from a switch up to a web server.
NAMES = (
    "switch", "sleep_zero", "yield_from", "trampoline", "spawn_join", "kill_reap",
    "timers", "timeouts", "events", "queues", "locks",
    "sleeping_task", "idle_connection", "import_time", "start_time",
    "echo", "echo_streams", "lines", "http",
)


class Work:
    """One module of `work/`."""

    def __init__(self, name):
        self.name = name
        self.module = import_module(f".work.{name}", __package__)
        self.title, self.unit = self.module.TITLE, self.module.UNIT
        self.sizes = self.module.SIZES
        self.serves = hasattr(self.module, "load")

    def contenders(self):
        """{label: Contender}, minios first; those for which the work has a function."""
        table = getattr(self.module, "CONTENDERS", CONTENDERS)
        return {
            label: each for label, each in table.items() if hasattr(self.module, each.function)
        }

    def label(self, name):
        """What a contender is called in the report."""
        return self.module.BARE if name == "bare" else name

    def function(self, contender):
        """The function of a contender."""
        return getattr(self.module, contender.function)


def text_of(size):
    """A size as it is written: `100`, `50x1024`, or nothing."""
    return "x".join(map(str, size))


def chosen(names):
    """[(Work, sizes)] for names such as `switch`, `switch:100`, `echo:50x1024`; all for none.

    Each work once, with its sizes in its own order. Raises ValueError for what there is not.
    """
    wanted = {}
    for text in names or NAMES:
        name, _, size = text.partition(":")
        if name not in NAMES:
            raise ValueError(f"there is no work {name}; there are {', '.join(NAMES)}")
        work, sizes = wanted.setdefault(name, (Work(name), set()))
        some = [each for each in work.sizes if not size or text_of(each) == size]
        if not some:
            there = ", ".join(filter(None, map(text_of, work.sizes)))
            raise ValueError(f"{name} has no size {size}; it has {there or 'none'}")
        sizes.update(some)
    return [
        (work, [each for each in work.sizes if each in sizes]) for work, sizes in wanted.values()
    ]

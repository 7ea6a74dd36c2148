"""What minios promises of its speed and size beside its peers, and what came of it in one run.

A promise compares medians of the same run, on the same machine, and so can be checked on any.
"""

from __future__ import annotations

from collections import namedtuple

from tabulate import tabulate

from .works import Work, text_of

__all__ = ["TARGETS", "Verdict", "verdict_table", "verdicts"]

Verdict = namedtuple("Verdict", "work size promised measured met")
Verdict.__doc__ = """One promise: `measured` in words; `met` is a bool, None where it was not
measured."""

_EVERY = None       # size of a target that is promised for every size of its work


class AtMost(namedtuple("AtMost", "factor by")):
    """minios needs at most `factor` times what `by` does."""

    def promised(self, work):
        return f"at most {self.factor:g} x {work.label(self.by)}"

    def judge(self, medians, size, work):
        if (ratio := _ratio(medians, size, self.by)) is not None:
            return f"{ratio:.2f} x", ratio <= self.factor


class Faster(namedtuple("Faster", "factor by")):
    """`by` needs at least `factor` times what minios does."""

    def promised(self, work):
        return f"at least {self.factor:g} x as fast as {work.label(self.by)}"

    def judge(self, medians, size, work):
        if ratio := _ratio(medians, size, self.by):
            return f"{1 / ratio:.2f} x", 1 / ratio >= self.factor


class Less(namedtuple("Less", "by")):
    """minios needs less than `by`."""

    def promised(self, work):
        return f"less than {work.label(self.by)}"

    def judge(self, medians, size, work):
        if (ratio := _ratio(medians, size, self.by)) is not None:
            return f"{ratio:.2f} x", ratio < 1


class LessThanAll:
    """minios needs less than every peer: what is told is the one that comes closest."""

    def promised(self, work):
        return "less than every peer"

    def judge(self, medians, size, work):
        peers = [name for name in work.contenders() if name not in ("minios", "bare")]
        ratios = {name: _ratio(medians, size, name) for name in peers}
        missing = [name for name, ratio in ratios.items() if ratio is None]
        if len(missing) == len(peers):
            return None
        closest = max(set(peers) - set(missing), key=ratios.get)
        without = f", without {', '.join(missing)}" if missing else ""
        return f"{ratios[closest]:.2f} x {closest}{without}", ratios[closest] < 1


class Growth(namedtuple("Growth", "smaller factor")):
    """From one size to a larger one, what minios needs grows by less than `factor`."""

    def promised(self, work):
        return f"less than {self.factor:g} x that of {text_of(self.smaller)}"

    def judge(self, medians, size, work):
        before, after = medians.get((self.smaller, "minios")), medians.get((size, "minios"))
        if before and after:
            return f"{after / before:.2f} x", after / before < self.factor


# (work, size, what is promised)
TARGETS = (
    ("switch", (100,), AtMost(1.4, "bare")),
    ("switch", (100,), Faster(8, "asyncio")),
    ("switch", (100,), Faster(3.5, "uvloop")),
    ("switch", (100,), Faster(12, "trio")),
    ("switch", (100_000,), Growth((100,), 2)),
    ("sleep_zero", (100,), Faster(4, "asyncio")),
    ("sleep_zero", (100,), Faster(1.8, "uvloop")),
    ("spawn_join", _EVERY, Faster(4, "asyncio")),
    ("spawn_join", _EVERY, Faster(3, "uvloop")),
    ("kill_reap", _EVERY, LessThanAll()),
    ("timers", _EVERY, LessThanAll()),
    ("timeouts", _EVERY, LessThanAll()),
    ("events", _EVERY, LessThanAll()),
    ("queues", _EVERY, LessThanAll()),
    ("locks", _EVERY, LessThanAll()),
    ("sleeping_task", _EVERY, AtMost(0.6, "asyncio")),
    ("idle_connection", _EVERY, LessThanAll()),
    ("import_time", _EVERY, AtMost(0.3, "asyncio")),
    ("echo", (50, 1024), AtMost(1.15, "bare")),
    ("echo", (50, 1024), AtMost(1.05, "uvloop")),
    ("echo_streams", (50, 1024), Less("uvloop")),
    ("echo_streams", (50, 1024), AtMost(0.4, "asyncio")),
    ("http", _EVERY, Less("aiohttp")),
    ("http", _EVERY, Less("uvicorn-uvloop")),
)


def verdicts(data):
    """[Verdict], one for each target and size, of what `report.as_data` gives."""
    medians = {}
    for each in data["results"]:
        if each["median"] is not None:
            of_work = medians.setdefault(each["work"], {})
            of_work[tuple(each["size"]), each["by"]] = each["median"]
    found = []
    for name, size, promise in TARGETS:
        work = Work(name)
        for one in work.sizes if size is _EVERY else (size,):
            judged = promise.judge(medians.get(name, {}), one, work) or ("not measured", None)
            found.append(Verdict(name, one, promise.promised(work), *judged))
    return found


def verdict_table(data):
    """The verdicts, a line each."""
    words = {True: "met", False: "MISSED", None: ""}
    rows = [
        (each.work, text_of(each.size), each.promised, each.measured, words[each.met])
        for each in verdicts(data)
    ]
    return tabulate(rows, ("work", "size", "promised", "measured", ""), disable_numparse=True,
                    colalign=("left", "right", "left", "left", "left"))


def _ratio(medians, size, by):
    """The median of minios by that of `by`; None where one of them is not there."""
    ours, theirs = medians.get((size, "minios")), medians.get((size, by))
    return ours / theirs if ours is not None and theirs else None

"""What is told of the results: one table, and the same as JSON."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from tabulate import tabulate

from .works import text_of

__all__ = ["as_data", "in_words", "table"]

_SCALES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "B": ((1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")),
}
_HEADERS = ("work", "size", "by", "median", "spread", "x minios", "a second")


def scaled(value, unit):
    """`value` with a unit in which it is easy to read: `95.2 ns`."""
    for factor, name in _SCALES[unit]:
        if abs(value) >= factor or factor == _SCALES[unit][-1][0]:
            return f"{value / factor:.3g} {name}" if value / factor < 1000 else (
                f"{value / factor:.0f} {name}")


def ratios(results):
    """{(work's name, size, contender): its median by that of minios}, where both were measured."""
    medians = {
        (each.job.work.name, each.job.size, each.job.name): each.median()
        for each in results if each.counts()
    }
    return {
        key: value / medians[(*key[:2], "minios")]
        for key, value in medians.items() if medians.get((*key[:2], "minios"))
    }


def table(results):
    """The results as one table, with their ratios to minios in the same run."""
    by = ratios(results)
    rows, previous = [], None
    for each in results:
        work, name, size = each.job
        if not each.figures and each.problem is None:
            continue            # we were interrupted before
        place = (work.name, size)
        head = ("", "") if place == previous else (work.name, text_of(size))
        previous = place
        if not each.counts():
            rows.append((*head, work.label(name), "failed", "", "", ""))
            continue
        ratio, rate = by.get((*place, name)), each.rate()
        rows.append((
            *head, work.label(name), scaled(each.median(), work.unit), f"{each.spread():.0%}",
            "" if ratio is None else f"{ratio:.2f}", "" if rate is None else f"{rate:,.0f}",
        ))
    return tabulate(rows, _HEADERS, disable_numparse=True,
                    colalign=("left", "right", "left", "right", "right", "right", "right"))


def as_data(results, problems):
    """All of it in what JSON can express; values in seconds or bytes."""
    by = ratios(results)
    return {
        **conditions(results),
        "missing": problems,
        "results": [
            {
                "work": each.job.work.name, "title": each.job.work.title,
                "size": list(each.job.size), "by": each.job.name,
                "label": each.job.work.label(each.job.name), "unit": each.job.work.unit,
                "values": [figure.value for figure in each.figures],
                "median": each.median() if each.counts() else None,
                "ratio": by.get((each.job.work.name, each.job.size, each.job.name)),
                "rate": each.rate() if each.counts() else None, "problem": each.problem,
            }
            for each in results
        ],
    }


def conditions(results):
    """What the figures hold for: {"python": ..., "machine": ..., "versions": {package: ...}}."""
    modules = {
        name for each in results if each.counts()
        for name in each.job.work.contenders()[each.job.name].modules if name != "asyncio"
    }
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {name: _version(name) for name in sorted(modules)},
    }


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:        # it can be imported, and nothing is known of it
        return "?"


def in_words(conditions):
    """The same, as a line below the table; with a key `quick` that is true, it says that too."""
    versions = "".join(f", {name} {number}" for name, number in conditions["versions"].items())
    quick = "; a quick look, whose figures say little" if conditions.get("quick") else ""
    return f"Python {conditions['python']} on {conditions['machine']}{versions}{quick}"

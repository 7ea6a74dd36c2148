"""What is told of the results: one table, and the same as JSON."""

from __future__ import annotations

import platform
import sys

from tabulate import tabulate

from .works import text_of

__all__ = ["as_data", "table"]

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
        for each in results if each.figures
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
        work, name, size = each.job.work, each.job.name, each.job.size
        place = (work.name, size)
        head = ("", "") if place == previous else (work.name, text_of(size))
        previous = place
        if not each.figures:
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
        "python": sys.version.split()[0],
        "machine": f"{platform.system()} {platform.machine()}",
        "missing": problems,
        "results": [
            {
                "work": each.job.work.name, "title": each.job.work.title,
                "size": list(each.job.size), "by": each.job.name, "unit": each.job.work.unit,
                "values": [figure.value for figure in each.figures],
                "median": each.median() if each.figures else None,
                "ratio": by.get((each.job.work.name, each.job.size, each.job.name)),
                "rate": each.rate(), "problem": each.problem,
            }
            for each in results
        ],
    }

"""A comparison on paper: the sources, the outputs, whether they agree, and the figures."""

from tabulate import tabulate

from .columns import side_by_side, wrap
from .comparison import SIDES

__all__ = ["NARROWEST_REPORT", "report"]

NARROWEST_REPORT = 20
_TWO_COLUMNS = 60       # cells from which on two columns are easier to read than one


def report(comparison, width, with_source=True):
    """The rows of the report on `comparison`, each at most `width` cells wide.

    `width` is at least NARROWEST_REPORT.
    """
    parts = [wrapped([comparison.pair.about or comparison.pair.name], width)]
    if with_source:
        parts.append(sources(comparison.runs, width))
    parts.append(outputs(comparison.runs, width))
    for run in comparison.runs:
        if run.problem or run.errors:
            parts.append(complaint(run, width))
    if not comparison.failed() or not comparison.agrees():
        parts.append(verdict(comparison, width))
    parts.append(figures(comparison.runs, width))
    rows = []
    for part in parts:
        rows += [*part, ""]
    return rows[:-1]


def sources(runs, width):
    """The two programs."""
    return in_two([run.file.name for run in runs], [run.source() for run in runs], width)


def outputs(runs, width):
    """What the two programs wrote to stdout."""
    return in_two(
        [f"{run.file.name} prints" for run in runs], [run.output for run in runs], width
    )


def in_two(titles, texts, width):
    """Two texts under their titles: side by side, or one after the other where it is narrow."""
    left, right = (
        [title, "─" * len(title), *lines_of(text)]
        for title, text in zip(titles, texts, strict=True)
    )
    if width >= _TWO_COLUMNS:
        return side_by_side(left, right, width)
    return [*wrapped(left, width), "", *wrapped(right, width)]


def complaint(run, width):
    """How a program failed, and what it wrote to stderr."""
    said = run.problem or "ended well"
    if run.errors:
        said += "; it wrote to stderr:"
    return wrapped([f"{run.file.name} {said}", *lines_of(run.errors)], width)


def verdict(comparison, width):
    """Whether the outputs agree, and where they part if they do not."""
    difference = comparison.first_difference()
    if difference is None:
        return ["The outputs agree."]
    number, *lines = difference
    rows = [f"The outputs differ, first in line {number}:"]
    for side, line in zip(SIDES, lines, strict=True):
        rows.append(f"    {side:10}  {'no such line' if line is None else repr(line)}")
    return wrapped(rows, width)


def figures(runs, width):
    """The table of what the two programs took."""
    table = [[side, run.turns, run.wall, run.cpu] for side, run in zip(SIDES, runs, strict=True)]
    text = tabulate(
        table, ["", "turns", "wall ms", "CPU ms"], floatfmt=".2f", missingval="?",
        colalign=("left", "right", "right", "right"),
    )
    return wrapped(lines_of(text), width)


def lines_of(text):
    """The lines of a text, without a last empty one."""
    return text.removesuffix("\n").split("\n") if text else []


def wrapped(lines, width):
    """Every line in rows of at most `width` cells."""
    return [row.rstrip(" ") for line in lines for row in wrap(line, width)]

"""Tables: rows in columns, for any number of rows and without holding anybody up.

    table = Table([Column("TID"), Column("CMD", left=True)])
    for task in tasks:
        table.add([str(task.tid), task.name])
        if pace.is_over():
            yield REST
    yield from table.write(process)

Policy. As in ps(1), a terminal gets lines that fit it and everything else gets them whole. What is
wider than its column may become pushes the rest of its line to the right, so that one long cell
does not make a hundred thousand lines as long. What would move the cursor, in a name that somebody
gave to a task, is shown as an escape sequence of Python.

The cells wait for their widths as a few long strings, a block of rows for each. A hundred thousand
rows as lists of their own would set off the garbage collector, and even one long list takes it
several milliseconds to look through, in which nobody else can run.
"""

import json
from collections import deque
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from ..pace import Pace
from ..rest import REST
from .style import styled

__all__ = ["Column", "Table", "display_width", "fitted", "printable", "write_json"]

_WIDEST = 48        # that a column is padded to
_WIDEST_SHOWN = 30  # the same at a terminal, where what is longer is cut
_ROWS = 256         # rows of a block, which are written at once
_BLOCKS = 4         # blocks of a slice
_BETWEEN = "\0"     # cells of a block: in none of them, as it is not printable


class Column(NamedTuple):
    """One column: its header, on which side its cells stand, and what is cut off of a long one:
    its end, or, with `tail`, its beginning, as fits a path."""

    header: str
    left: bool = False
    tail: bool = False


class Table:
    """Rows of cells under `columns`, which are collected and then written, once."""

    def __init__(self, columns):
        self._columns = list(columns)
        self._cells = [[] for _ in self._columns]   # of the last block, by column
        self._blocks = deque()      # for each of the others, a list of a text for each column
        self._widths = [0] * len(self._columns)
        self._styles = {}           # number of the row -> names of styles, where it has any
        self._has_wide = False      # characters that take two places on the screen, or none

    def __len__(self):
        return len(self._blocks) * _ROWS + len(self._cells[0])

    def add(self, cells, *styles):
        """Add a row: a text for each column. `styles` are for the whole line: see style.py."""
        if styles:
            self._styles[len(self)] = styles
        for column, cell in zip(self._cells, cells, strict=True):
            if not cell.isascii():
                self._has_wide = True
            column.append(cell if cell.isprintable() else printable(cell))
        if len(self._cells[0]) == _ROWS:
            self._pack()

    def write(self, process, headers=True, whole=False):
        """Write the table to the standard output of `process`; a generator.

        `headers`: with a line of headers. `whole`: cut nothing at a terminal either.
        """
        output = process.stdout
        screen = None if whole else output.columns
        self._pack()
        line_of = self._formatter(headers, screen is not None)
        if headers:
            text = line_of([column.header for column in self._columns]).rstrip()
            yield from process.write(styled(output, fitted(text, screen), "bold") + "\n")
        number = 0
        while self._blocks:
            lines = [line_of(row) for row in self._unpack(screen is not None)]
            if screen is not None:
                lines = [fitted(line, screen) for line in lines]
            if self._styles and output.colors:
                lines = [styled(output, line, *self._styles.get(each, ()))
                         for each, line in enumerate(lines, number)]
            number += len(lines)
            lines.append("")
            yield from process.write("\n".join(lines))
            if len(self._blocks) % _BLOCKS == 0:
                yield REST      # others come in between, even where writing does not wait

    def _pack(self):
        """Make a block of the cells."""
        if self._cells[0]:
            measure = display_width if self._has_wide else len
            longest = [max(map(measure, cells)) for cells in self._cells]
            self._widths = list(map(max, self._widths, longest))
            self._blocks.append([_BETWEEN.join(cells) for cells in self._cells])
            for cells in self._cells:
                cells.clear()

    def _unpack(self, cut):
        """The rows of the next block. `cut`: shorten what is wide, but for the last column."""
        columns = [text.split(_BETWEEN) for text in self._blocks.popleft()]
        if cut:
            for number, column in enumerate(self._columns[:-1]):
                if column.left and self._widths[number] > _WIDEST_SHOWN:
                    columns[number] = [_shortened(cell, column.tail) for cell in columns[number]]
        return zip(*columns, strict=True)

    def _formatter(self, headers, cut):
        """A function that makes a line of cells."""
        widths, last = [], len(self._columns) - 1
        for number, (column, width) in enumerate(
            zip(self._columns, self._widths, strict=True)
        ):
            if cut and column.left:
                width = min(width, _WIDEST_SHOWN)
            width = max(min(width, _WIDEST), len(column.header) if headers else 0)
            # A line does not end in blanks.
            widths.append(0 if column.left and number == last else width)
        if self._has_wide:
            return lambda cells: " ".join(map(_padded, cells, widths, self._columns))
        template = " ".join(
            f"%{'-' if column.left else ''}{width or ''}s"
            for column, width in zip(self._columns, widths, strict=True)
        )
        return lambda cells: template % tuple(cells)


def _padded(cell, width, column):
    blanks = " " * (width - display_width(cell))
    return cell + blanks if column.left else blanks + cell


def _shortened(cell, tail):
    """`cell`, with a + in the place of what is too long, as ps(1) has it for users."""
    if display_width(cell) <= _WIDEST_SHOWN:
        return cell
    return "+" + cell[1 - _WIDEST_SHOWN:] if tail else fitted(cell, _WIDEST_SHOWN - 1) + "+"


def display_width(text):
    """How many places of a screen `text` takes: two for what is wide in Chinese or Japanese, none
    for an accent that stands on the character before (Unicode, UAX 11)."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(each) else 1 + (east_asian_width(each) in "WF") for each in text)


def fitted(text, width):
    """The beginning of `text` that is at most `width` wide (None: any width)."""
    if width is None or (text.isascii() and len(text) <= width):
        return text
    if text.isascii():
        return text[:width]
    taken = 0
    for number, each in enumerate(text):
        taken += display_width(each)
        if taken > width:
            return text[:number]
    return text


def printable(text):
    """`text` in one line, without what would steer a terminal."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def write_json(process, rows):
    """Write `rows`, any iterable of dicts, as a JSON list with a line for each; a generator."""
    pace, lines = Pace(), []
    before = "[\n  "
    for row in rows:
        lines.append(before + json.dumps(row, default=str))
        before = ",\n  "
        if len(lines) >= _ROWS:
            yield from process.write("".join(lines))
            lines.clear()
        if pace.is_over():
            yield REST
    lines.append("[]\n" if before.startswith("[") else "\n]\n")
    yield from process.write("".join(lines))

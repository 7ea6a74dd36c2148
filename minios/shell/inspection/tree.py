"""Trees of text, as pstree(1) draws them: any depth, any number of children, and in slices.

Across, the first child stands on its parent's line; down, each has a line of its own:

    shell-+-cat                 shell
          `-sort---3*[worker]     |-cat
                                  `-sort
                                      `-3*[worker]

Nothing recurses, and nothing beyond the width of the screen is kept, since a chain of 10,000 tasks
is indented by more than anybody wants to read.
"""

import locale
from typing import NamedTuple

from ..listing.columns import display_width, fitted
from ..listing.style import styled

__all__ = ["Entry", "draw", "glyphs"]


class _Glyphs(NamedTuple):
    """The lines of a tree, for both directions."""

    only: str           # before an only child
    first: str          # before the first of several
    middle: str         # before one that others follow
    last: str           # before the last
    beside: str         # on the lines below a middle one
    is_ascii: bool


_UTF8 = _Glyphs("───", "─┬─", "├─", "└─", "│ ", False)
_ASCII = _Glyphs("---", "-+-", "|-", "`-", "| ", True)


def glyphs(as_ascii, as_unicode):
    """The lines to draw with: those of Unicode where the locale has them, or as it is asked for."""
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return _ASCII if as_ascii or (encoding != "utf8" and not as_unicode) else _UTF8


class Entry(NamedTuple):
    """One node: what it is called, a function that gives the iterator of its children's entries,
    whether it is to stand out."""

    label: str
    children: object = None
    bold: bool = False


class _Line:
    """A line that is drawn: at most `width` wide (None: any), ending in a + where it is cut."""

    def __init__(self, output, width):
        self._output, self._width = output, width
        self._pieces, self.size = [], 0

    def add(self, text, bold=False):
        """Add a piece; what is beyond the width is dropped."""
        if not self._is_full():
            self.size += display_width(text)
            self._pieces.append((text, bold))

    def _is_full(self):
        return self._width is not None and self.size > self._width

    def text(self):
        """The line."""
        if not self._is_full():
            return "".join(map(self._styled, self._pieces)).rstrip()
        left, found = self._width - 1, []
        for text, bold in self._pieces:
            text = fitted(text, left)
            left -= display_width(text)
            found.append(self._styled((text, bold)))
        return "".join(found) + "+"

    def _styled(self, piece):
        text, bold = piece
        return styled(self._output, text, "bold") if bold else text


def draw(root, lines_of, output, width, down):
    """The lines of the tree of `root`, an Entry; a generator of them, and of None in between, so
    that who draws can give up the turn.

    `lines_of` are the glyphs; `width` is where lines are cut (None: nowhere); `down`: a line for
    each entry.
    """
    line = _Line(output, width)
    line.add(root.label, root.bold)
    path = [_Level(root, " " * (2 if down else line.size + 1))]
    while path:
        level = path[-1]
        entry = level.take()
        if entry is None:
            path.pop()
            continue
        is_last = level.is_last()
        if down or not level.is_first():
            yield line.text()
            line = _Line(output, width)
            line.add(_indent(path, width))
            line.add(lines_of.last if is_last else lines_of.middle)
        else:
            line.add(lines_of.only if is_last else lines_of.first)
        start = line.size
        line.add(entry.label, entry.bold)
        below = "  " if is_last else lines_of.beside
        path.append(_Level(entry, below + " " * (2 if down else line.size - start + 1)))
        yield None
    yield line.text()


def _indent(path, width):
    """What stands before the children of the last level of `path`, as far as it is seen."""
    pieces, size = [], 0
    for level in path:
        pieces.append(level.gap)
        size += len(level.gap)
        if width is not None and size > width:
            break
    return "".join(pieces)


class _Level:
    """The children of an entry that are still to be drawn. `gap` is what stands before them on
    lines of their own, behind what stands before the entry."""

    def __init__(self, entry, gap):
        self.gap = gap
        self._children = iter(() if entry.children is None else entry.children())
        self._next = next(self._children, None)
        self._taken = 0

    def take(self):
        """The next child; None behind the last."""
        entry = self._next
        if entry is not None:
            self._next = next(self._children, None)
            self._taken += 1
        return entry

    def is_first(self):
        """Whether what was taken was the first."""
        return self._taken == 1

    def is_last(self):
        """Whether what was taken was the last."""
        return self._next is None

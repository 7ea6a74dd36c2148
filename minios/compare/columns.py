"""Text in two columns that fit a terminal, whatever is in it.

Policy. A terminal has cells, not characters: a wide character takes two, a combining one none
(Unicode's East Asian Width, UAX #11). Nothing is cut: a line that is too long goes on in a
row that begins with a mark. Nothing is sent to the terminal that it would obey: tabs become
spaces, and other control characters and the invisible ones that turn the writing direction are
shown as escapes.
"""

import unicodedata
from itertools import zip_longest

__all__ = ["MARK", "NARROWEST", "cells", "side_by_side", "visible", "wrap"]

MARK = "↪ "             # a row that goes on where the one above ended
SEPARATOR = " │ "
NARROWEST = 8           # cells of the narrowest column there is

_TAB = 8
_JOINERS = "\u200c\u200d"       # invisible, and part of how words and emoji are written
_ESCAPED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def cells(text):
    """How many cells of a terminal `text` takes, if it is `visible`."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character):
    if unicodedata.category(character) in ("Mn", "Me") or character in _JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def visible(line):
    """`line` with its tabs expanded, and escapes for what would not show."""
    if line.isprintable():
        return line
    shown, width = [], 0
    for character in line:
        if character == "\t":
            character = " " * (_TAB - width % _TAB)
        elif unicodedata.category(character) in _ESCAPED and character not in _JOINERS:
            character = character.encode("unicode_escape", "surrogatepass").decode()
        shown.append(character)
        width += cells(character)
    return "".join(shown)


def wrap(line, width):
    """`line`, made visible, in rows of at most `width` cells: a list of at least one.

    Rows after the first have the line's indentation and MARK in front; without those, the
    rows joined are the line. Raises ValueError for a `width` below NARROWEST.
    """
    if width < NARROWEST:
        raise ValueError(f"a column has at least {NARROWEST} cells, not {width!r}")
    line = visible(line)
    indentation = min(len(line) - len(line.lstrip(" ")), width // 3)
    lead = " " * indentation + MARK
    rows, start = [], 0
    room = width
    while (end := _break(line, start, room)) < len(line):
        rows.append(line[start:end])
        start, room = end, width - cells(lead)
    rows.append(line[start:])
    return [rows[0], *(lead + row for row in rows[1:])]


def _break(line, start, room):
    """Where to end a row that begins at `start`: in its right half after a space, if there is
    one, or else after punctuation, or else where the room ends."""
    end, taken = start, 0
    for end in range(start, len(line)):
        taken += _cells_of(line[end])
        if taken > room:
            break
    else:
        return len(line)
    middle = start + (end - start) // 2
    for breaks in (" ", "([{,.=/"):
        place = max(line.rfind(mark, middle, end) for mark in breaks) + 1
        if place and _cells_of(line[place]):
            return place
    return end


def side_by_side(left, right, width):
    """Two sequences of lines as rows of two columns, of at most `width` cells in all.

    Line stands beside line. The room is shared as the lines need it, half and half if both
    need more. Raises ValueError for a `width` below two of NARROWEST and what is between them.
    """
    room = width - len(SEPARATOR)
    wanted_left, wanted_right = (_longest(lines) for lines in (left, right))
    fair = max(room // 2, room - wanted_right)
    column = max(NARROWEST, min(wanted_left, fair, room - NARROWEST))
    rows = []
    for one, other in zip_longest(left, right, fillvalue=""):
        pieces = zip_longest(wrap(one, column), wrap(other, room - column), fillvalue="")
        for piece, beside in pieces:
            padding = " " * (column - cells(piece))
            rows.append(f"{piece}{padding}{SEPARATOR}{beside}".rstrip(" "))
    return rows


def _longest(lines):
    return max((cells(visible(line)) for line in lines), default=0)

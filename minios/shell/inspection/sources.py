"""Places in a program, with their source lines: what `where`, `why` and `deadlocks` show.

A frame may belong to a task that runs on, in another thread, while it is looked at: each is read
once, and what has gone meanwhile is left out. The repr of a local variable is code of the program's
own, which may fail or be long: it is shown shortened, or as its type.
"""

import linecache
import reprlib
from typing import NamedTuple

from ..listing.columns import printable

__all__ = ["Place", "locals_of", "place_lines", "place_of_line", "places_of",
           "short_text"]

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60
_short.maxlevel = 2
_MOST_LOCALS = 30       # of one frame; a module's are often more


class Place(NamedTuple):
    """One place: the file, the line's number, the function and the line itself, "" if unknown."""

    file: str
    line: int
    function: str
    source: str

    @property
    def text(self):
        """`file.py:12`."""
        return f"{self.file}:{self.line}"


def places_of(frames):
    """The Places of `frames`, in their order."""
    return [_place(frame) for frame in frames]


def _place(frame):
    code = frame.f_code
    line = frame.f_lineno or code.co_firstlineno      # an instruction may be of no line
    source = linecache.getline(code.co_filename, line, frame.f_globals).strip()
    return Place(code.co_filename, line, code.co_qualname, source)


def place_of_line(text):
    """`file.py:12`, with the line behind it where it can be read: `file.py:12: with lock:`."""
    file, _, line = text.rpartition(":")
    source = linecache.getline(file, int(line)).strip() if line.isdigit() else ""
    return f"{text}: {printable(source)}" if source else text


def place_lines(place):
    """A Place in two lines, as a traceback of Python has it; one where the source is unknown."""
    lines = [f'  File "{place.file}", line {place.line}, in {place.function}']
    if place.source:
        lines.append(f"    {printable(place.source)}")
    return lines


def locals_of(frame):
    """The local variables of `frame`: a dict of names and short reprs."""
    try:
        found = list(frame.f_locals.items())
    except Exception:
        return {}       # they change at this very moment
    return {str(name): short_text(value) for name, value in found[:_MOST_LOCALS]}


def short_text(value):
    """The repr of `value`, shortened; its type where the repr fails."""
    try:
        text = _short.repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return printable(text if len(text) <= 200 else text[:197] + "...")

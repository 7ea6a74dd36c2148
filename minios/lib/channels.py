"""Channel: what tasks park on where an object has more than one thing to wait for."""

from __future__ import annotations

from collections import namedtuple

__all__ = ["Channel"]


class Channel(namedtuple("Channel", "what thing")):
    """One of the waits at `thing`, equal to every other of the same; ps shows `room in <Pipe>`."""

    __slots__ = ()

    def __repr__(self):
        return f"{self.what} {self.thing!r}"

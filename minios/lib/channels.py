"""Channel: what tasks park on where an object has more than one thing to wait for."""

from __future__ import annotations

from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Channel"]


class Channel:
    """One of the waits at `thing`; ps shows `room in <Pipe>`.

    It stands in the thing that it is of, which it therefore knows weakly.
    """

    __slots__ = ("what", "_thing")

    def __init__(self, what: str, thing: Any) -> None:
        self.what, self._thing = what, ref(thing)

    def __repr__(self):
        return f"{self.what} {self._thing()!r}"

"""SortedItems: what a PriorityQueue holds, smallest first.

No heap, which might find out in `pop`, with an item in its hands, that two cannot be compared.
Here an item is compared with its neighbours when it comes, or it does not come in. The items are
kept in chunks, so that inserting among a million moves a thousand at most.
"""

from __future__ import annotations

from bisect import bisect_right, insort_right

__all__ = ["SortedItems"]


class SortedItems:
    """Items in rising order; of equal ones, the one that came first stands first."""

    __slots__ = ("_chunks", "_lasts", "_size")

    CHUNK = 1024

    def __init__(self):
        self._chunks = []
        self._lasts = []    # the last item of each chunk, none of which is empty
        self._size = 0

    def __len__(self):
        return self._size

    def push(self, item):
        """Insert `item` behind those that are not greater."""
        chunks, lasts = self._chunks, self._lasts
        try:
            at = min(bisect_right(lasts, item), len(lasts) - 1)
            if at < 0:
                chunks.append([])
                lasts.append(item)
                at = 0
            insort_right(chunks[at], item)
        except TypeError as error:
            raise TypeError(
                f"{item!r} cannot be compared with what is in the PriorityQueue; (priority, "
                f"number, thing), with a number that differs, always can: {error}"
            ) from error
        self._size += 1
        lasts[at] = chunks[at][-1]
        if len(chunks[at]) > self.CHUNK:
            self._split(at)

    def _split(self, at):
        chunk = self._chunks[at]
        half = len(chunk) // 2
        self._chunks[at:at + 1] = chunk[:half], chunk[half:]
        self._lasts.insert(at, chunk[half - 1])

    def pop(self):
        """Take the smallest item."""
        first = self._chunks[0]
        item = first.pop(0)
        if not first:
            del self._chunks[0], self._lasts[0]
        self._size -= 1
        return item

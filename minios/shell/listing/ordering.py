"""Sorting in slices: by several keys, each up or down, without holding anybody up.

Runs of a few thousand are sorted at once, and merged with a pause where it is due. Both are stable,
so that to sort by several keys is to sort by each of them, the last one first.
"""

from heapq import merge

from ..pace import Pace
from ..rest import REST

__all__ = ["order_by", "sortable"]

_RUN = 2048         # items that are sorted at once


def sortable(value, left):
    """What stands for a cell's `value` in a sort: in a column of text, one that is `left`, its
    text; else the number. What is unknown comes first, what is no number last."""
    if value is None:
        return "" if left else float("-inf")
    if left:
        return str(value)
    return value if isinstance(value, (int, float)) else float("inf")


def order_by(values, order, descending):
    """The numbers of `order`, sorted by what `values` has at each; a generator."""
    key = values.__getitem__
    runs = []
    for start in range(0, len(order), _RUN):
        runs.append(sorted(order[start:start + _RUN], key=key, reverse=descending))
        yield REST
    if len(runs) < 2:
        return runs[0] if runs else []
    pace, result = Pace(), []
    for number in merge(*runs, key=key, reverse=descending):
        result.append(number)
        if pace.is_over():
            yield REST
    return result

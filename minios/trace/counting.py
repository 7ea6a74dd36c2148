"""Counts: how many calls of each name, how long they took, and the table of `strace -c`."""

from __future__ import annotations

__all__ = ["Counts", "SORTS", "count_table"]

_RULE = "------ ----------- ----------- --------- --------- ----------------"
_HEAD = "% time     seconds  usecs/call     calls    errors syscall"

# -S: what the table is sorted by, the most first.
SORTS = {
    "time": lambda row: (-row.seconds, row.name), "calls": lambda row: (-row.calls, row.name),
    "errors": lambda row: (-row.errors, row.name), "name": lambda row: row.name,
    "nothing": lambda row: 0,
}


class Count:
    """The calls of one name: `kernel` and `waits` are the seconds that the kernel took to carry
    them out, and those from the call to its answer."""

    __slots__ = ("name", "calls", "errors", "kernel", "waits")

    def __init__(self, name):
        self.name = name
        self.calls = self.errors = 0
        self.kernel = self.waits = 0.0


class Counts(dict):
    """name -> Count, in the order in which they were first seen."""

    def __missing__(self, name):
        count = self[name] = Count(name)
        return count

    def handled(self, name, seconds):
        """The kernel has seen to a call: it is answered, or blocks its task."""
        self[name].kernel += seconds

    def ended(self, name, seconds, error):
        """A call has its answer."""
        count = self[name]
        count.calls += 1
        count.errors += error
        count.waits += seconds

    def add(self, other):
        """Add the counts of another kernel."""
        for name, count in list(other.items()):
            mine = self[name]
            mine.calls += count.calls
            mine.errors += count.errors
            mine.kernel += count.kernel
            mine.waits += count.waits


class _Row:
    def __init__(self, count, waits):
        self.name, self.calls, self.errors = count.name, count.calls, count.errors
        self.seconds = count.waits if waits else count.kernel


def count_table(counts, sort="time", waits=False):
    """The table as strace(1) prints it, lines of text.

    `seconds` is the time that the kernel took for the calls, with `waits` (strace -w) the time from
    the call to its answer. `sort` is a key of SORTS.
    """
    rows = sorted((_Row(count, waits) for count in counts.values()), key=SORTS[sort])
    total = sum(row.seconds for row in rows)
    lines = [_HEAD, _RULE]
    for row in rows:
        share = 100 * row.seconds / total if total else 0.0
        lines.append(_line(share, row.seconds, row.calls, row.errors, row.name))
    calls, errors = sum(row.calls for row in rows), sum(row.errors for row in rows)
    lines += [_RULE, _line(100.0, total, calls, errors, "total")]
    return "".join(f"{line}\n" for line in lines)


def _line(share, seconds, calls, errors, name):
    each = int(seconds * 1e6 / calls) if calls else 0
    return f"{share:6.2f} {seconds:11.6f} {each:11} {calls:9} {errors or '':>9} {name}"

"""Who waits for whom: the graph of the tasks, taken in slices, and what stands on its edges.

An edge leads from a task to one that could end its wait. What it waits on, a lock say, may know
where it was taken.
"""

from syscalls import Park

from ...kernel.deadlock import search_cycles, wait_edges
from ..pace import Pace
from ..rest import REST

__all__ = ["channel_of", "taken_at", "tid_of", "wait_graph"]


def wait_graph(system):
    """The graph as (edges, cycles); a generator.

    `edges` is a dict of the tasks that wait for others, and the lists of those; `cycles` is a list
    of lists: see kernel/deadlock.py.
    """
    pace, edges, alone = Pace(), {}, {}
    for task in system.tasks():
        targets = wait_edges(task)
        if len(targets) == 1:
            # Where 100,000 wait for one, as many lists would set off the garbage collector.
            edges[task] = alone.setdefault(targets[0], targets)
        elif targets:
            edges[task] = targets
        if pace.is_over():
            yield REST
    search = search_cycles(edges)
    while True:
        try:
            next(search)
        except StopIteration as found:
            return edges, found.value
        if pace.is_over():
            yield REST


def channel_of(task):
    """The object that `task` is parked on; None where it waits in another way."""
    call = task.call
    return call.channel if isinstance(call, Park) else None


def taken_at(task, target):
    """`file.py:12`, where `target` took what `task` waits for; None where that is unknown."""
    channel = channel_of(task)
    try:
        place = channel.taken_at if channel.owner is target else None
    except Exception:
        return None     # it is no lock
    return place if place and isinstance(place, str) else None


def tid_of(system, task):
    """What names `task` in JSON: its tid as a number, `"2/5"` for one of another kernel."""
    address = system.address(task)
    return int(address) if address.isdigit() else address

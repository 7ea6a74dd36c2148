"""Who is parked on which channel: the kernel side of Park and Wake.

A parked task stands in a place, a list of the task and the queue that it is in. It is emptied when
the task leaves: so one that is killed leaves the middle of a queue in O(1), and whoever wakes the
queue passes over its place. Nearly always a task is alone on its channel, and its place stands
there itself; a queue comes with the second task. (An OrderedDict of tasks would do the same, and
takes longer.)
"""

from collections import deque

__all__ = ["Parking"]


class _Queue(deque):
    """Places by arrival; `empty` counts those that are."""

    __slots__ = ("empty",)

    def tidy(self):
        """Drop the empty places where they are the most, as the heap of timers does."""
        if self.empty * 2 > len(self):
            kept = [place for place in self if place[0] is not None]
            self.clear()
            self.extend(kept)
            self.empty = 0


class Parking:
    """The parked tasks. Invariant: a channel is a key exactly while somebody is parked on it, and
    the token of a parked task is its place."""

    __slots__ = ("_kernel", "_channels")

    def __init__(self, kernel):
        self._kernel = kernel
        self._channels = {}

    def park(self, channel, task):
        """Put `task` at the end of the queue of `channel`."""
        place = [task, None]
        there = self._channels.setdefault(channel, place)
        task.token = place
        if there is place:
            return
        if type(there) is list:
            if there[0] is None:        # it could not be found by its channel when it was left
                self._channels[channel] = place
                return
            queue = self._channels[channel] = there[1] = _Queue((there,))
            queue.empty = 0
            there = queue
        there.append(place)
        place[1] = there

    def leave(self, channel, task):
        """Take `task` out of the queue of `channel`."""
        place, task.token = task.token, None
        place[0], queue = None, place[1]
        if queue is not None:
            queue.empty += 1
            queue.tidy()
        # The hash of the channel may have changed meanwhile, and another be found there.
        if self._channels.get(channel) is (place if queue is None else queue) and not queue:
            del self._channels[channel]

    def wake(self, channel, n, value):
        """Resume up to `n` tasks (None: all) with `value`; return them, in that order."""
        there = self._channels.get(channel)
        if there is None or n is not None and n <= 0:
            return []
        if type(there) is list:
            woken = [there[0]]
            del self._channels[channel]
            if there[0] is None:
                return []       # as in `park`
        else:
            woken = _taken(there, n)
            if len(there) == there.empty:
                del self._channels[channel]
        ready = self._kernel.ready
        for task in woken:
            task.call = task.token = None   # kernel.resume(task, value), without the inner call
            task.value = value
            ready.append(task)
        return woken

    def parked(self, channel=None):
        """The tasks parked on `channel`, or on any: for checks and reports."""
        found = self._channels.values() if channel is None else [self._channels.get(channel, ())]
        places = [place for there in found for place in ([there] if type(there) is list else there)]
        return [place[0] for place in places if place[0] is not None]


def _taken(queue, n):
    """The tasks of the first `n` places (None: of all) that are not empty, which are given up."""
    taken = []
    while queue and (n is None or len(taken) < n):
        task = queue.popleft()[0]
        if task is None:
            queue.empty -= 1
        else:
            taken.append(task)
    return taken

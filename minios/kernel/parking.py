"""Who is parked on which channel: the kernel side of Park and Wake.

Nearly always it is one task, which stands in a list; an OrderedDict takes the list's place when a
second comes, because it gives first come, first served, and a task that is killed leaves the
middle of the queue in O(1).
"""

from collections import OrderedDict

__all__ = ["Parking"]


class Parking:
    """The parked tasks. Invariant: a channel is a key exactly while somebody is parked on it, and
    the token of a parked task is the queue that it stands in."""

    __slots__ = ("_kernel", "_channels")

    def __init__(self, kernel):
        self._kernel = kernel
        self._channels = {}

    def park(self, channel, task):
        """Put `task` at the end of the queue of `channel`."""
        queue = self._channels.get(channel)
        if queue is None:
            self._channels[channel] = task.token = [task]
            return
        if type(queue) is list:
            first = queue[0]
            queue = self._channels[channel] = first.token = OrderedDict({first: None})
        queue[task] = None
        task.token = queue

    def leave(self, channel, task):
        """Take `task` out of the queue of `channel`."""
        # By the token and not by the channel, whose hash may have changed meanwhile.
        queue, task.token = task.token, None
        if type(queue) is list:
            queue.clear()
        else:
            del queue[task]
        if not queue and self._channels.get(channel) is queue:
            del self._channels[channel]

    def wake(self, channel, n, value):
        """Resume up to `n` tasks (None: all) with `value`; return them, in that order."""
        woken = self._channels.get(channel)
        if not woken or n == 0:     # empty: its channel's hash has changed, see `leave`
            return []
        if type(woken) is list:
            del self._channels[channel]
        else:
            queue = woken
            n = len(queue) if n is None else min(n, len(queue))
            woken = [queue.popitem(last=False)[0] for _ in range(n)]
            if not queue:
                del self._channels[channel]
        ready = self._kernel.ready
        for task in woken:
            task.call = task.token = None   # kernel.resume(task, value), without the inner call
            task.value = value
            ready.append(task)
        return woken

    def parked(self, channel=None):
        """The tasks parked on `channel`, or on any: for checks and reports."""
        queues = self._channels.values() if channel is None else [self._channels.get(channel, ())]
        return [task for queue in queues for task in queue]

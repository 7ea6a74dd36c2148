"""Stopping the world, to look around, and letting it go on.

Which tasks were stopped is kept with each kernel, and not with the shell that has done it: another
shell can let them go on when this one has left.
"""

from signal import SIGCONT, SIGSTOP
from weakref import WeakKeyDictionary

from ..pace import Pace
from ..rest import REST

__all__ = ["freeze", "frozen", "thaw"]

_SLICE = 128        # tasks that get the signal in one turn of their kernel

_frozen: WeakKeyDictionary = WeakKeyDictionary()    # kernel -> the tids of its stopped tasks


def frozen(system):
    """The tasks that are stopped by `freeze` and live still."""
    if not any(_frozen.get(kernel) for kernel in system.kernels()):
        return []
    return [task for task in system.tasks() if task.tid in _frozen.get(task.kernel, ())]


def freeze(system, spared):
    """Stop all tasks but those that `spared(task)` says; a generator. Returns how many have been
    stopped, and how many cannot be: asyncio tasks of another make, and the event loop itself."""
    chosen, others, pace = [], 0, Pace()
    for task in system.tasks():
        if hasattr(task, "deliver"):
            others += 1
        elif not task.stopped and not spared(task):
            chosen.append(task)
        if pace.is_over():
            yield REST
    stopped = yield from _signal(system, chosen, SIGSTOP, _stop_some)
    return stopped, others


def thaw(system):
    """Let those go on that `freeze` has stopped; a generator. Returns how many."""
    return (yield from _signal(system, frozen(system), SIGCONT, _continue_some))


def _signal(system, tasks, signum, function):
    by_kernel, n = {}, 0
    for task in tasks:
        by_kernel.setdefault(task.kernel, []).append(task)
    for kernel, chosen in by_kernel.items():
        for start in range(0, len(chosen), _SLICE):
            some = chosen[start:start + _SLICE]
            n += yield from system.call(function, kernel, some, signum, kernel=kernel)
            yield REST
    return n


def _stop_some(kernel, tasks, signum):
    """In the kernel's thread: stop those that have not ended or been stopped meanwhile."""
    n, tids = 0, _frozen.setdefault(kernel, set())
    for task in tasks:
        if not task.done() and not task.stopped:
            kernel.send_signal(task, signum, None, "freeze")
            tids.add(task.tid)
            n += 1
    return n


def _continue_some(kernel, tasks, signum):
    """In the kernel's thread: continue those that are still stopped."""
    n = 0
    for task in tasks:
        _frozen[kernel].discard(task.tid)
        if not task.done() and task.stopped:
            kernel.send_signal(task, signum, None, "thaw")
            n += 1
    return n

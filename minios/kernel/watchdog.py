"""The watchdog: a task that holds the CPU too long is reported while it still holds it.

One daemon thread for all kernels of the program looks a few times a second at which task has
its turn, and at how many turns that task has had. If neither has changed for `slow_turn`
seconds, the task is in one and the same turn, and its stack is logged. The run loop pays
nothing for it: it keeps both facts anyway. A lodger of the kernel is asked what it runs.
"""

import _thread  # `threading` takes several times as long to import
import sys

from .log import log_slow_turn

__all__ = ["forget_all", "unwatch", "watch"]

_lock = _thread.allocate_lock()
_watched: dict = {}     # kernel -> _Sight, while it runs
_LONGEST = 0.5          # seconds between two looks: a kernel that has just booted may be impatient
_LINGER = 0.02          # seconds in which the thread waits for another kernel, before it ends
_patrolling = False
_bell = _thread.allocate_lock()     # released to wake the thread
_bell.acquire()


class _Sight:
    """What was seen of a kernel at the last look: whose turn it was, since when, reported?"""

    __slots__ = ("turn", "looks", "reported")

    def __init__(self):
        self.turn, self.looks, self.reported = None, 0, False


def watch(kernel):
    """Watch `kernel` as long as it runs; the thread starts with the first kernel."""
    global _patrolling
    if kernel.slow_turn == float("inf"):
        return
    with _lock:
        _watched[kernel] = _Sight()
        if not _patrolling:
            _thread.start_new_thread(_patrol, ())
            _patrolling = True


def unwatch(kernel):
    """Look at `kernel` no more."""
    with _lock:
        _watched.pop(kernel, None)
        # The thread is not to outlive the last kernel: it may have imported `threading`, which
        # would then take it for the main thread and wait for it when the program exits.
        if not _watched and _patrolling and _bell.locked():
            _bell.release()


def forget_all():
    """This is a forked child: none of the kernels runs here, nor does the thread."""
    global _patrolling, _lock, _bell
    _patrolling = False
    _watched.clear()
    _lock, _bell = _thread.allocate_lock(), _thread.allocate_lock()
    _bell.acquire()


def _patrol():
    """Look at every kernel, at half the shortest interval that any of them asks for."""
    global _patrolling
    lingered = False
    while True:
        with _lock:
            interval = min((kernel.slow_turn for kernel in _watched), default=None)
            if interval is None and lingered:
                _patrolling = False     # under the lock: the next `watch` starts another
                return
            lingered = interval is None
        _bell.acquire(timeout=_LINGER if lingered else min(interval / 2, _LONGEST))
        with _lock:
            kernels = list(_watched.items())
        for kernel, sight in kernels:
            _look(kernel, sight)
        kernels.clear()
        kernel = sight = None       # hold no kernel while asleep


def _look(kernel, sight):
    turn, what = _turn_of(kernel)
    if turn is None or turn != sight.turn:
        sight.turn, sight.looks, sight.reported = turn, 0, False
        return
    sight.looks += 1
    if sight.looks >= 2 and not sight.reported:
        sight.reported = True
        frame = sys._current_frames().get(kernel.thread)
        if frame is not None and _turn_of(kernel)[0] == turn:
            log_slow_turn(what, kernel.slow_turn, frame)


def _turn_of(kernel):
    """Whose turn it is, as something to compare and something to say; (None, None) if nobody's."""
    task = kernel.current
    if task is not None:
        return (task.tid, task.switches), task
    frame = sys._current_frames().get(kernel.thread)
    running = None if frame is None else kernel.lodger.running(frame)
    return running, running

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
    """What was seen of a kernel at the last look: whose turn it was, how often, what that is."""

    __slots__ = ("turn", "looks", "what")

    def __init__(self):
        self.turn, self.looks, self.what = None, 0, None


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
    turn = _turn_of(kernel)
    if turn is None or turn != sight.turn:
        sight.turn, sight.looks, sight.what = turn, 0, None
        return
    sight.looks += 1
    if sight.looks == 1:
        sight.what = _what_runs(kernel)
    elif sight.looks == 2 and sight.what is not None and _what_runs(kernel) is sight.what:
        frame = sys._current_frames().get(kernel.thread)
        if frame is not None and _turn_of(kernel) == turn:
            log_slow_turn(sight.what, kernel.slow_turn, frame)
        sight.what = None


def _turn_of(kernel):
    """Whose turn it is, as something to compare; None if nobody's.

    A lodger's callbacks are known by the round that they are run in. (sys._current_frames would
    tell more. But it is not for every look: in Python 3.13 it breaks a program that has
    interpreters with a GIL of their own.)
    """
    task = kernel.current
    if task is not None:
        return id(task), task.switches
    if kernel.thread is None or kernel.lodger.is_nobody or kernel.is_idle():
        return None
    return None, kernel.rounds


def _what_runs(kernel):
    """The task that has its turn, or what the lodger runs."""
    task = kernel.current
    if task is not None:
        return task
    frame = sys._current_frames().get(kernel.thread)
    return None if frame is None else kernel.lodger.running(frame)

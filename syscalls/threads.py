"""The threads that a kernel offloads to: a thread pool that no program has to wait for.

Policy. A thread is made when a function comes and all are busy, up to a limit; then functions
queue. The threads are daemons, unlike those of the standard ThreadPoolExecutor, for which every
program waits at its exit: a task that is killed while its thread blocks, in a read that never
returns for example, would keep the program from ending. Here the kernel's shutdown is the end,
and a function that has outlived it is cut off when the program exits.
"""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future
from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Threads"]


class Threads(Executor):
    """An executor of up to `limit` daemon threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._threads: list[threading.Thread] = []
        self._jobs: SimpleQueue = SimpleQueue()     # (future, function, args, kwargs), or None
        self._idle = 0      # threads that have nothing to do and have been promised nothing
        self._lock = threading.Lock()
        self._ended = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Call `function(*args, **kwargs)` in a thread. Returns the Future.

        Raises RuntimeError after `shutdown()`, or where not even one thread can be started.
        """
        future: Future = Future()
        with self._lock:
            if self._ended:
                raise RuntimeError("these threads have been shut down: their kernel has ended")
            if self._idle:
                self._idle -= 1
            elif len(self._threads) < self._limit:
                self._start_thread()
            self._jobs.put((future, function, args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more functions; the threads end when they have done what they were given.

        `cancel_futures` drops what has not begun.
        """
        dropped = []
        with self._lock:
            self._ended = True
            while cancel_futures and not self._jobs.empty():
                dropped.append(self._jobs.get())
            for _ in self._threads:
                self._jobs.put(None)
        # Outside of the lock, since whoever hears of it may well ask for something new.
        for job in dropped:
            if job is not None:
                job[0].cancel()
        for thread in self._threads if wait else ():
            thread.join()

    def _start_thread(self):
        name = f"minios-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            if not self._threads:
                raise       # the system allows no more threads, and there is none to wait for
        else:
            self._threads.append(thread)

    def _work(self):
        while True:
            job = self._jobs.get()
            if job is None:
                return
            _carry_out(*job)
            del job         # hold nothing while idle
            with self._lock:
                self._idle += 1


def _carry_out(future, function, args, kwargs):
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        # Without this frame, which says nothing.
        future.set_exception(error.with_traceback(error.__traceback__.tb_next))
    else:
        future.set_result(result)
    finally:
        # The frame that failed knows who called it: this one would live as long as the error.
        future = function = args = kwargs = None

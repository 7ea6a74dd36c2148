"""Offload: let a thread, a process or another machine work for a task.

Any `concurrent.futures.Executor` will do; that of dask.distributed reaches a whole cluster.
"""

from __future__ import annotations

from errno import ECANCELED

from .base import SystemCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from typing import Any

__all__ = ["Offload"]

_THREADS = 32       # of the executor that a kernel makes for itself


class Offload(SystemCall):
    """Call `function(*args)` on `executor` while other tasks run. Returns what it returns.

    Without an `executor`, the kernel's own is used, `kernel.executor`: threads, of which it
    makes up to 32 as they are needed. Raises what the function raises, and what the executor
    says where it is broken or has been shut down. A task that is killed cancels the future:
    what has not begun never will; a function that has begun in a thread runs on, as threads
    cannot be stopped, and nobody hears what becomes of it.
    """

    __slots__ = ("function", "args", "executor")

    def __init__(
        self, function: Callable[..., Any], *args: Any, executor: Executor | None = None
    ) -> None:
        if not callable(function):
            raise TypeError(f"Offload takes a function and its arguments, not {function!r}")
        if executor is not None and not hasattr(executor, "submit"):
            raise TypeError(f"{executor!r} is no executor of concurrent.futures")
        self.function, self.args, self.executor = function, args, executor

    def handle(self, kernel, task):
        executor = self.executor or kernel.executor or _own_executor(kernel)
        future = executor.submit(self.function, *self.args)
        task.token = future
        kernel.hold()
        # Called in the thread of the executor, or here and now where it is done already.
        future.add_done_callback(
            lambda future: kernel.call_from_thread(self._arrived, kernel, task, future)
        )

    def _arrived(self, kernel, task, future):
        """In the kernel's thread: the future is done."""
        if task.call is not self or task.token is not future:
            return      # the task was killed meanwhile; `cancel` has released the kernel
        task.token = None
        kernel.release()
        if future.cancelled():
            kernel.throw(task, OSError(ECANCELED, f"{self!r} was cancelled by its executor"))
        elif future.exception() is not None:
            kernel.throw(task, future.exception())
        else:
            kernel.resume(task, future.result())

    def cancel(self, kernel, task):
        future, task.token = task.token, None
        kernel.release()
        future.cancel()

    def arguments(self):
        function = getattr(self.function, "__qualname__", None) or repr(self.function)
        return [function, *(repr(argument) for argument in self.args)]


def _own_executor(kernel):
    """The threads of `kernel`, made when they are first needed."""
    from concurrent.futures import ThreadPoolExecutor  # heavy, and seldom needed

    kernel.executor = executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="minios")

    def shut_down():
        kernel.executor = None
        executor.shutdown(wait=False, cancel_futures=True)

    kernel.at_exit(shut_down)
    return executor

"""Offload: let a thread, a process or another machine work for a task.

Any `concurrent.futures.Executor` will do; that of dask.distributed reaches a whole cluster.

What an executor says comes from another thread, or, where it works on the spot, in the middle
of `handle`. Both go through the kernel's inbox, so that a task is resumed between two turns and
never before it is blocked. Until then the kernel is held: it sees no deadlock, and virtual time
stands still, while somebody works for it.
"""

from __future__ import annotations

from errno import ECANCELED

from .base import SystemCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future
    from typing import Any

__all__ = ["Offload"]

_THREADS = 32       # of the executor that a kernel makes for itself


class Offload(SystemCall):
    """Call `function(*args)` on `executor` while other tasks run. Returns what it returns.

    Without an `executor`, that of the kernel is used: `kernel.executor`, which may be set, or
    else up to 32 threads of the kernel's own. Raises what the function raises, and what the
    executor says where it is broken or has been shut down; OSError (ECANCELED) where the
    executor drops the function, RuntimeError in place of StopIteration (PEP 479), TypeError
    for what is no function or no executor.

    A task that is killed cancels the future: what has not begun never will. A function that
    has begun in a thread runs on, as threads cannot be stopped, and nobody hears what becomes
    of it: neither the kernel's end nor the program's exit waits for it.
    """

    __slots__ = ("function", "args", "executor")

    def __init__(
        self, function: Callable[..., Any], *args: Any, executor: Executor | None = None
    ) -> None:
        if not callable(function):
            raise TypeError(f"Offload takes a function and its arguments, not {function!r}")
        if executor is not None:
            _check_executor(executor)
        self.function, self.args, self.executor = function, args, executor

    def submit(self, executor: Executor) -> Future:
        """Kernel side: hand the function to `executor`."""
        return executor.submit(self.function, *self.args)

    def handle(self, kernel, task):
        executor = self.executor
        if executor is None:
            executor = _executor_of(kernel)
        try:
            future = self.submit(executor)
        except BaseException as error:
            # One that works on the spot may let out whatever the function raises, and SystemExit
            # would be taken for the kernel's own.
            kernel.throw(task, error)
            return
        _check_future(future, executor)
        # Called in a thread of the executor, or here and now where the future is done already.
        future.add_done_callback(
            lambda future: kernel.call_from_thread(self._arrived, kernel, task, future)
        )
        task.token = future
        kernel.hold()

    def _arrived(self, kernel, task, future):
        """In the kernel's thread: the future is done."""
        # The call alone would not tell: the task may have been killed out of this one and have
        # yielded the same object again.
        if task.call is not self or task.token is not future:
            return
        task.token = None
        kernel.release()
        if future.cancelled():
            kernel.throw(task, OSError(ECANCELED, f"{self!r} was cancelled by its executor"))
            return
        error = future.exception()
        if error is None:
            kernel.resume(task, future.result())
        elif isinstance(error, StopIteration):
            # Thrown into a generator it would say that the generator has returned.
            stopped = RuntimeError(f"{self!r} raised StopIteration")
            stopped.__cause__ = error
            kernel.throw(task, stopped)
        else:
            kernel.throw(task, error)

    def cancel(self, kernel, task):
        future, task.token = task.token, None
        kernel.release()
        future.cancel()

    def arguments(self):
        function = getattr(self.function, "__qualname__", None) or repr(self.function)
        return [function, *(repr(argument) for argument in self.args)]


def _check_executor(executor):
    from concurrent.futures import Executor  # whoever has an executor has this module

    if not isinstance(executor, Executor):
        hint = ""
        if hasattr(executor, "get_executor"):
            hint = "; that of a dask client is client.get_executor(pure=False)"
        raise TypeError(f"{executor!r} is no executor of concurrent.futures{hint}")


def _check_future(future, executor):
    from concurrent.futures import Future

    if not isinstance(future, Future):
        raise TypeError(f"submit() of {executor!r} returned {future!r}, which is no Future")


def _executor_of(kernel):
    """The executor of the calls that name none; threads, made when they are first needed."""
    if kernel.executor is not None:
        _check_executor(kernel.executor)
        return kernel.executor
    from .threads import Threads  # heavy, and seldom needed

    kernel.executor = executor = Threads(_THREADS)

    def shut_down():
        if kernel.executor is executor:
            kernel.executor = None
        executor.shutdown(wait=False, cancel_futures=True)

    kernel.at_exit(shut_down)
    return executor

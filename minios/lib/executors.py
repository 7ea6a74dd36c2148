"""to_thread: call a function that blocks, or computes for long, in a thread.

It is the system call Offload with what a plain call would have: keyword arguments, and the
caller's context variables.
"""

from __future__ import annotations

from contextvars import copy_context

from syscalls import Offload

from .blocking import blocking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

__all__ = ["to_thread"]


@blocking
def to_thread(
    function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> Generator[Any, Any, R]:
    """Call `function(*args, **kwargs)` in a thread. Returns what it returns, raises what it raises.

    The function runs in a copy of the caller's contextvars context, on `kernel.executor`. If the
    caller is killed, a function that has not begun never will; one that has runs on unheard.
    """
    return (yield _InThread(function, args, kwargs))


class _InThread(Offload):
    """An Offload with keyword arguments and a context."""

    __slots__ = ("_kwargs", "_context")

    def __init__(self, function, args, kwargs):
        super().__init__(function, *args)
        self._kwargs = kwargs
        self._context = copy_context()

    def submit(self, executor):
        return executor.submit(self._context.run, self.function, *self.args, **self._kwargs)

    def arguments(self):
        keywords = (f"{name}={value!r}" for name, value in self._kwargs.items())
        return [*super().arguments(), *keywords]

    def __repr__(self):
        return f"to_thread({', '.join(self.arguments())})"

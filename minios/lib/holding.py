"""Holding a lock, a semaphore or a condition for the length of a block, in both kinds of code.

`with (yield from lock):` is how Python 3.4 wrote it: what is yielded from acquires the lock, and
gives a context manager that releases it. `async with` is two operations that can be awaited.
"""

from __future__ import annotations

from syscalls.base import running
from syscalls.errors import KernelError

from .blocking import blocking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType
    from typing import Any

__all__ = ["Holdable", "Holding"]


class Holdable:
    """What is acquired and released, for the length of a block too.

        with (yield from lock):         # in a generator
        async with lock:                # in a coroutine; `with (await lock):` works as well
    """

    __slots__ = ("__weakref__",)

    def acquire(self) -> Any:
        """A blocking operation that returns True."""
        raise NotImplementedError

    def release(self) -> None:
        """Give it back; does not block."""
        raise NotImplementedError

    def _leave(self, task, error):
        """Give back what `task` acquired for a block, which is left by `error` (None: its end)."""
        self.release()

    # Not @blocking: Python refuses what is marked as awaitable from `__await__`, which has to
    # return a plain iterator (PEP 492).
    def __iter__(self) -> Generator[Any, Any, Holding]:
        yield from self.acquire()
        return Holding(self, _current_task_or_none())

    __await__ = __iter__

    def __aenter__(self) -> Any:
        return self.acquire()

    @blocking
    def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Generator[Any, Any, None]:
        self._leave(_current_task_or_none(), error)
        return
        yield

    def __enter__(self) -> None:
        raise KernelError(
            f"{self!r} has to be waited for: write `with (yield from lock):` in a generator, "
            "`async with lock:` in a coroutine"
        )

    def __exit__(self, *error: object) -> None:
        """Never called, as __enter__ raises; without it, Python would say something less clear."""


class Holding:
    """The length of a `with` block in which `task` holds `thing`."""

    __slots__ = ("_thing", "_task")

    def __init__(self, thing: Any, task: Any) -> None:
        self._thing, self._task = thing, task

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thing._leave(self._task, error)


def _current_task_or_none():
    """current_task(), or None where there is none."""
    kernel = running.kernel
    return None if kernel is None else kernel.current

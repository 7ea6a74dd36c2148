"""aio: what Await does, for `yield from`."""

from __future__ import annotations

from syscalls import Await

from ..lib.blocking import blocking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = ["aio"]


@blocking
def aio(awaitable: Awaitable[T]) -> Generator[Any, Any, T]:
    """Wait for a coroutine, Future or Task of asyncio: `result = yield from aio(awaitable)`.

    The same as `yield Await(awaitable)`; see there.
    """
    return (yield Await(awaitable))

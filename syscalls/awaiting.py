"""Await: wait for what asyncio can wait for, from a task that is a plain generator.

Coroutines that use asyncio, its Futures and its Tasks run on an event loop that lives on the same
kernel (see minios.aio); the first Await of a kernel without one brings it.
"""

from __future__ import annotations

from .base import SystemCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

__all__ = ["Await"]


class Await(SystemCall):
    """Wait for `awaitable`, a coroutine that uses asyncio, a Future or Task of it. Returns what it
    gives, and raises what it raises.

    A coroutine runs as an asyncio.Task, with the context variables of the caller. A caller that is
    killed or whose time is over cancels what it waits for and stays until that has ended: then
    the reason is raised. What swallows its cancellation, and returns, is heard instead, as in
    asyncio. SIGKILL cancels and does not stay.
    Raises asyncio.CancelledError where somebody else has cancelled it, TypeError for what cannot
    be awaited, ValueError for a Future of another event loop.
    """

    __slots__ = ("awaitable",)

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        if not hasattr(awaitable, "__await__") and not hasattr(awaitable, "send"):
            hint = ": call the function" if callable(awaitable) else ""
            raise TypeError(f"Await takes a coroutine or a Future, not {awaitable!r}{hint}")
        self.awaitable = awaitable

    def handle(self, kernel, task):
        if kernel.lodger.is_nobody:
            kernel.request_module("asyncio")
        kernel.lodger.wait(self, task, self.awaitable)

    def discard(self):
        if hasattr(self.awaitable, "send"):
            self.awaitable.close()      # a coroutine, of which Python would say it never ran

    def defer(self, kernel, task, error):
        # Without a token, it is being undone: what it waited for waits for this task, in a circle.
        return task.token is None or task.token.defer(error)

    def cancel(self, kernel, task):
        token, task.token = task.token, None
        if token is not None:
            token.abandon()

    def waits_for(self, kernel, task):
        return task.token.waits_for()

    def arguments(self):
        name = getattr(self.awaitable, "__qualname__", None)
        return [type(self.awaitable).__name__ if name is None else f"{name}()"]

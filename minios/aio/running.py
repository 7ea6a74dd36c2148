"""run: an asyncio program on a kernel of its own, as asyncio.run does it."""

from __future__ import annotations

import asyncio
import inspect
from asyncio import events

from syscalls.base import running as current

from .loop import EventLoop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any, TypeVar

    from ..kernel import Kernel
    from ..kernel.task import Routine

    T = TypeVar("T")

__all__ = ["run"]


def run(
    main: Coroutine[Any, Any, T] | Routine, *, debug: bool | None = None,
    kernel: Kernel | None = None,
) -> T:
    """Run `main` on an EventLoop of its own, and return what it returns.

    `main` is a coroutine, which runs as asyncio.run() would run it, or a plain generator, which
    runs as a task of the kernel. `debug`: as for asyncio.run. `kernel`: one that was made with
    other devices, a virtual clock for example.
    """
    if events._get_running_loop() is not None or current.kernel is not None:
        close = getattr(main, "close", None)
        if close is not None:
            close()
        raise RuntimeError(
            "minios.aio.run() cannot be called from a running event loop or kernel: await the "
            "coroutine, or spawn it"
        )
    if inspect.isgenerator(main) and not main.gi_code.co_flags & inspect.CO_ITERABLE_COROUTINE:
        main = _as_coroutine(main)  # type: ignore[assignment]
    with asyncio.Runner(debug=debug, loop_factory=lambda: EventLoop(kernel=kernel)) as runner:
        return runner.run(main)  # type: ignore[arg-type]


async def _as_coroutine(routine):
    return await asyncio.get_running_loop().kernel.spawn(routine)

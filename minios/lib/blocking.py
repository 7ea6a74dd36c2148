"""How a blocking operation of the library is written: once, for both kinds of code.

An operation is a generator function that yields system calls. Marked with `@blocking`, what it
returns can be used with `yield from`, with `yield` (the trampoline runs it) and with `await`,
because Python lets a generator be awaited whose code carries the flag CO_ITERABLE_COROUTINE
(PEP 492). Nothing is wrapped and nothing is written twice.
"""

from __future__ import annotations

import sys
from types import coroutine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")
    R_co = TypeVar("R_co", covariant=True)

    class Operation(Generator[Any, Any, R_co], Awaitable[R_co]):
        """What a blocking function returns: for `yield from`, `yield` and `await`."""

        __slots__ = ()

__all__ = ["blocking"]


def blocking(function: Callable[P, Generator[Any, Any, R]]) -> Callable[P, Operation[R]]:
    """Let what the generator function `function` returns be awaited as well.

    In Python's development mode it also warns when it is dropped unused: see forgotten.py.
    """
    if sys.flags.dev_mode:
        from .forgotten import watched

        return watched(function)
    return coroutine(function)  # type: ignore[return-value]

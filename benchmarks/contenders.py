"""The contenders: minios, its peers, and the bare loops that are the limit of what can be had.

A work offers a function for each way of doing it: `on_minios`, `on_bare`, `on_asyncio`, which two
contenders share (asyncio's own loop and uvloop), `on_curio`, `on_trio`, `on_gevent`. A work that
measures whole frameworks has a table of its own, by the same names.
"""

from __future__ import annotations

import asyncio
from collections import namedtuple
from functools import cache
from importlib import import_module

__all__ = ["CONTENDERS", "PEERS", "Contender", "problem_with", "runner_of"]


class Contender(namedtuple("Contender", "function loop modules")):
    """How a work is done: by which of its functions, on which event loop (a module with
    `new_event_loop`, or None), and which modules have to be there."""

    __slots__ = ()

    def __new__(cls, function, loop=None, modules=()):
        return super().__new__(cls, function, loop, (*modules, *((loop,) if loop else ())))


CONTENDERS = {
    "minios": Contender("on_minios"),
    "bare": Contender("on_bare"),
    "asyncio": Contender("on_asyncio", "asyncio"),
    "uvloop": Contender("on_asyncio", "uvloop"),
    "curio": Contender("on_curio", modules=("curio",)),
    "trio": Contender("on_trio", modules=("trio",)),
    "gevent": Contender("on_gevent", modules=("gevent",)),
}
PEERS = [name for name in CONTENDERS if name not in ("minios", "bare")]


def problem_with(contender):
    """Why `contender` cannot be measured on this Python; None if it can."""
    return next(filter(None, map(_problem_with_module, contender.modules)), None)


@cache
def _problem_with_module(name):
    try:
        import_module(name)
    except Exception as error:      # an extension of another Python raises what it likes
        return f"{type(error).__name__}: {error}"
    return None


def runner_of(contender):
    """A function that runs a coroutine on the contender's event loop; None where it has none."""
    if contender.loop is None:
        return None
    factory = import_module(contender.loop).new_event_loop

    def run(coroutine):
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(coroutine)

    return run

"""An idle connection: memory of its own that it takes from a server whose handler waits to read.

The servers are those of echo. Each connection has had one message there and back. Memory is what
the process alone has resident, once with a thousand connections, which fill the room that is left
over from its start, and once with more: what a server takes for itself is not in the difference,
nor what the system holds for a socket, which is the same for all.
"""

import time

from ..effort import times
from ..loads import Clients
from ..serving import Figure
from .echo import on_asyncio, on_bare, on_curio, on_gevent, on_minios, on_trio

TITLE = "an idle connection"
UNIT = "B"
SIZES = ((),)
BARE = "epoll loop"

__all__ = ["on_asyncio", "on_bare", "on_curio", "on_gevent", "on_minios", "on_trio"]

_FIRST, _MORE = 1000, 2000
_MESSAGE = 64       # bytes


def load(server):
    more = max(500, times(_MORE))
    with Clients(server, _FIRST, _MESSAGE):
        before = _memory(server)
        with Clients(server, more, _MESSAGE) as clients:
            taken = _memory(server) - before
            clients.run(0)      # all of them are still served
    return Figure(max(0, taken) / more)     # of few, there may have been room before


def _memory(server):
    time.sleep(0.1)     # the last handler is back at its read
    return server.memory()

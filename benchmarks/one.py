"""One measurement, in this very process: what the rounds start, and what a profiler is put on.

That of a server is made beside it, in the process that has started it, by the load.
"""

from __future__ import annotations

import gc
import socket
import sys

from .contenders import runner_of
from .effort import compiled
from .serving import Figure, Server
from .works import text_of

__all__ = ["command_line", "measure_here", "serve_here"]


def command_line(option, work, label, size):
    """What starts a Python that does `option` (`--one`, `--serve`) for a contender of a work.

    With -P, no module of the current folder stands in for another. With -O, nobody pays for his
    asserts: one of curio's looks through all ready tasks at every switch.
    """
    return [sys.executable, "-P", "-O", "-m", "minios", "bench", option, work.name, label,
            text_of(size)]


def measure_here(work, label, size):
    """Do `work` the way of the contender `label`; returns a Figure."""
    if work.serves:
        with Server(command_line("--serve", work, label, size), compiled()) as server:
            return work.module.load(server, *size)
    contender = work.contenders()[label]
    run = runner_of(contender)
    gc.collect()
    return Figure(work.function(contender)(*(() if run is None else (run,)), *size))


def serve_here(work, label, size):
    """Serve on a free port of the loopback interface, which is printed, until the process ends."""
    contender = work.contenders()[label]
    run = runner_of(contender)
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        # What is accepted inherits it, and sends at once. asyncio and trio see to it themselves,
        # asyncio not where the socket was made without its proto, as this one.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(listener.getsockname()[1], flush=True)
        work.function(contender)(listener, *(() if run is None else (run,)), *size)

"""One measurement, in this very process: what the rounds start, and what a profiler is put on."""

from __future__ import annotations

import gc
import socket

from .contenders import runner_of

__all__ = ["measure_here", "serve_here"]


def measure_here(work, contender, size):
    """Do `work` the way of `contender`; returns its figure."""
    run = runner_of(contender)
    gc.collect()
    return work.function(contender)(*(() if run is None else (run,)), *size)


def serve_here(work, contender, size):
    """Serve on a free port of the loopback interface, which is printed, until the process ends."""
    run = runner_of(contender)
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        print(listener.getsockname()[1], flush=True)
        work.function(contender)(listener, *(() if run is None else (run,)), *size)

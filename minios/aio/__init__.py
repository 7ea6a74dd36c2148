"""asyncio on the kernel: its event loop (PEP 3156), and awaiting both ways.

    import asyncio, minios.aio
    from minios.aio import aio

    asyncio.run(main(), loop_factory=minios.aio.EventLoop)      # Python 3.12 and later
    minios.aio.run(main())                                      # every Python

    def task():                                                 # a plain generator
        rows = yield from aio(connection.fetch("select 1"))     # with a driver made for asyncio

    async def handler(request):                                 # a coroutine of asyncio
        await Sleep(1)                                          # any system call
        return await kernel.spawn(generator())                  # any task

An asyncio program and generator tasks share one kernel: its ready queue, timers, descriptors, `ps`.
From the moment this is imported, a kill (minios.Cancelled) is also an asyncio.CancelledError, so
that what the ecosystem does to clean up is done when a task is killed.
"""

import asyncio

from syscalls.errors import Cancelled

from .awaiting import aio
from .guests import run_kernel
from .loop import EventLoop
from .running import run

__all__ = ["EventLoop", "aio", "run", "run_kernel"]

Cancelled.__bases__ = (*Cancelled.__bases__[:-1], asyncio.CancelledError)

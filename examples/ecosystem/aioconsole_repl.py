"""A Python console in a running program: aioconsole reads and awaits, the program goes on.

There is a field, on which grass grows and a rabbit eats, each a plain generator task. You may
look at it all, change it, spawn another rabbit or kill one, and `await` anything that asyncio or
the kernel can wait for. Ctrl-C interrupts what you await, Ctrl-D leaves.

    pip install "minios[ecosystem]"                 (aioconsole)
    python examples/ecosystem/aioconsole_repl.py
"""

import os
import sys

import minios
import syscalls
from minios.aio import aio
from syscalls import Sleep, Spawn, Tasks

try:
    import aioconsole
except ImportError:
    sys.exit('aioconsole_repl needs aioconsole: pip install "minios[ecosystem]"')

BANNER = """\
Try: field                               await Sleep(1)          await ps()
     cotton = spawn(rabbit("Cotton"))    cotton.kill()           await cotton
     field["grass"] += 1000000"""

field = {"grass": 1000}


def grass():
    """A task: the grass grows by itself."""
    while True:
        yield Sleep(0.1)
        field["grass"] += 1


def rabbit(name, appetite=1):
    """A task: eat, until there is nothing left. Returns how much it was."""
    eaten = 0
    while field["grass"] >= appetite:
        field["grass"] -= appetite
        eaten += appetite
        yield Sleep(0.05)
    print(f"{name} starves")
    return eaten


async def ps():
    """Print what runs."""
    for task in await Tasks():
        print(f"{task.tid:4} {task.state} {task.kind:10} {task.name:10} {task.wait}")


def main():
    yield Spawn(grass(), "grass")
    yield Spawn(rabbit("Flopsy"), "Flopsy")
    kernel = minios.current_kernel()
    names = {name: getattr(syscalls, name) for name in syscalls.__all__}
    names |= {"kernel": kernel, "spawn": kernel.spawn, "field": field, "rabbit": rabbit, "ps": ps}
    try:
        yield from aio(aioconsole.interact(BANNER, locals=names, stop=False))
    finally:
        for fd in 0, 1, 2:      # it has let them be non-blocking, and we share them with a shell
            os.set_blocking(fd, True)
    print("the field is left alone with", field["grass"], "blades of grass")


if __name__ == "__main__":
    minios.run(main())

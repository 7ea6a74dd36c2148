"""One switch by a system call: `yield Sleep(0)`, where `switch` has a bare `yield`.

It is what a switch costs in minios when the kernel is asked for it: a call is made, looked up and
handled. The peers have one way to give up a turn, `sleep(0)`, and are measured as in switch.py.
"""

from time import process_time

import minios
from syscalls import Sleep

from .switch import on_asyncio, on_curio, on_gevent, on_trio, rounds_of

__all__ = ["SIZES", "TITLE", "UNIT", "on_asyncio", "on_curio", "on_gevent", "on_minios", "on_trio"]

TITLE = "one switch by Sleep(0)"
UNIT = "s"
SIZES = ((100,),)


def on_minios(tasks):
    rounds = rounds_of(tasks)

    def other():
        for _ in range(rounds + 2):
            yield Sleep(0)

    def main():
        yield Sleep(0)
        start = process_time()
        for _ in range(rounds):
            yield Sleep(0)
        return (process_time() - start) / (rounds * tasks)

    kernel = minios.Kernel()
    for _ in range(tasks - 1):
        kernel.spawn(other())
    return kernel.run(main())

"""The smallest program: the package is imported, and runs a task that does nothing.

The CPU time of the whole process, from its start to its end, less that of an interpreter that does
nothing: so what it takes to make a loop and to leave it counts, and so does what a package leaves
for the interpreter's end. The interpreters are those of import_time.py; of several the best is
taken, and the empty ones take turns with the others.
"""

from resource import RUSAGE_CHILDREN, getrusage

from .import_time import CONTENDERS, SIZES, UNIT, interpreters, starts

__all__ = [
    "CONTENDERS", "SIZES", "TITLE", "UNIT",
    "on_asyncio", "on_curio", "on_gevent", "on_minios", "on_trio", "on_uvloop",
]

TITLE = "the import, the run of an empty task, and the exit"


def cpu_time(run, program):
    """Seconds of CPU time that an interpreter takes to run a program."""
    before = getrusage(RUSAGE_CHILDREN)
    run(program)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def start_time(program):
    with interpreters() as run:
        pairs = [(cpu_time(run, "pass"), cpu_time(run, program)) for _ in range(starts())]
    empty, full = (min(each) for each in zip(*pairs, strict=True))
    return full - empty


def on_minios():
    return start_time("""\
import minios

def main():
    yield

minios.run(main())
""")


def on_asyncio():
    return start_time("""\
import asyncio

async def main():
    pass

asyncio.run(main())
""")


def on_uvloop():
    return start_time("""\
import uvloop

async def main():
    pass

uvloop.run(main())
""")


def on_curio():
    return start_time("""\
import curio

async def main():
    pass

curio.run(main)
""")


def on_trio():
    return start_time("""\
import trio

async def main():
    pass

trio.run(main)
""")


def on_gevent():
    return start_time("""\
import gevent

def main():
    pass

gevent.spawn(main).join()
""")

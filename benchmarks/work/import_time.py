"""The CPU time of importing each package, in an interpreter that has imported nothing else.

The interpreter is started without the module `site`, which may import modules that a package would
otherwise be charged for: an editable installation brings a dozen. The compiled files are in a
folder of our own, since what a package has beside it depends on who installed it. Of several times
the best is taken: the first compiles, and the next may have to read from the disk.

minios is imported with its calls, without which there is no program. The rest of its library is
imported when it is first used, as is much of gevent's; asyncio imports all of its own.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import minios

from ..contenders import Contender
from ..effort import times

TITLE = "the import of the package, in a fresh interpreter"
UNIT = "s"
SIZES = ((),)
CONTENDERS = {
    "minios": Contender("on_minios"),
    "asyncio": Contender("on_asyncio"),
    "uvloop": Contender("on_uvloop", modules=("uvloop",)),
    "curio": Contender("on_curio", modules=("curio",)),
    "trio": Contender("on_trio", modules=("trio",)),
    "gevent": Contender("on_gevent", modules=("gevent",)),
}

_STARTS = 10
_TIMED = """\
from time import process_time
start = process_time()
import {}
print(process_time() - start)
"""


def starts():
    """How many interpreters are started, the one that compiles included."""
    return max(2, times(_STARTS))


@contextmanager
def interpreters():
    """A function that runs a program in an interpreter of its own, and returns its output."""
    root = Path(minios.__file__).parent.parent
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPATH"] = os.pathsep.join([str(root), *filter(None, sys.path)])
    with TemporaryDirectory() as compiled:
        environment["PYTHONPYCACHEPREFIX"] = compiled

        def run(program):
            command = [sys.executable, "-S", "-c", program]
            return subprocess.run(
                command, env=environment, check=True, stdout=subprocess.PIPE, text=True
            ).stdout

        yield run


def import_time(packages):
    with interpreters() as run:
        return min(float(run(_TIMED.format(packages))) for _ in range(starts()))


def on_minios():
    return import_time("minios, syscalls")


def on_asyncio():
    return import_time("asyncio")


def on_uvloop():
    return import_time("uvloop")


def on_curio():
    return import_time("curio")


def on_trio():
    return import_time("trio")


def on_gevent():
    return import_time("gevent")

"""How much is done in one measurement: all of it, or a part, for a quick look; and what is kept
of it for the next.

The part is in the environment, because each measurement is a process of its own.
"""

import os
from pathlib import Path

__all__ = ["QUICK", "VARIABLE", "cache_folder", "compiled", "times"]

VARIABLE = "MINIOS_BENCH_EFFORT"
QUICK = 0.02


def times(number):
    """How often to do what a whole measurement does `number` times; at least once."""
    return max(1, int(number * float(os.environ.get(VARIABLE, "1"))))


def cache_folder():
    """Where what is compiled for the benchmarks is kept, in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minios"


def compiled():
    """The environment of a process that is measured: ours, and imports come from compiled files.

    They are compiled once and kept, of everybody alike: memory that a compiler has left behind
    would be used by what is measured, and halves the time of those who receive into large buffers.
    """
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(cache_folder() / "pycache")
    return environment

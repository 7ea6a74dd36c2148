"""How much is done in one measurement: all of it, or a part, for a quick look.

The part is in the environment, because each measurement is a process of its own.
"""

import os

__all__ = ["QUICK", "VARIABLE", "times"]

VARIABLE = "MINIOS_BENCH_EFFORT"
QUICK = 0.02


def times(number):
    """How often to do what a whole measurement does `number` times; at least once."""
    return max(1, int(number * float(os.environ.get(VARIABLE, "1"))))

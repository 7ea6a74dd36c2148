#!/usr/bin/env python3
"""A million sleeping tasks: how much memory they take, and whether they wake in order.

    python benchmarks/million.py [TASKS]

Every task sleeps a different time, from a shuffled list, on a virtual clock. Prints the peak
resident size and exits with 1 where a task woke out of order.
"""

import random
import resource
import sys
import time

import minios
from minios.sim import VirtualClock
from syscalls import Sleep


def sleeper(seconds, woken):
    yield Sleep(seconds)
    woken.append(seconds)


def peak_size():
    """The peak resident size of this process in bytes.

    ru_maxrss would count what the parent was when it forked: Linux carries it over an exec.
    """
    try:
        with open("/proc/self/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return int(fields["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    times = list(range(1, count + 1))
    random.Random(1).shuffle(times)
    woken = []
    kernel = minios.Kernel(clock=VirtualClock())
    start = time.perf_counter()
    for seconds in times:
        kernel.spawn(sleeper(seconds, woken))
    kernel.run()
    elapsed = time.perf_counter() - start
    peak = peak_size()
    in_order = woken == sorted(times)
    print(f"{count} tasks: peak {peak / 2**20:.0f} MiB, {peak / count:.0f} bytes a task, "
          f"{elapsed:.1f} s, woken in order: {in_order}")
    return 0 if in_order else 1


if __name__ == "__main__":
    sys.exit(main())

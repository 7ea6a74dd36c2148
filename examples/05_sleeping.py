"""Adds time: Sleep suspends one task while the others go on, and Now reads the kernel's clock.

Three chores of 0.5, 1 and 1.5 seconds are done in 1.5 seconds, for they sleep at once. The
clock is a device that can be exchanged: with --virtual it jumps from one event to the next,
so that the same program runs at once, and in the same order every time.

    python examples/05_sleeping.py
    python examples/05_sleeping.py --virtual
"""

import argparse

import minios
from minios.sim import VirtualClock
from syscalls import Now, Sleep, Spawn, Wait


def chore(name, seconds, started):
    """Take `seconds` over something."""
    print_at(started, (yield Now()), f"{name} begins")
    yield Sleep(seconds)
    print_at(started, (yield Now()), f"{name} is done")


def ticking(started):
    """Say that time passes, until killed: the kernel shuts down what main leaves behind."""
    while True:
        yield Sleep(0.4)
        print_at(started, (yield Now()), "tick")


def print_at(started, now, text):
    print(f"{now - started:.1f} s  {text}", flush=True)


def main():
    started = yield Now()
    yield Spawn(ticking(started))
    tasks = []
    for name, seconds in [("laundry", 1.5), ("bread", 1.0), ("tea", 0.5)]:
        tasks.append((yield Spawn(chore(name, seconds, started))))
    for task in tasks:
        yield Wait(task)
    print_at(started, (yield Now()), "all is done")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Sleep in several tasks at once.")
    parser.add_argument("--virtual", action="store_true", help="let the clock jump")
    clock = VirtualClock() if parser.parse_args().virtual else None
    try:
        minios.run(main(), clock=clock)
    except KeyboardInterrupt:
        raise SystemExit(130) from None

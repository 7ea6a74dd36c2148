"""Adds trouble, for the shell to find: a deadlock, a task that eats the CPU, one that is forgotten.

Three diners share three forks, each takes the one on the left first, and all are left with one in
the hand. A glutton computes and yields, without end. A guest waits for a bell that nobody rings.
Nothing here is wrong enough for the kernel to say so: it is for who looks.

    python examples/13_troubles.py            # hangs, or, to be looked into:
    minios run examples/13_troubles.py        # and in another terminal:
    minios deadlocks PID                      # who waits for whom, and where each fork was taken
    minios top PID                            # who eats the CPU
    minios why PID TID                        # what a task waits for, and who could wake it
    minios kill --rw PID TID
"""

import minios
from minios import Event, Lock, TaskGroup
from syscalls import SetName, Sleep


def diner(name, left, right):
    """Take two forks, one after the other, and eat."""
    yield SetName(name)
    with (yield from left):
        yield Sleep(0.1)                # long enough for the others to take theirs
        with (yield from right):
            print(name, "eats")


def glutton():
    """Compute, but yield now and then, so that the others have their turns."""
    n = 0
    while True:
        n = sum(range(n % 1000, 20_000))
        yield


def guest(bell):
    """Wait for the bell."""
    yield from bell.wait()
    print("somebody has rung")


def main():
    """Start them all, and wait for their end."""
    forks = [Lock(), Lock(), Lock()]
    with TaskGroup() as group:
        for n, name in enumerate(["Aristotle", "Hypatia", "Zeno"]):
            group.spawn(diner(name, forks[n], forks[(n + 1) % 3]))
        group.spawn(glutton())
        group.spawn(guest(Event()))
        yield from group.join()


if __name__ == "__main__":
    print("nothing more will be said; look with minios ps, deadlocks and top", flush=True)
    minios.run(main())

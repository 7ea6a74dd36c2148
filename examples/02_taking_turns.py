"""Adds the kernel: it calls send() for us, and gives each task its turn.

A bare `yield` gives up the turn. Nobody can take it away: a task runs until it yields.

    python examples/02_taking_turns.py
"""

import minios


def count(name, n):
    """Count to `n`, one number a turn."""
    for number in range(1, n + 1):
        print(f"  {name} {number}")
        yield


def greedy(name, n):
    """Count to `n` in one turn; everybody else has to wait."""
    for number in range(1, n + 1):
        print(f"  {name} {number}, and I am not done")
    yield


def run_all(*routines):
    """Boot a kernel, make each routine a task, and run until none is left."""
    kernel = minios.Kernel()
    for routine in routines:
        kernel.spawn(routine)
    kernel.run()


def main():
    print("two tasks:")
    run_all(count("ping", 3), count("pong", 3))
    print("three tasks; one that ends leaves its turns to the others:")
    run_all(count("one", 1), count("two", 2), count("three", 3))
    print("a task that does not yield:")
    run_all(count("polite", 2), greedy("greedy", 3), count("patient", 2))


if __name__ == "__main__":
    main()

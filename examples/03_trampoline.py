"""Adds routines that call routines, each of which may yield: by `yield from`, or by `yield`.

`yield from routine()` is Python's own way (PEP 380): the callee runs on Python's stack.
`yield routine()` hands the callee to the kernel (PEP 342's trampoline): it runs on a stack of
the task's own, which is a list, and so is never too deep.

    python examples/03_trampoline.py
"""

import minios


def add(a, b):
    yield           # a routine may give up its task's turn, wherever it was called from
    return a + b


def divide(a, b):
    yield
    return a / b


def both_spellings():
    """Either way the caller goes on with what the callee has returned."""
    five = yield from add(2, 3)
    print(f"yield from add(2, 3) gives {five}")
    five = yield add(2, 3)
    print(f"yield add(2, 3) gives {five}")


def exceptions_cross():
    """Either way an exception comes out where the callee was called."""
    try:
        yield from divide(1, 0)
    except ZeroDivisionError as error:
        print(f"yield from divide(1, 0) raises: {error}")
    try:
        yield divide(1, 0)
    except ZeroDivisionError as error:
        print(f"yield divide(1, 0) raises: {error}")


def depth_by_yield_from(n):
    return 0 if n == 0 else 1 + (yield from depth_by_yield_from(n - 1))


def depth_by_trampoline(n):
    return 0 if n == 0 else 1 + (yield depth_by_trampoline(n - 1))


def how_deep():
    """Here they differ: Python's stack has a limit, the task's own has none."""
    try:
        yield from depth_by_yield_from(100_000)
    except RecursionError:
        print("yield from, 100,000 deep: RecursionError")
    depth = yield depth_by_trampoline(100_000)
    print(f"yield, {depth:,} deep: fine")


def main():
    yield both_spellings()
    yield exceptions_cross()
    yield how_deep()
    return "done"


if __name__ == "__main__":
    print(minios.run(main()))

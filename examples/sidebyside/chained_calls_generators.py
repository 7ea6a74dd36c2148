"""Chained calls: results and exceptions cross many calls.

`yield from` calls a routine directly, `yield` runs it on
the task's own stack, which has no recursion limit.
Both give what it returns and raise what it raises. `Wait`
does the same for another task.
"""

import minios
from syscalls import Sleep, Spawn, Wait


def total(n):
    if n == 0:
        yield Sleep(0)
        return 0
    return n + (yield from total(n - 1))


def dig(depth):
    if depth == 0:
        yield Sleep(0)
        raise LookupError("nothing down here")
    try:
        yield dig(depth - 1)
    finally:
        print(f"climbing out of level {depth}")


def careful(depth):
    try:
        yield from dig(depth)
    except LookupError as error:
        print(f"caught: {error}")
        return "back at the surface"


def impatient():
    yield Sleep(0.01)
    yield from dig(1)


def main():
    result = yield from total(100)
    print(f"0 + 1 + ... + 100 = {result}")
    print((yield from careful(3)))

    task = yield Spawn(impatient())
    try:
        yield Wait(task)
    except LookupError as error:
        print(f"from another task: {error}")

    tasks = []
    for n in (3, 2, 1):
        tasks.append((yield Spawn(total(n))))
    for task in tasks:
        print(f"another returned {(yield Wait(task))}")


if __name__ == "__main__":
    minios.run(main())

"""Hello: a task starts another and waits for its result.

A generator says `yield` to ask the kernel for something,
and `yield from` to call another generator.
"""

import minios
from syscalls import Sleep, Spawn, Wait


def greet(name):
    yield Sleep(0.01)
    return f"hello, {name}"


def main():
    task = yield Spawn(greet("world"))
    print("main goes on while greet sleeps")
    print((yield Wait(task)))
    print((yield from greet("you, called directly")))


if __name__ == "__main__":
    minios.run(main())

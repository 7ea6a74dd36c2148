"""Tasks call routines that call routines, and get results and exceptions from them."""
# ruff: noqa: F403, F405

from minios.legacy.pyos import *


def add(x, y):
    yield x + y


def square(x):
    return x * x
    yield


def norm(x, y):
    left = yield square(x)
    right = yield square(y)
    yield (yield add(left, right))


def fail():
    yield GetTid()
    raise ValueError("no such number")


def careful():
    try:
        yield fail()
    except ValueError as error:
        yield f"caught {error}"


def depth(n):
    below = (yield depth(n - 1)) if n else 0
    yield below + 1


def main():
    print("2 + 3 =", (yield add(2, 3)))
    print("norm of 3, 4 =", (yield norm(3, 4)))
    print((yield careful()))
    print("depth", (yield depth(5000)))


def other():
    for turn in range(2):
        print("other", turn)
        yield


sched = Scheduler()
sched.new(main())
sched.new(other())
sched.mainloop()

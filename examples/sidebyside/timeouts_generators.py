"""Timeouts: what takes too long is stopped and cleans up.

A timeout needs nothing but tasks: one does the work, one
sleeps, and when the first of them ends the other is
killed. `Kill` throws Cancelled into a task, at the call
that it is blocked on.
"""

import minios
from syscalls import Kill, Park, Sleep, Spawn, Wait, WaitAny


def work(name, seconds):
    try:
        yield Sleep(seconds)
        return f"{name} is done"
    finally:
        print(f"{name} cleans up")


def broken():
    yield Sleep(0.01)
    raise ValueError("broken, but in time")


def forgotten():
    yield Park("a channel that nobody wakes")


def attempt(seconds, routine):
    try:
        print((yield from within(seconds, routine)))
    except TimeoutError:
        print("too late")
    except ValueError as error:
        print(f"failed: {error}")


def main():
    yield from attempt(10, work("fast", 0.01))
    yield from attempt(0.02, work("slow", 10))
    yield from attempt(10, broken())
    yield from attempt(0.01, forgotten())


def within(seconds, routine):
    task = yield Spawn(routine)
    timer = yield Spawn(pause(seconds))
    if (yield WaitAny([task, timer])) is task:
        yield Kill(timer)
        return task.result()
    yield Kill(task)
    try:
        # It may have cleaned up and returned after all.
        return (yield Wait(task))
    except minios.TaskKilledError:
        raise TimeoutError from None


def pause(seconds):
    yield Sleep(seconds)


if __name__ == "__main__":
    minios.run(main())

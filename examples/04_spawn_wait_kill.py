"""Adds system calls: a task yields a request to the kernel, which answers it with the result.

The first three make tasks into processes: Spawn starts one, Wait gives its outcome to whoever
waits for it, and Kill ends one, which cleans up as it goes.

    python examples/04_spawn_wait_kill.py
"""

from signal import SIGKILL, SIGTERM

import minios
from syscalls import GetTid, Kill, Spawn, Wait


def square(n):
    yield
    return n * n


def fail():
    yield
    raise ValueError("something went wrong")


def work_forever():
    """Work until killed. The kill is raised at the yield, so `finally` runs."""
    try:
        while True:
            yield
    finally:
        print("  the worker puts its tools away")


def work_stubbornly():
    """Catch the first kill, and go on regardless; only SIGKILL cannot be caught."""
    try:
        while True:
            yield
    except minios.Cancelled as kill:
        print(f"  the stubborn one says: signal {kill.signum} from task {kill.killer}? Not now")
    while True:
        yield


def wait_for_results():
    print("Spawn starts tasks that run side by side, Wait collects what they return:")
    tasks = []
    for n in (2, 3, 4):
        tasks.append((yield Spawn(square(n))))
    for task in tasks:
        print(f"  task {task.tid} returned {(yield Wait(task))}")


def wait_for_failure():
    print("Wait raises what the task has raised:")
    task = yield Spawn(fail())
    try:
        yield Wait(task)
    except ValueError as error:
        print(f"  {error}")


def kill_and_wait(routine, *signums):
    """Start `routine`, send it each signal after a turn, and tell how it has ended."""
    task = yield Spawn(routine)
    for signum in signums:
        yield
        yield Kill(task, signum)
    try:
        yield Wait(task)
    except minios.TaskKilledError as killed:
        print(f"  {killed.name} was killed by task {killed.killer}, signal {killed.signum}")


def main():
    print(f"main is task {(yield GetTid())}")
    yield wait_for_results()
    yield wait_for_failure()
    print("Kill raises Cancelled in the task, and TaskKilledError in who waits for it:")
    yield kill_and_wait(work_forever(), SIGTERM)
    print("a task may refuse SIGTERM (15), but not SIGKILL (9):")
    yield kill_and_wait(work_stubbornly(), SIGTERM, SIGKILL)


if __name__ == "__main__":
    minios.run(main())

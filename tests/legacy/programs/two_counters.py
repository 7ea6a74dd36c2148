"""Two tasks count, each at its own length, and share the machine turn by turn."""
# ruff: noqa: F403, F405

from minios.legacy.pyos import *


def count_up(limit):
    for number in range(1, limit + 1):
        print("up", number)
        yield


def count_down(start):
    for number in range(start, 0, -1):
        print("down", number)
        yield


sched = Scheduler()
sched.new(count_up(2))
sched.new(count_down(4))
sched.mainloop()
print("nobody is left")

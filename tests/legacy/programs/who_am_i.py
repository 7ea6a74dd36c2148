"""The first system call: each task asks for its number."""
# ruff: noqa: F403, F405

from minios.legacy.pyos import *


def speaker(turns):
    me = yield GetTid()
    for turn in range(turns):
        print("task", me, "has turn", turn)
        yield


sched = Scheduler()
sched.new(speaker(3))
sched.new(speaker(1))
sched.mainloop()

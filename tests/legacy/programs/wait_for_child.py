"""A parent waits for its children, and for one that never was."""
# ruff: noqa: F403, F405

from minios.legacy.pyos import *


def child(turns):
    for turn in range(turns):
        print("child", turn)
        yield


def parent():
    tid = yield NewTask(child(3))
    print("waiting for", tid)
    print("waited:", (yield WaitTask(tid)))
    print("waited for 4711:", (yield WaitTask(4711)))
    print("waited for it again:", (yield WaitTask(tid)))


sched = Scheduler()
sched.new(parent())
sched.mainloop()

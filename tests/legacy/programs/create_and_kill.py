"""A parent starts a child, lets it work for a while, and kills it in the middle."""
# ruff: noqa: F403, F405

from minios.legacy.pyos import *


def child():
    me = yield GetTid()
    try:
        while True:
            print("child", me, "works")
            yield
    finally:
        print("child", me, "puts its tools away")


def parent():
    tid = yield NewTask(child())
    print("parent has started", tid)
    for _ in range(3):
        yield
    print("killed:", (yield KillTask(tid)))
    yield
    print("killed again:", (yield KillTask(tid)))
    print("parent is done")


sched = Scheduler()
sched.new(parent())
sched.mainloop()

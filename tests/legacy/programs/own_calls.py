"""A program that adds calls to the operating system: a semaphore, many tasks at once, exit."""
# ruff: noqa: F403, F405

from minios.legacy.pyos import *


class Down(SystemCall):
    """Wait until the semaphore is free, and take it."""

    def __init__(self, semaphore):
        self.semaphore = semaphore

    def handle(self):
        if self.semaphore["free"]:
            self.semaphore["free"] -= 1
            self.sched.schedule(self.task)
        else:
            self.semaphore["waiting"].append(self.task)


class Up(SystemCall):
    """Give the semaphore back, or hand it to who waits for it longest."""

    def __init__(self, semaphore):
        self.semaphore = semaphore

    def handle(self):
        if self.semaphore["waiting"]:
            self.sched.schedule(self.semaphore["waiting"].pop(0))
        else:
            self.semaphore["free"] += 1
        self.sched.schedule(self.task)


class NewTasks(SystemCall):
    """Start many tasks by one call; return their tids."""

    def __init__(self, *targets):
        self.targets = targets

    def handle(self):
        self.task.sendval = [self.sched.new(target) for target in self.targets]
        self.sched.schedule(self.task)


class TaskCount(SystemCall):
    """Return how many tasks there are."""

    def handle(self):
        self.task.sendval = len(self.sched.taskmap)
        self.sched.schedule(self.task)


class CloseTask(SystemCall):
    """KillTask, as a program would write it."""

    def __init__(self, tid):
        self.tid = tid

    def handle(self):
        task = self.sched.taskmap.get(self.tid, None)
        if task:
            task.target.close()
        self.task.sendval = bool(task)
        self.sched.schedule(self.task)


class Exit(SystemCall):
    """End the calling task, in the middle of what it does."""

    def handle(self):
        self.sched.exit(self.task)


def worker(name, semaphore):
    yield Down(semaphore)
    print(name, "is in")
    yield
    yield
    print(name, "is out")
    yield Up(semaphore)


def idler():
    while True:
        yield


def main():
    semaphore = {"free": 1, "waiting": []}
    tids = yield NewTasks(worker("a", semaphore), worker("b", semaphore), idler())
    print("started", tids, "of", (yield TaskCount()))
    for tid in tids[:2]:
        yield WaitTask(tid)
    print("closed:", (yield CloseTask(tids[2])))
    yield WaitTask(tids[2])
    print("left:", (yield TaskCount()))
    yield Exit()
    print("never reached")


sched = Scheduler()
sched.new(main())
sched.mainloop()

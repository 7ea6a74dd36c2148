"""Tasks, calls and a scheduler that the tests of pyos share."""

import minios
from minios.legacy.pyos import Scheduler, SystemCall


def turns(log, name, number):
    """A task that has so many turns, and logs each."""
    for turn in range(number):
        log.append((name, turn))
        yield


def sending(sock, data):
    """A task that lets the others block before it sends."""
    yield
    yield
    sock.send(data)


def forever():
    """A task that is always ready."""
    while True:
        yield


class Nap(SystemCall):
    """A call that leaves its task blocked, for `sched.schedule(sched.napping)` to wake."""

    def handle(self):
        self.sched.napping = self.task


def napper():
    """A task that blocks in Nap."""
    yield Nap()


def kernel_task(name):
    """The task of the running kernel that has this name."""
    return next(t for t in minios.current_kernel().tasks.values() if t.name == name)


class OwnLoop(Scheduler):
    """A scheduler with a mainloop of its own, in the manner of the last step."""

    def mainloop(self):
        self.new(self.iotask())
        while len(self.taskmap) > 1:
            task = self.ready.get()
            try:
                call = task.run()
                if isinstance(call, SystemCall):
                    call.task, call.sched = task, self
                    call.handle()
                    continue
            except StopIteration:
                self.exit(task)
                continue
            self.schedule(task)

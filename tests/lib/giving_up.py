"""A task that waits for something, and the ways in which it may be made to give up."""

import signal

import minios
from minios import timeout
from syscalls import WaitAny

WAYS = (signal.SIGTERM, signal.SIGKILL, "timeout")


class Waiter:
    """A task that waits in `operation`, a routine; `outcome` is what it has returned, if it has."""

    def __init__(self, operation, way="timeout"):
        self.way = way
        self.outcome = self.error = self.limit = None
        self.task = minios.current_kernel().spawn(self._wait(operation), "waiter")

    def _wait(self, operation):
        try:
            with timeout(1e6) as self.limit:
                self.outcome = yield from operation
        except Exception as error:
            self.error = error

    def give_up(self, way=None):
        """Now, whatever it is doing: what a timer of the kernel or another task might do."""
        self.way = way or self.way
        if self.way != "timeout":
            self.task.kill(self.way)
        elif self.limit is not None:
            self.limit._expire()

    @property
    def gave_up(self):
        """Whether the operation was left by what `give_up` does."""
        killed = isinstance(self.task.exception(), minios.TaskKilledError)
        return killed or isinstance(self.error, TimeoutError)

    def end(self):
        """Wait until the task has ended, in whichever way."""
        if not self.task.done():
            yield WaitAny([self.task])


def settle():
    """Let the others run until they wait."""
    for _ in range(10):
        yield

"""A pyos task as the kernel runs it: an object that stands in for a generator.

The kernel takes anything with send, throw and close for a routine. This one lets the pyos
task have its turn and passes on what comes of it: a turn given up, a call of minios, or a call
of pyos, in a Trap.
"""

from types import SimpleNamespace

from syscalls import SystemCall as KernelCall
from syscalls.describe import file_and_line
from syscalls.errors import Cancelled
from syscalls.signums import SIGKILL

from ..kernel import Task as KernelTask
from ._pyos_calls import SystemCall
from ._pyos_task import calling_site
from ._pyos_trap import Trap
from ._pyos_waits import Waits

__all__ = ["Adapter"]


class Adapter:
    """The routine of the kernel's task `process`, on behalf of the pyos task `task`."""

    __slots__ = ("task", "sched", "process", "waits", "gi_running", "_over")

    gi_frame = None     # it has none of its own: see gi_yieldfrom

    def __init__(self, task, sched):
        self.task, self.sched = task, sched
        self.process = None
        self.waits = Waits(self)
        self.gi_running = self._over = False

    # --- What the kernel sees: a generator -----------------------------------------------

    def send(self, value):
        """Let the task have a turn; `value` is what a call of minios has answered."""
        if value is not None:
            self.task.sendval = value
        return self._turn()

    def throw(self, error):
        """Let the task have a turn by raising `error` in its innermost generator."""
        if isinstance(error, GeneratorExit):
            self.close()
            raise error
        self.task._error = error
        return self._turn()

    def close(self):
        """End the task: close its generators, the innermost first."""
        self.gi_running = True
        try:
            fault = self.task._close()
            self._end()
        finally:
            self.gi_running = False
        if fault is not None:
            raise fault

    @property
    def gi_code(self):
        """The code of the innermost generator, for the report of a turn that takes too long."""
        return getattr(self.task.target, "gi_code", None)

    @property
    def gi_yieldfrom(self):
        """The frames of the task, as a chain of generators that delegate to each other."""
        chain = None
        whole = SimpleNamespace(stack=self.task.stack, routine=self.task.target)
        for frame in reversed(KernelTask.frames(whole)):
            chain = SimpleNamespace(gi_frame=frame, gi_yieldfrom=chain)
        return chain

    def _turn(self):
        self.waits.undo()       # left where the kernel has ended the wait, by an error
        self.gi_running = True
        try:
            request = self.task.run()
        except BaseException:
            self._end()
            raise
        finally:
            self.gi_running = False
        if isinstance(request, SystemCall):
            return Trap(request, self)
        return request if isinstance(request, KernelCall) else None

    def _end(self):
        self._over = True
        self.waits.undo()
        if self.sched.taskmap.get(self.task.tid) is self.task:
            self.sched.exit(self.task)
        self.task = self.waits = None       # no circle is left for the garbage collector

    # --- What the pyos scheduler and KillTask ask for ------------------------------------

    def wake(self):
        """Let the task go on, if it is blocked in a call of pyos; nothing otherwise."""
        if isinstance(self.process.call, Trap):
            self.waits.undo()
            self.process.kernel.resume(self.process)

    def kill(self, killer):
        """End the task for `killer`: a blocked one now, one that is ready when its turn comes.

        The generators are closed at once in both cases.
        """
        process, by = self.process, killer._adapter.process.tid
        place = file_and_line(*calling_site())
        if process.state == "R":
            error = self.task._close() or self.task._error
            self.task._error = error or Cancelled(SIGKILL, by, place)
        else:
            process.kernel.send_signal(process, SIGKILL, by, place)

    def end(self):
        """End the task at once, unless it has ended or is about to."""
        if not self._over:
            self.process.kernel.send_signal(self.process, SIGKILL)

"""Kill: send a signal to a task (kill(2), signal(7))."""

from __future__ import annotations

from .base import SystemCall
from .describe import caller_site, task_name
from .errors import NoSuchTaskError
from .signums import SIGTERM, check_signum, signal_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minios.kernel import Task

__all__ = ["Kill"]


class Kill(SystemCall):
    """Send `signum` to `task` (a Task or a tid). Returns True, or False if there is none.

    SIGTERM (the default), SIGHUP, SIGUSR1 and the like throw Cancelled once, at the call the
    task is blocked on; SIGINT throws KeyboardInterrupt; SIGKILL closes the generator at once;
    SIGSTOP and SIGTSTP stop the task until SIGCONT; SIGQUIT prints its stack; 0 only looks.
    A result that the task is already due is not lost: the signal comes at its next yield.
    A task that is killed before its first turn never runs, its `finally` clauses included.
    Raises ValueError for a number that is no signal.
    """

    __slots__ = ("task", "signum", "_site")

    def __init__(self, task: Task | int, signum: int = SIGTERM) -> None:
        self.task = task
        self.signum = check_signum(signum, zero_too=True)
        self._site = caller_site()

    def handle(self, kernel, task):
        try:
            target = kernel.find_task(self.task)
        except NoSuchTaskError:
            kernel.resume(task, False)
            return
        alive = not target.done()
        kernel.send_signal(target, self.signum, killer=task.tid, place=self._site)
        # A task that kills itself has its Cancelled already, at this very yield.
        if task.call is self:
            kernel.resume(task, alive)

    def arguments(self):
        return [task_name(self.task), signal_name(self.signum)]

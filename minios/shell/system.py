"""System: what a shell looks at, the kernels of one process, and what it may do to them.

A shell looks at the kernel that it runs on, or, in a console's thread, at one that runs in
another thread of the process. So a program of the shell asks here and not the kernel: to look is
safe from any thread (a list of tasks is taken in one step, and a field is read once), and what
changes something is carried out in the kernel's own thread.
"""

import sys
from _thread import get_ident
from contextlib import contextmanager
from signal import SIGKILL
from time import monotonic

from syscalls import Sleep
from syscalls.base import running

from ..errors import Cancelled, KernelError, NoSuchTaskError
from ..kernel import Kernel
from ..kernel.boot import on_boot
from ..kernel.log import frames_of_turn
from ..trace.accounting import release, use
from ..trace.load import load_of

__all__ = ["KernelBusyError", "System"]

_PATIENCE = 1.0     # seconds that a kernel has to carry out what it is asked for
_LOOK = 0.002       # seconds between two looks whether it has


class KernelBusyError(KernelError):
    """The kernel has not answered: a task holds the CPU. The message says which, and where."""


class System:
    """The kernels that a shell looks at.

    `kernel` is the first; `programs` are those besides, kernels that programs of this shell
    brought along, by the address of the program. `rights` says what is allowed: "rw" to change
    something, "py" to run Python code.
    """

    def __init__(self, kernel: Kernel, rights=("rw", "py")):
        self.kernel = kernel
        self.rights = frozenset(rights)
        self.programs: dict[str, Kernel] = {}   # by prefix

    @property
    def is_local(self):
        """Whether the shell runs on the kernel that it looks at."""
        return self.kernel.thread == get_ident()

    def demand(self, right):
        """Raise PermissionError unless `right` is given."""
        if right not in self.rights:
            raise PermissionError(_HOW_TO_GET[right])

    # --- Looking -------------------------------------------------------------------------

    def kernels(self):
        """The kernels, the first one first."""
        return [self.kernel, *self.programs.values()]

    def tasks(self):
        """All live tasks of all kernels, as they are now."""
        if not self.programs:
            return self.kernel.all_tasks()
        return [task for kernel in self.kernels() for task in kernel.all_tasks()]

    def ended_tasks(self):
        """The last tasks that have ended, the oldest first."""
        return [task for kernel in self.kernels() for task in kernel.ended_tasks()]

    def address(self, task):
        """What names `task` here: its tid; `2/5` for task 5 of the kernel of program 2."""
        if task.kernel is self.kernel:
            return str(task.tid)
        for prefix, kernel in self.programs.items():
            if kernel is task.kernel:
                return f"{prefix}/{task.tid}"
        return str(task.tid)

    def find(self, word):
        """The task that a word such as `7` or `2/5` names, one that has ended too if it is
        remembered. Raises NoSuchTaskError."""
        prefix, _, tid = word.rpartition("/")
        if not (tid.isascii() and tid.isdigit()):
            raise NoSuchTaskError(f"{word}: no tid; give one as ps shows it")
        kernel = self.kernel if not prefix else self.programs.get(prefix)
        if kernel is None:
            raise NoSuchTaskError(f"{word}: no such task")
        try:
            return kernel.find_task(int(tid))
        except NoSuchTaskError:
            raise NoSuchTaskError(f"{word}: no such task") from None

    def frames(self, task):
        """The frames of `task`, outermost first; of one that runs, those of its thread."""
        kernel = task.kernel
        if kernel.current is task and kernel.thread not in (None, get_ident()):
            frame = sys._current_frames().get(kernel.thread)
            if frame is not None and kernel.current is task:
                return [each for each, _ in frames_of_turn(frame)]
        return task.frames()

    def load(self):
        """The load averages over 1, 5 and 15 minutes; None where nobody samples: the console
        does."""
        return load_of(self.kernel).averages()

    # --- Acting --------------------------------------------------------------------------

    def call(self, function, *arguments, kernel=None, patience=_PATIENCE):
        """Call `function(*arguments)` in the thread of the kernel, between two turns, and return
        what it returns; a generator.

        Raises what it raises, and KernelBusyError if it has not been called within `patience`
        seconds, because a task holds the CPU; then it still will be, when that one yields.
        """
        kernel = self.kernel if kernel is None else kernel
        if kernel.thread in (None, get_ident()):
            return function(*arguments)
        answer = []
        kernel.call_from_thread(_answer, answer, function, arguments)
        deadline = monotonic() + patience
        while not answer:
            if monotonic() >= deadline:
                raise KernelBusyError(self.why_busy(kernel))
            yield Sleep(_LOOK)
        result, error = answer
        if error is not None:
            raise error
        return result

    def kill(self, task, signum):
        """Send a signal to `task`; True, False where it has ended. A generator.

        A task that holds the CPU hears of it when it yields (KernelBusyError), but of SIGKILL at
        once, where its kernel runs in the main thread.
        """
        kernel = task.kernel
        try:
            return (yield from self.call(kernel.kill_from, "the shell", task, signum,
                                         kernel=kernel))
        except KernelBusyError:
            if signum == SIGKILL and kernel.interrupts.force(task, Cancelled(SIGKILL)):
                return True
            raise

    @contextmanager
    def accounting(self):
        """Inside, what tasks use is counted: see trace/accounting.py.

        On a kernel in another thread it begins, and ends, between two of its turns.
        """
        kernels = self.kernels()
        for kernel in kernels:
            _in_its_thread(kernel, use)
        try:
            yield
        finally:
            for kernel in kernels:
                _in_its_thread(kernel, release)

    @contextmanager
    def watching_programs(self):
        """Inside, kernels that programs of this shell bring along are among `programs`."""
        undo = on_boot(self._program_boots)
        try:
            yield
        finally:
            undo()

    def _program_boots(self, kernel):
        if running.host is None or running.host[0] is not self.kernel:
            return None
        prefix = str(running.host[1].tid)
        self.programs[prefix] = kernel
        return lambda: self.programs.pop(prefix, None)

    def why_busy(self, kernel):
        """Which task holds the CPU, and where, in words."""
        task = kernel.current
        if task is None:
            return "the kernel has not answered"
        frames = self.frames(task)
        place = ""
        if frames:
            place = f", at {frames[-1].f_code.co_filename}:{frames[-1].f_lineno}"
        return (f"the kernel has not answered: task {self.address(task)} ({task.name}) "
                f"holds the CPU{place}")


_HOW_TO_GET = {
    "rw": "only looking is allowed here: say --rw, as in `minios kill --rw PID TID` or `minios "
          "attach --rw PID`, or start the program with `minios run --rw FILE`",
    "py": "Python code is not allowed here: start the program with `minios run --py FILE`",
}


def _in_its_thread(kernel, function):
    """Call `function(kernel)` in the thread of `kernel`; at once where that is this one."""
    if kernel.thread in (None, get_ident()):
        function(kernel)
    else:
        kernel.call_from_thread(function, kernel)


def _answer(answer, function, arguments):
    try:
        answer += function(*arguments), None
    except BaseException as error:
        answer += None, error

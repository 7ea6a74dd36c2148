"""The lodger: who lives on a kernel besides its tasks, with a ready queue of his own.

An event loop of another make is one: it has callbacks, timers and descriptors, and its own idea of
what a task is. The kernel shares with it the clock, the heap of timers and the poller; its ready
queue stays its own, and the kernel lets it run one batch of it a round. So the tasks' run loop
asks nothing of what it resumes, no second loop turns beside it, and the kernel knows what lives
on it only by the few questions below.

Both sides are fair: while the lodger has something to run, tasks have one batch of turns a round,
he has one batch of callbacks, and the descriptors are polled in every round.
"""

from __future__ import annotations

from syscalls.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import Any

    from syscalls.base import SystemCall

    from .kernel import Kernel
    from .task import BaseTask, Task

__all__ = ["NOBODY", "Lodger"]


class Lodger:
    """Who lives on a kernel: `move_in` and `move_out`; a subclass answers the questions."""

    is_nobody = False
    package = ""        # that of its own code, which is not to be interrupted
    drives = False      # it turns the kernel's rounds, which go on when no task is left

    def move_in(self, kernel: Kernel, callbacks: Any) -> None:
        """Live on `kernel`, which looks at `callbacks`, a deque, for what is to be run."""
        kernel.lodger.check_vacant()
        kernel.lodger, kernel.callbacks = self, callbacks
        kernel.handlers.clear()

    def check_vacant(self) -> None:
        """Raise KernelError unless there is room for another."""
        raise KernelError(f"{self!r} lives on this kernel already; a kernel has room for one")

    def move_out(self, kernel: Kernel) -> None:
        """Live there no more; harmless for one who does not."""
        if kernel.lodger is self:
            kernel.lodger, kernel.callbacks = NOBODY, ()
            kernel.handlers.clear()

    def run_callbacks(self) -> None:
        """Run what was ready when this began; what gets ready meanwhile waits a round."""

    def woken(self) -> None:
        """A task has got ready, maybe outside of a round: for one who turns them himself."""

    def kernel_starts(self) -> None:
        """The kernel begins to run in this thread by itself, not driven by the lodger."""

    def kernel_stops(self) -> None:
        """The kernel runs no more; all tasks have ended."""

    def is_busy(self) -> bool:
        """Whether the kernel should run on, although no task of its own is left."""
        return False

    def expects_more(self) -> bool:
        """Whether something may still happen that the kernel sees nothing of: no deadlock."""
        return False

    def ask_to_end(self) -> None:
        """The kernel shuts down: cancel what runs."""

    def tasks(self) -> Iterable[Any]:
        """What lives here and is not in the kernel's table, with the interface of a Task; what
        has `deliver(signum, killer, place)` takes signals in its own way."""
        return ()

    def find(self, tid: int) -> Any:
        """That of `tasks()` whose tid this is; None where none has it."""
        return None

    def wait(self, call: SystemCall, task: Task, awaitable: Any) -> None:
        """Block `task`, in `call`, until something of this lodger's world is done."""
        raise KernelError(f"nobody on this kernel can wait for {awaitable!r}")

    def carry_out(self, call: SystemCall) -> Any:
        """A generator, for code that runs in no task of the kernel: what `call` returns."""
        raise KernelError(f"{call!r} was made outside a task: this is the kernel's own code")
        yield

    def has_stranger(self) -> bool:
        """Whether code of this lodger's runs within the turn of a task of the kernel."""
        return False

    def no_task(self) -> str:
        """Why there is no current task, in words: nothing of the kernel's runs."""
        return "no task is running: this is the kernel's own code"

    def has_turn(self) -> bool:
        """Whether code of this lodger's runs now, and waits for tasks in its own way."""
        return False

    def wait_for_task(self, task: BaseTask) -> Any:
        """A generator, for that code: what `task` returns."""
        raise NotImplementedError

    def runs_for(self, task: Task) -> bool:
        """Whether code of this lodger, that `task` waits for, has its turn now."""
        return False

    def translated(self, task: BaseTask, error: BaseException) -> BaseException:
        """What has ended `task`, in the kernel's terms: Cancelled where the lodger says so."""
        return error

    def handler_of(self, kind: type) -> Any:
        """The handler(request, kernel, task) of what tasks yield of this type, None if unknown."""
        return None

    def running(self, frame: FrameType) -> Any:
        """What of this lodger's runs in `frame` or was called from there: a thing to compare and
        to print; None if nothing does. Called in another thread."""
        return None


class _Nobody(Lodger):
    """Nobody lives there."""

    is_nobody = True

    def check_vacant(self) -> None:
        """There is."""


NOBODY = _Nobody()

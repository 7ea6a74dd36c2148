"""The base of every system call, and how a call reaches the kernel of its thread.

A system call is an object that a task yields. Its constructor is the user's side; `handle`
is the kernel's side. Whoever wants a new call writes one subclass and nothing else.
"""

from __future__ import annotations

# The C half of `threading`, which takes several times as long to import.
from _thread import _local

from .errors import KernelError

TYPE_CHECKING = False       # `typing` is for the type checker: it is slow to import
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import Any

    from minios.kernel import Kernel, Task

__all__ = ["SystemCall", "running"]


class _Running(_local):
    """Per thread: the kernel that runs in it, and the kernel that hosts its programs."""

    kernel = None
    host = None


running = _Running()


class SystemCall:
    """A request that a task yields to the kernel.

    A subclass gives `handle`, and `cancel` where a wait has to be undone. It may be spelled
    three ways with one meaning: `yield Call()`, `yield from Call()`, `await Call()`.

    A call object may be kept, shared and yielded by many tasks at once, so it is never
    written to by the kernel: what a wait needs in order to be undone is `task.token`.
    """

    __slots__ = ()

    # False where a wait cannot be undone: the task is shown as D, and a signal stays
    # pending until the call has returned.
    interruptible = True

    def handle(self, kernel: Kernel, task: Task) -> None:
        """Kernel side: answer now with `kernel.resume(task, value)`, or arrange for it.

        `task.call` is this object already, so a handler that does neither leaves the task
        blocked on it. An exception raised here is thrown into the task at its yield.
        An answer that comes later, from a timer or another thread, must first make sure that
        `task.call is self` still: the task may have been killed out of this call meanwhile.
        """
        raise NotImplementedError(f"{type(self).__name__} has no handle(kernel, task)")

    def cancel(self, kernel: Kernel, task: Task) -> None:
        """Kernel side: undo the wait that `handle` began. The task is being killed."""

    def defer(self, kernel: Kernel, task: Task, error: BaseException) -> bool:
        """Kernel side: a signal is about to raise `error` in the task, out of this wait.

        True if the wait has to be wound up first: the task stays blocked, and the call itself
        throws the error, or what has come instead, when that is done. SIGKILL does not ask.
        """
        return False

    def discard(self) -> None:
        """Kernel side: the task had an error to hear of instead, and this is not carried out."""

    def expired(self, kernel: Kernel, task: Task) -> None:
        """Kernel side: the timer that `handle` started for `task` is due."""
        kernel.resume(task)

    def waits_for(self, kernel: Kernel, task: Task) -> Sequence[Task]:
        """The tasks that could end this wait, for deadlock reports; empty if unknown."""
        return ()

    def arguments(self) -> Sequence[str]:
        """The call's arguments as they stand in its repr, a sequence of strings."""
        names = getattr(type(self), "__slots__", ())
        names = (names,) if isinstance(names, str) else [*names, *getattr(self, "__dict__", ())]
        return [repr(getattr(self, name)) for name in names if not name.startswith("_")]

    def __repr__(self) -> str:
        try:
            arguments = ", ".join(self.arguments())
        except Exception:
            arguments = "..."       # an argument's own repr fails: ps shall not fail with it
        return f"{type(self).__name__}({arguments})"

    def __iter__(self) -> Generator[SystemCall, Any, Any]:
        kernel = running.kernel
        if kernel is None:
            raise KernelError(
                f"{self!r} was made outside a kernel: system calls work in a task, "
                "started with minios.run(routine()) or kernel.spawn(routine())"
            )
        if kernel.current is None or (not kernel.lodger.is_nobody and kernel.lodger.has_stranger()):
            # No task of the kernel's runs, but one of who lives on it.
            return (yield from kernel.lodger.carry_out(self))
        return (yield self)

    __await__ = __iter__

"""Scopes: blocks of one task's code that may be left early, by a time limit or a failed child.

A scope that wants its task out of the block throws a `ScopeCancelled` of its own at the task's
call; when that very object arrives at the block's end, the scope turns it into what its user
expects. Scopes know their own by identity, so nested ones keep apart, and a kill that passes
through is nobody's.

`with` blocks nest in functions, but generators can break that: one that is abandoned inside its
block leaves it when it is closed, maybe in another task. So each task has a stack of its scopes,
and a scope that is not on top when it is left says so.
"""

from __future__ import annotations

from contextvars import ContextVar

from syscalls.base import running
from syscalls.describe import file_and_line
from syscalls.errors import Cancelled, KernelError, ScopeError

from ..kernel.current import current_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..kernel import Task

__all__ = ["Scope", "ScopeCancelled", "scopes_of"]

# A context variable is inherited by the tasks that a task spawns; the stack knows whose it is.
_current_stack: ContextVar[_Stack | None] = ContextVar("minios.scopes", default=None)


class ScopeCancelled(Cancelled):
    """Thrown into a task by one of its own scopes, to get it out of the scope's block."""

    scope: Scope | None = None

    def outcome(self, tid, name):
        """It has missed the block, and ended the task instead (PEP 789)."""
        error = ScopeError(
            f"{self.scope!r} of {self.place} wanted task {tid} ({name}) out of its block, but the "
            "task was elsewhere: the block is in a generator that was suspended meanwhile. Enter "
            "the scope in the code that iterates, not in the generator"
        )
        error.__cause__ = self
        return error


class _Stack(list):
    """The scopes that `task` is in, the innermost last."""

    def __init__(self, task):
        super().__init__()
        self.task = task


def scopes_of(task: Task) -> list[Scope]:
    """The scopes that `task` is in, the outermost first; for observers, from any thread."""
    get = getattr(task.context, "get", None)        # one that has ended has no context
    stack = None if get is None else get(_current_stack)
    return list(stack) if stack is not None and stack.task is task else []


class Scope:
    """A block that may be left early, entered once, by one task; `site` is where it was made."""

    __slots__ = ("task", "thrown", "_stack", "_site")

    task: Task                          # the one in the block; None before it is entered
    thrown: ScopeCancelled | None       # what was thrown to get the task out of it

    def __init__(self, site):
        self.task = self.thrown = self._stack = None
        self._site = site

    def enter(self) -> None:
        """The current task enters the block. Raises KernelError outside a task."""
        if self.task is not None:
            raise KernelError(f"{self!r} can be entered once; make another for another block")
        task = current_task()
        stack = _current_stack.get()
        if stack is None or stack.task is not task:
            stack = _Stack(task)
            _current_stack.set(stack)
        self.task, self._stack = task, stack
        stack.append(self)

    def leave(self) -> None:
        """The block is left; take back what has been thrown and has not arrived.

        Raises ScopeError where this is not the innermost scope of the current task. The scope
        is over all the same.
        """
        task, stack, self._stack = self.task, self._stack, None
        if stack is None:
            raise ScopeError(f"{self!r} of {self.place} has been left already")
        if self.thrown is not None:
            task.kernel.withdraw(task, self.thrown)
        inner = stack[stack.index(self) + 1:]
        stack.remove(self)
        if inner:
            places = ", ".join(f"{scope!r} of {scope.place}" for scope in inner)
            raise ScopeError(f"{self!r} of {self.place} is left before what it contains: {places}")
        if running.kernel is not task.kernel or task.kernel.current is not task:
            raise ScopeError(
                f"{self!r} of {self.place} was entered by {task!r} and is left by another; "
                "was a generator abandoned in the middle of its block?"
            )

    def cancel(self, error: ScopeCancelled) -> None:
        """Get the task out of the block by raising `error` in it, once."""
        if self.thrown is None and self._stack is not None and not self.task.done():
            self.thrown = error
            error.scope = self
            self.task.kernel.interrupt(self.task, error)

    @property
    def place(self) -> str:
        """`file.py:12`, where the scope was made."""
        return file_and_line(*self._site)

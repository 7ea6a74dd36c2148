"""TaskGroup: tasks that end together (structured concurrency).

Policy. A group is left only when its tasks have ended. The first failure, a task that raises or
is killed, kills the others; when the last has cleaned up, all errors are raised together in the
task that owns the group. An owner that fails itself, or is killed, takes the group along. So no
task outlives the block that spawned it, and no error is lost.

The owner hears of a failure where it waits for the group. One that is busy elsewhere in the
block is interrupted there, once the others have ended: leaving the block would have had to wait
for them anyway, and they may need what the block holds in order to clean up.
"""

from __future__ import annotations

from syscalls import Park, SystemCall, Wait
from syscalls.describe import caller_site
from syscalls.errors import KernelError, ScopeError, TaskKilledError
from syscalls.parking import wake
from syscalls.signums import SIGKILL, SIGTERM

from ..kernel.current import current_task
from .blocking import blocking
from .log import log_errors
from .scopes import Scope, ScopeCancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType
    from typing import Any

    from ..kernel import Task
    from ..kernel.task import Routine

__all__ = ["TaskGroup", "as_routine"]


class TaskGroup(Scope):
    """A block whose tasks have ended when it is left.

        async with TaskGroup() as group:        # in a coroutine: leaving waits for the tasks
            group.spawn(worker())

        with TaskGroup() as group:              # in a generator, where leaving cannot wait
            group.spawn(worker())
            yield from group.join()

    The first task that raises or is killed lets the others be killed. One error is raised as it
    is, several as an ExceptionGroup. A generator that leaves its block without `join()` by an
    exception has the tasks killed; without one, it also gets a ScopeError.
    """

    __slots__ = ("_tasks", "_services", "_errors", "_joining", "_failing")

    def __init__(self) -> None:
        super().__init__(caller_site())
        self._tasks: dict[Task, None] = {}      # alive, in the order they were spawned
        self._services: dict[Task, None] = {}
        self._errors: list[BaseException] = []
        self._joining = False       # the owner waits for the tasks
        self._failing = False       # the tasks are being killed: no more may be spawned

    def spawn(self, routine: Routine, name: str | None = None, daemon: bool = False) -> Task:
        """Start `routine` as a task of the group. Returns the Task; does not block.

        A system call, or a Task that runs already, is a task of the group that waits for it. A
        `daemon` is a service for the others: it is killed when they have ended. Any task may
        call this while the block lasts. Raises KernelError when it is over or failing, and as
        Spawn does.
        """
        return self.spawn_from(caller_site(), routine, name, daemon)

    def spawn_from(self, site, routine, name=None, daemon=False):
        """`spawn`, with the place that it was called from."""
        if self._stack is None or self._failing:
            close = getattr(routine, "close", None)
            if close is not None:
                close()     # or Python would warn of a coroutine that was never awaited
            state = "is failing" if self._failing else "is not entered, or over"
            raise KernelError(f"{self!r} of {self.place} {state}: nothing can be spawned in it")
        awaited = routine
        routine, its_name = as_routine(routine)
        task = self.task.kernel.spawn_from(site, routine, name or its_name, daemon)
        (self._services if daemon else self._tasks)[task] = None
        task.add_done_callback(self._ended)
        if hasattr(awaited, "add_done_callback"):
            _hear_for(task, awaited)
        return task

    @property
    def tasks(self) -> list[Task]:
        """The tasks that have not ended, services last."""
        return [*self._tasks, *self._services]

    @property
    def owners(self) -> list[Task]:
        """For deadlock reports: who could end the wait for this group."""
        return self.tasks

    @blocking
    def join(self) -> Generator[Any, Any, None]:
        """Wait until every task of the group has ended, the services last.

        Raises what the tasks raised: one error as it is, several as an ExceptionGroup. If the
        owner is killed here, the tasks are killed and waited for first; killed again, they are
        closed with SIGKILL. Raises KernelError for any other task than the owner.
        """
        if self.task is None or self.task is not current_task():
            raise KernelError(f"{self!r} of {self.place} is joined by the task that entered it")
        interrupt = yield from self._wait_for_tasks()
        self._raise_errors(interrupt)
        if interrupt is not None:
            raise interrupt

    def end(self, signum: int = SIGTERM) -> None:
        """Kill the tasks with `signum`, as the first failure does, without it being one."""
        if self._failing and signum == SIGTERM:
            return
        self._failing = True
        kernel, killer = self.task.kernel, self.task.tid
        for task in reversed(self.tasks):
            kernel.send_signal(task, signum, killer, self._site)

    # --- The block -----------------------------------------------------------------------

    def __enter__(self) -> TaskGroup:
        self.enter()
        self.task.add_done_callback(self._owner_ended)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        left = len(self.tasks)
        if left:
            self.end(SIGKILL if isinstance(error, GeneratorExit) else SIGTERM)
        self._close()
        self._raise_errors(error)
        if left and error is None:
            raise ScopeError(
                f"{self!r} of {self.place} was left while {left} of its tasks were alive; end the "
                "block with `yield from group.join()`, or write `async with` in a coroutine"
            )

    @blocking
    def __aenter__(self) -> Generator[Any, Any, TaskGroup]:
        return self.__enter__()
        yield

    @blocking
    def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Generator[Any, Any, None]:
        reason: BaseException | None = error
        try:
            if isinstance(error, GeneratorExit):
                self.end(SIGKILL)
            else:
                if error is not None:
                    self.end()
                reason = yield from self._wait_for_tasks(error)
        finally:
            self._close()
        self._raise_errors(reason)
        if reason is not None and reason is not error:
            raise reason

    def _close(self):
        self.task.remove_done_callback(self._owner_ended)
        self.leave()

    # --- The tasks' ends -----------------------------------------------------------------

    def _wait_for_tasks(self, interrupt=None):
        """Wait until no task is alive; returns what the owner was interrupted by, if at all.

        A second interruption is not lost: it comes again, at the owner's next yield.
        """
        later = []
        while self._tasks or self._services:
            if not self._tasks:
                self.end()      # the services
            self._joining = True
            try:
                yield Park(self)
            except GeneratorExit:
                self.end(SIGKILL)
                raise
            except BaseException as error:
                if error is not self.thrown:
                    self.end(SIGTERM if interrupt is None else SIGKILL)
                    if interrupt is None:
                        interrupt = error
                    else:
                        later.append(error)
            finally:
                self._joining = False
        for each in later:
            self.task.kernel.interrupt(self.task, each)
        return interrupt

    def _ended(self, task):
        """A task of the group has ended. Returns True: its error is heard here."""
        self._tasks.pop(task, None)
        self._services.pop(task, None)
        error = task.exception()
        if self._stack is None:
            return False        # the block is over: what is raised now goes to the log
        if error is not None and not (self._failing and isinstance(error, TaskKilledError)):
            # One that waited for another raises the very error of that one.
            if all(each is not error for each in self._errors):
                self._errors.append(error)
            self.end()
        if self._joining:
            if not self._tasks:
                wake(self)
        elif self._errors and not self.tasks:
            self.cancel(ScopeCancelled(SIGTERM, task.tid, self._site))
        return True

    def _owner_ended(self, owner):
        """The owner has ended inside the block: its generator was abandoned there."""
        self.end(SIGKILL)

    def _raise_errors(self, reason):
        """Raise what the tasks raised, when the block is left for `reason` (None: by its end).

        Returns where there is nothing to add to the reason.
        """
        errors, self._errors = self._errors, []
        if not errors:
            return
        if reason is not None and reason is not self.thrown:
            if not isinstance(reason, Exception):
                # A kill, or a time limit of an outer block: it must arrive as what it is.
                log_errors(f"{self!r} of {self.place}", errors)
                return
            if all(each is not reason for each in errors):
                errors.insert(0, reason)
        try:
            raise _as_one(errors) from None
        finally:
            errors = reason = None      # the traceback holds this frame

    def __repr__(self):
        return "TaskGroup()"


def as_routine(thing):
    """What is to be spawned for a routine, a system call or a Task, and under which name."""
    if isinstance(thing, SystemCall):
        return iter(thing), repr(thing)
    if hasattr(thing, "tid"):
        return _outcome_of(thing), thing.name
    if isinstance(thing, (list, tuple)):
        raise TypeError(f"give the routines one by one, as in gather(*routines), not {thing!r}")
    return thing, None


def _outcome_of(task):
    return (yield Wait(task))


def _hear_for(waiter, task):
    """`waiter` will wait for `task` when it has its first turn; until then it counts as one who
    waits, or an error that comes before would be logged as nobody's."""
    def is_heard(_):
        return not waiter.done()

    def leave(_):
        task.remove_done_callback(is_heard)

    task.add_done_callback(is_heard)
    waiter.add_done_callback(leave)


def _as_one(errors):
    """One error as it is, several as a group; but whoever says exit means it."""
    for error in errors:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            others = [each for each in errors if each is not error]
            if others:
                log_errors("a task group", others)
            return error
    if len(errors) == 1:
        return errors[0]
    return BaseExceptionGroup(f"{len(errors)} tasks failed", errors)

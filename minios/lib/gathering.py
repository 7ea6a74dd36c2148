"""gather, race and shield: several routines at once, as one call.

What they take is a routine (a generator or a coroutine object), a system call, or a Task that
runs already, which is only waited for.
"""

from __future__ import annotations

from syscalls import Wait, WaitAny
from syscalls.describe import caller_site

from ..kernel.current import current_task
from .blocking import blocking
from .groups import TaskGroup, as_routine
from .log import log_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

__all__ = ["gather", "race", "shield"]


@blocking
def gather(*routines: Any) -> Generator[Any, Any, list[Any]]:
    """Run `routines` side by side. Returns a list of what they return, in their order.

    The first that fails kills the others, and when all have ended the error is raised, or
    several as an ExceptionGroup. Killing the caller kills them all.
    """
    site = caller_site()
    with TaskGroup() as group:
        tasks = [group.spawn_from(site, each) for each in routines]
        yield from group.join()
    return [task.result() for task in tasks]


@blocking
def race(*routines: Any) -> Generator[Any, Any, Any]:
    """Run `routines` side by side until the first ends; returns what it returns.

    The others are killed and have ended when this returns. If the first to end fails, that is
    raised. Another that ends at the same moment is not heard: what `queue.get()` has got by then
    is gone, so give a race what can be done again. Raises ValueError for no routines, which would
    never end.
    """
    if not routines:
        raise ValueError("race takes at least one routine: none would never end")
    site = caller_site()
    with TaskGroup() as group:
        tasks = [group.spawn_from(site, each) for each in routines]
        first = yield from _first_of(tasks, group)
    return first.result()


def _first_of(tasks, group):
    """The first of `tasks` to end; the others are killed and have ended."""
    try:
        first = yield WaitAny(tasks)
    except GeneratorExit:
        raise       # leaving the group's block closes the tasks
    except BaseException as error:
        group.end()
        yield from group._wait_for_tasks(error)
        raise
    group.end()
    try:
        yield from group.join()
    except Exception as error:
        if first.exception() is not None:
            raise
        log_errors("a race that another has won", [error])
    return first


@blocking
def shield(routine: Any) -> Generator[Any, Any, Any]:
    """Run `routine` and return what it returns; if the caller is killed meanwhile, it goes on.

    It is then a task like any other: what it raises goes to the log.
    """
    site = caller_site()
    task = routine
    if not hasattr(routine, "tid"):
        routine, name = as_routine(routine)
        task = current_task().kernel.spawn_from(site, routine, name, False)
    return (yield Wait(task))

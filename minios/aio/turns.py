"""The turns of native tasks, which stand among the callbacks of the loop: see tasks.py."""

from __future__ import annotations

from asyncio import Future

from ..kernel.trampoline import advance, handler_of, not_a_call, refuse
from .tasks import Task, await_future, current_tasks

__all__ = ["run_tasks"]


def run_tasks(kernel, loop, task, left):
    """Give the native `task` its turn, and then those right behind it among the `left` first of
    the loop's queue, as Kernel.run_batch does, with what asyncio asks for around it.

    Returns how many are left. This is the path of every step of every coroutine, and keeps hold of
    none of them: asyncio's users count the references to what has ended.
    """
    ready, handlers, current, hooks = loop._ready, kernel.handlers, current_tasks, kernel.hooks
    give_way = ready.append
    try:
        while True:
            if hooks:
                kernel.run_batch([task], give_way)
            else:
                kernel.current = task
                task.switches += 1
                task.token = None
                value = task.value
                if value is not None:
                    task.value = None
                current[loop] = task
                try:
                    request = task.context.run(task.inner, value)
                except BaseException as error:
                    failed = error
                else:
                    failed = None
                del current[loop]
                if failed is not None:
                    if task.stack:      # a routine that it has yielded returns
                        advance(kernel, task, error=failed)
                    else:
                        task.end_by(failed)
                    failed = None
                else:
                    if task.must_cancel:
                        request = task.after_cancel(request)
                    if request is None:
                        give_way(task)
                    else:
                        _carry_out(kernel, handlers, task, request)
                        request = None
            if not left or ready[0].__class__ is not Task:
                return left
            left -= 1
            task = ready.popleft()
    finally:
        kernel.current = None
        # The traceback of an error that has ended a task leads to this frame.
        task = loop = failed = request = None


def _carry_out(kernel, handlers, task, request):
    """Hand what `task` has yielded to its handler."""
    task.call = request
    kind = request.__class__
    try:
        if kind is Future or kind is Task:
            await_future(request, kernel, task)
        else:
            handler = handlers.get(kind) or handler_of(kernel, type(request))
            if handler is not_a_call:
                raise RuntimeError(f"Task got bad yield: {request!r}")
            handler(request, kernel, task)
        return
    except Exception as error:
        failed = error
    refuse(kernel, task, request, failed)

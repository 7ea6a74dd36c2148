"""The trampoline: what happens to the thing that a task yields.

A system call goes to its handler, which is looked up by type and learned at first sight, so
that the run loop asks no questions. A routine is run on the task's own explicit stack (PEP 342):
`yield routine()` pushes it and resumes it; when it returns, its value is sent to the
caller, and what it raises is thrown into the caller. All of it happens in one turn of the
task, as a plain function call would, and in a loop, so that the depth is limited by memory
alone. Each entry of the stack is the root of a `yield from` chain (PEP 380).
"""

from types import CoroutineType, GeneratorType

from syscalls.base import SystemCall
from syscalls.describe import call_text

from .hooks import observed_handler
from .log import log_handler
from .task import HALT, BaseTask, check_routine, quacks

__all__ = ["advance", "answer", "call_routine", "handler_of", "not_a_call", "refuse"]


# --- Calls ---------------------------------------------------------------------------------


def handler_of(kernel, kind):
    """The handler(request, kernel, task) for what is of type `kind`, learned at first sight."""
    try:
        handler = kernel.handlers.get(kind)
    except TypeError:           # the type itself cannot be hashed: it is no call's
        return not_a_call
    if handler is None:
        if issubclass(kind, SystemCall):
            handler = observed_handler(kernel, kind.handle, is_call=True)
        elif issubclass(kind, (GeneratorType, CoroutineType)) or quacks(kind):
            handler = call_routine
        elif kind is type(HALT):
            handler = _halt
        else:
            handler = kernel.lodger.handler_of(kind)
            if handler is None:
                return not_a_call
            handler = observed_handler(kernel, handler, is_call=False)
        kernel.handlers[kind] = handler
    return handler


def answer(kernel, task, request):
    """Carry out what `task` has yielded, outside the hot path."""
    if request is None:
        kernel.make_ready(task)
        return
    task.call = request
    try:
        handler_of(kernel, type(request))(request, kernel, task)
        return
    except Exception as error:
        failed = error
    refuse(kernel, task, request, failed)


def refuse(kernel, task, request, error):
    """The handler of `request` has failed: raise it at the task's yield."""
    if task.done() or (task.call is None and task in kernel.ready):
        log_handler(task, request, error)
    else:
        task.call = request
        kernel.throw(task, error)


def _halt(request, kernel, task):
    """A detour let the task have no turn: it is stopped, or has ended."""
    task.call = None
    task.switches -= 1


def not_a_call(request, kernel, task):
    """The handler of everything that is neither a call nor a routine."""
    if isinstance(request, BaseTask):
        hint = "`yield Wait(task)` waits for a task"
    elif callable(request):
        hint = "call the function, and yield what it returns"
    elif hasattr(request, "__await__"):
        hint = "it is waited for with `yield from`, or `await`"
    else:
        hint = "yield a system call, a generator or coroutine, or nothing"
    what = call_text(request)
    raise TypeError(f"task {task.tid} ({task.name}) yielded {what}, no system call: {hint}")


# --- Routines ------------------------------------------------------------------------------


def call_routine(routine, kernel, task):
    """The handler of a yielded routine: run it on top of the task's stack."""
    check_routine(routine)
    task.call = None
    advance(kernel, task, routine)


def advance(kernel, task, request=None, error=None):
    """Go on with `task`, which has yielded the routine `request` or ended a routine by `error`
    (StopIteration where it returned), until it yields something else or ends."""
    run = task.context.run
    try:
        while True:
            try:
                value = None
                if error is None:       # a call: the routine goes on top of the one that yielded it
                    if task.stack is None:
                        task.stack = []
                    task.stack.append(task.routine)
                    task.routine = request
                elif not task.stack:
                    break               # out of this `try`, which is for the task's own errors
                else:                   # a return, to the routine below
                    task.routine = task.stack.pop()
                    if isinstance(error, StopIteration):
                        value = error.value
                    else:
                        task.error = _without_kernel_frames(error)
                if task._seldom is None and task.error is None:
                    task.send = task.routine.send   # aim(), where nothing else is due
                else:
                    task.aim()
                request = run(task.send, value)
            except BaseException as caught:
                error = caught
                continue
            error = None
            if type(request) is GeneratorType and not (request.gi_suspended or request.gi_running):
                continue        # the common case, seen at a glance
            if request is None or handler_of(kernel, type(request)) is not call_routine:
                answer(kernel, task, request)
                return
            try:
                check_routine(request)
            except Exception as refused:
                refuse(kernel, task, request, refused)
                return
        _end(kernel, task, error)
    finally:
        # The error's traceback holds this frame: without this it would hold the error, and
        # both would live until the garbage collector found them.
        error = request = task = None


def _end(kernel, task, error):
    if isinstance(error, StopIteration):
        kernel.end_task(task, error.value, None)
    else:
        kernel.end_task(task, None, _without_kernel_frames(error))


def _without_kernel_frames(error):
    """Drop the frames of the run loop, which stand above the task's own in the traceback."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__package__") == __package__:
        trace = trace.tb_next
    if trace is not None:
        error.__traceback__ = trace
    return error

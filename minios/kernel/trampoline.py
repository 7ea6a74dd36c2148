"""The trampoline: routines that call routines on the task's own explicit stack (PEP 342).

`yield routine()` pushes the routine and resumes it; when it returns, its value is sent to the
caller, and what it raises is thrown into the caller. All of it happens in one turn of the
task, as a plain function call would, and in a loop, so that the depth is limited by memory
alone. Each entry of the stack is the root of a `yield from` chain (PEP 380).
"""

from .task import check_routine

__all__ = ["advance", "call_routine"]


def call_routine(routine, kernel, task):
    """The handler of a yielded routine: run it on top of the task's stack."""
    check_routine(routine)
    task.call = None
    advance(kernel, task, routine)


def advance(kernel, task, request=None, error=None):
    """Go on with `task`, which has yielded the routine `request` or ended a routine by `error`
    (StopIteration where it returned), until it yields something else or ends."""
    try:
        while True:
            try:
                if error is None:
                    task.push(request)
                    request = task.context.run(task.send, None)
                elif not task.pop():
                    _end(kernel, task, error)
                    return
                elif isinstance(error, StopIteration):
                    request = task.context.run(task.send, error.value)
                else:
                    task.error = _without_kernel_frames(error)
                    task.aim()
                    request = task.context.run(task.send, None)
            except BaseException as caught:
                error = caught
                continue
            error = None
            if kernel.handler_of(type(request)) is not call_routine:
                kernel.answer(task, request)
                return
            try:
                check_routine(request)
            except Exception as refused:
                kernel.refuse(task, request, refused)
                return
    finally:
        # The error's traceback holds this frame: without this it would hold the error, and
        # both would live until the garbage collector found them.
        error = request = None


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

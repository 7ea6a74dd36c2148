"""A task of pyos: the generator that runs, the callers that wait for it, and their rules.

`target` is the generator that runs now, `stack` its callers, the outermost first: the trampoline
of pyos8. What a generator yields decides what happens next:
- a system call: it is handed to whoever runs the task;
- a generator, or a native coroutine: it is called, and its caller waits on the stack;
- anything else, None included: in a subroutine, that is its result, which the caller is sent,
  and the subroutine is let go; at the bottom of the stack, the task gives up its turn.
A subroutine may also return its result, and what it raises is thrown into its caller.
"""

import sys
import types

from syscalls import SystemCall as KernelCall
from syscalls.base import running

from ._pyos_calls import SystemCall

__all__ = ["Task", "calling_site"]


class Task:
    """A task that runs the generator `target`. Tids count from 1, for the whole program."""

    taskid = 0      # the last tid that was given

    _error = None       # what is to be raised at the next turn, instead of sending `sendval`
    _adapter = None     # the task as the kernel knows it, once it does
    _site = None, 0     # where it was asked for, for the kernel's log

    def __init__(self, target):
        Task.taskid += 1
        self.tid = Task.taskid
        self.target = target
        self.sendval = None
        self.stack = []
        self._site = calling_site()

    def __repr__(self):
        return f"<pyos task {self.tid} {self._name}>"

    def run(self):
        """Have one turn: run until a system call, which is returned, or another plain yield.

        `sendval` is sent, and is None again afterwards. Raises StopIteration when the task
        has ended, and what it failed with.
        """
        while True:
            try:
                request = self._resume()
            except BaseException as error:
                if not self.stack:
                    raise
                self._go_back(error)
                continue
            if isinstance(request, (types.GeneratorType, types.CoroutineType)):
                self.stack.append(self.target)
                self.target = request
            elif not self.stack or isinstance(request, (SystemCall, KernelCall)):
                return request
            else:
                self.target, self.sendval = self.stack.pop(), request

    # What follows was not in pyos: private, so that a program's own subclass may use any name.

    @property
    def _name(self):
        """The name of the outermost generator."""
        outermost = self.stack[0] if self.stack else self.target
        return getattr(outermost, "__name__", type(outermost).__name__)

    def _kill(self, killer):
        """Close all generators of this task because the task `killer` wants it to end."""
        if self._adapter is None:
            self._error = self._close()
        else:
            self._adapter.kill(killer)

    def _close(self):
        """Close every generator, the innermost first; return the last error that came of it."""
        fault = None
        generators = [*self.stack, self.target]
        self.stack.clear()
        while generators:
            try:
                generators.pop().close()
            except BaseException as error:
                if fault is not None:
                    error.__context__ = fault
                fault = error
        return fault

    def _resume(self):
        value, self.sendval = self.sendval, None
        if self._error is None:
            return self.target.send(value)
        error, self._error = self._error, None
        return self.target.throw(error)

    def _go_back(self, error):
        """The subroutine on top has ended by `error`: StopIteration if it has returned."""
        self.target = self.stack.pop()
        if isinstance(error, StopIteration):
            self.sendval = error.value
        else:
            self._error = error


def calling_site():
    """Where the program asks for a new task, as (code, instruction).

    That is the yield of the task whose call is being handled, or else a line outside of here.
    """
    caller = None if running.kernel is None else running.kernel.current
    frames = caller.frames() if caller is not None and caller.call is not None else ()
    if frames:
        frame = frames[-1]
    else:
        frame = sys._getframe(1)
        while frame.f_globals.get("__package__") == __package__:
            frame = frame.f_back
    return frame.f_code, frame.f_lasti

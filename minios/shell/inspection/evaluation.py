"""Running Python code in a kernel: what the prompt of `py` is made of.

A statement runs in the kernel's own thread, between two turns, so that it may do what plain
functions of the program may. One with an `await` at its top level is a coroutine, and runs as a
task there (as in asyncio's own prompt). What it prints with `print` goes to the prompt, and not to
the standard output of the program.
"""

import ast
import builtins
import io
import linecache
import sys
import traceback
from codeop import CommandCompiler
from contextvars import copy_context
from inspect import CO_COROUTINE
from itertools import count
from types import FunctionType

import syscalls
from syscalls import Sleep

from ..system import KernelBusyError
from ..tty.redirect import current_output

__all__ = ["Evaluation", "Statement"]

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_PATIENCE = 1.0     # seconds that the kernel has to begin with a statement
_LOOK = 0.01        # seconds between two looks whether it has ended
_numbers = count(1)


class Evaluation:
    """A namespace in which statements are run on the kernel of `system`."""

    def __init__(self, system):
        self._system = system
        self._printed = _Printed()
        self._compile = CommandCompiler()
        self._compile.compiler.flags |= _FLAGS
        self.names = {
            "__name__": "__py__", "__builtins__": builtins, "minios": sys.modules["minios"],
            "syscalls": syscalls, "system": system, "kernel": system.kernel,
            "tasks": system.tasks, "task": lambda tid: system.find(str(tid)), "print": self._print,
            # Python's own would close standard input, and wait for keys in the kernel's thread.
            "exit": _leave, "quit": _leave, "help": self._help,
        }

    def is_incomplete(self, source):
        """Whether more lines are to come before `source` can be run."""
        try:
            return self._compile(source, "<py>", "single") is None
        except (SyntaxError, ValueError, OverflowError):
            return False        # `run` tells of it

    def run(self, source):
        """Run `source`; a generator. Returns (what it has printed and the value of its last
        expression, as text; None, or the error, as text). Raises SystemExit, and KernelBusyError
        if the kernel does not come to it."""
        try:
            statement = Statement(source, self.names)
        except (SyntaxError, ValueError, OverflowError) as mistake:
            return "", "".join(traceback.format_exception_only(mistake))
        context = copy_context()
        context.run(current_output.set, self._printed)
        try:
            error = yield from self._carry_out(statement, context)
        except KeyboardInterrupt:
            statement.given_up = True
            if statement.task is not None:
                statement.task.kill()
            return self._printed.take(), "KeyboardInterrupt\n"
        return self._printed.take(), error

    def _carry_out(self, statement, context):
        kernel = self._system.kernel
        try:
            yield from self._system.call(context.run, statement.begin, kernel, patience=_PATIENCE)
        except KernelBusyError:
            if not statement.has_begun:
                statement.given_up = True
                raise
        while not statement.has_ended():
            yield Sleep(_LOOK)
        if isinstance(statement.error, SystemExit):
            raise statement.error
        if statement.error is not None:
            return statement.error_text()
        if statement.value is not None:
            self.names["_"] = statement.value
            # The repr is code of the program's own, too.
            yield from self._system.call(self._show, statement.value)
        return None

    def _show(self, value):
        try:
            text = repr(value)
        except Exception as error:
            text = f"<{type(value).__name__}, whose repr failed: {type(error).__name__}>"
        self._printed.write(text + "\n")

    def _print(self, *values, file=None, **options):
        builtins.print(*values, file=self._printed if file is None else file, **options)

    def _help(self, thing):
        import pydoc

        self._print(pydoc.plain(pydoc.render_doc(thing)))


def _leave(code=None):
    raise SystemExit(code)


class Statement:
    """One piece of code: compiled at first, then run by `begin`, in the kernel's thread."""

    def __init__(self, source, names):
        self.given_up = self.has_begun = False
        self.value = self.error = self.task = None
        self._names, self._is_over = names, False
        self._file = f"<py-{next(_numbers)}>"
        linecache.cache[self._file] = len(source), None, source.splitlines(True), self._file
        tree = compile(source, self._file, "exec", _FLAGS | ast.PyCF_ONLY_AST)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        self._codes = [self._code(tree, "exec")]
        if last is not None:
            self._codes.append(self._code(ast.Expression(last.value), "eval"))

    def _code(self, tree, mode):
        return compile(tree, self._file, mode, _FLAGS)

    def begin(self, kernel):
        """Run it; what awaits something goes on as a task."""
        if self.given_up:
            return
        self.has_begun = True
        if any(code.co_flags & CO_COROUTINE for code in self._codes):
            self.task = kernel.spawn(self._run_and_await(), name="py")
            return
        try:
            for code in self._codes:
                self.value = eval(code, self._names)    # None for what is no expression
        except BaseException as error:
            self.error = error
        self._is_over = True

    async def _run_and_await(self):
        try:
            for code in self._codes:
                value = FunctionType(code, self._names)()
                self.value = await value if code.co_flags & CO_COROUTINE else value
        except (Exception, SystemExit) as error:
            self.error = error      # it is the prompt's, and not the kernel's

    def has_ended(self):
        """Whether it is over."""
        return self._is_over or self.given_up or (self.task is not None and self._task_has_ended())

    def _task_has_ended(self):
        if self.task.done() and self.error is None:
            self.error = self.task.failure()        # it was killed
        return self.task.done()

    def error_text(self):
        """The traceback of the error, with the frames of the statement and what it called."""
        trace = self.error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != self._file:
            trace = trace.tb_next
        return "".join(traceback.format_exception(type(self.error), self.error, trace))


class _Printed(io.TextIOBase):
    """What has been printed, until the prompt shows it."""

    def __init__(self):
        self._pieces = []

    def write(self, text):
        text = text if isinstance(text, str) else bytes(text).decode(errors="replace")
        self._pieces.append(text)
        return len(text)

    def take(self):
        """The text so far."""
        pieces, self._pieces = self._pieces, []
        return "".join(pieces)

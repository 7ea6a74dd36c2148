"""The shell's own task: read a line, start what it names, wait for it unless `&` says not to.

A program of the shell is a module of `programs` with a generator function `main(shell,
arguments)`, which runs as a task and returns the exit status; see programs/__init__.py. A
word that names no program but a file ending in `.py` is run as `run FILE`.
"""

import signal
import sys

from syscalls import Kill, Spawn

from ..errors import TaskKilledError
from ..kernel import Kernel
from ..trace import Accounting
from .arguments import Leave
from .jobs import Jobs, status_of
from .lines import LineReader
from .parser import parse
from .programs import find_program

__all__ = ["Shell", "boot"]

_BANNER = "minios {version}: `help` lists the programs, `demos` the demos, ^D or `exit` leaves."


class Shell:
    """One session, on the descriptors of standard input and output."""

    def __init__(self, kernel, interactive):
        self.kernel = kernel
        self.interactive = interactive
        self.jobs = Jobs()
        self.status = 0             # of the last command: $?
        self.leaving = False        # `exit` was said
        self._lines = LineReader(sys.stdin.fileno())

    def session(self):
        """The main task: command lines until the end of input. Returns the last exit status."""
        while not self.leaving:
            if self.interactive:
                self._report_ended_jobs()
            try:
                line = yield from self._prompt()
                if line is None:
                    break
                yield from self.execute(line)
            except KeyboardInterrupt:
                self.say("^C" if not self.interactive else "")
                self.status = 130
            except ValueError as error:
                self.complain(str(error))
                self.status = 2
        if self.interactive and not self.leaving:
            self.say("exit")
        return self.status

    def execute(self, line):
        """Carry out one line. Raises ParseError; use it with `yield from`."""
        for command in parse(line):
            self.status = yield from self._start(command)
            if self.leaving:
                break

    def say(self, text):
        """Print a line."""
        print(text, flush=True)

    def complain(self, text):
        """Print a line on standard error, under the shell's name."""
        print(f"minios: {text}", file=sys.stderr, flush=True)

    def _prompt(self):
        if self.interactive:
            print("minios$ ", end="", flush=True)
        return (yield from self._lines.readline())

    def _start(self, command):
        """Start a command as a task; wait for it if it is in the foreground."""
        name, *arguments = command.words
        if name.endswith(".py"):
            name, arguments = "run", command.words
        program = find_program(name)
        if program is None:
            self.complain(f"{name}: no such program; `help` lists those there are")
            return 127
        task = yield Spawn(_checked(program, self, arguments), name=str(command))
        task.group = task.tid
        if command.background:
            job = self.jobs.add(task, str(command))
            self.say(f"[{job.number}] {task.tid}")
            return 0
        return (yield from self.foreground(task))

    def foreground(self, task):
        """Wait for a task's status; ^C goes to it, a third one kills it."""
        interrupts = 0
        while True:
            try:
                return (yield from status_of(task))
            except KeyboardInterrupt:
                interrupts += 1
                if self.interactive:
                    self.say("")        # behind the ^C that the terminal shows
                yield Kill(task, signal.SIGINT if interrupts < 3 else signal.SIGKILL)

    def _report_ended_jobs(self):
        for job in self.jobs.take_ended():
            self.say(f"[{job.number}]+ {_how_it_ended(job.task):<12} {job.command}")


def _how_it_ended(task):
    """`Done`, `Exit 3`, `Terminated`, or what the task raised."""
    error = task.exception()
    if isinstance(error, TaskKilledError):
        return signal.strsignal(error.signum)
    if error is not None:
        return f"{type(error).__name__}: {error}"
    status = task.result()
    return f"Exit {status}" if isinstance(status, int) and status else "Done"


def _checked(program, shell, arguments):
    """A program as a task: usage errors are its status and not a traceback."""
    try:
        return (yield from program.main(shell, arguments))
    except Leave as leave:
        if leave.message:
            print(leave.message, end="", file=sys.stderr, flush=True)
        return leave.status
    except BrokenPipeError:
        return 141
    except OSError as error:
        shell.complain(f"{program.__name__.rpartition('.')[2].rstrip('_')}: {error.strerror}")
        return 1


def boot():
    """Boot a kernel with the shell as its main task; returns the exit status."""
    from .. import __version__

    if sys.stdin is None:
        print("minios: standard input is closed; the shell reads its commands there",
              file=sys.stderr)
        return 2
    kernel = Kernel()
    kernel.attach(Accounting())
    interactive = sys.stdin.isatty()
    shell = Shell(kernel, interactive)
    if interactive:
        shell.say(_BANNER.format(version=__version__))
    try:
        return kernel.run(shell.session(), name="shell")
    except TaskKilledError as killed:
        return 128 + killed.signum

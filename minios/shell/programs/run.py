"""run: run a Python file; its tasks run on this kernel, where ps lists them."""

import signal

from syscalls import GetTask, Park, Sleep, Spawn, Wait

from ...errors import Cancelled
from ...kernel.hosting import program_of
from ..arguments import Arguments
from ..loader import Loader
from ..running import exit_status
from ..tty.feed import Feed
from ..tty.redirect import Spool, current_error, current_input, current_output, input_from


def parser():
    parser = Arguments(
        "run", "Run a Python file; its tasks run on this kernel, where ps lists them.",
        epilog="print(), sys.stdout, sys.stderr, sys.stdin and input() go where the program's "
               "output and input\ngo, also through pipes; what it writes to descriptor 1 itself, "
               "and what its child processes\nwrite, goes to the terminal.",
    )
    parser.add_argument("file")
    parser.add_argument("argument", nargs="...", help="what the program finds in sys.argv")
    return parser


def main(process, options):
    return (yield from run_file(process, options.file, options.argument))


def run_file(process, path, arguments):
    """Run a file as the calling task's own program; its exit status. A generator."""
    if not process.system.is_local:
        yield from process.complain(f"{path}: programs run in the process that they were started "
                                    "in; `minios run FILE` starts one")
        return 1
    process.demand("py")
    shell = process.shell
    task = yield GetTask()
    program = _Program(process, task)
    spools = yield from _redirect_prints(process, program)
    current_input.set(input_from(program.feed))
    loader = program.loader = Loader(shell.kernel, task, path, arguments, program.tell)
    try:
        try:
            loader.start()
        except OSError as error:
            yield from process.complain(f"{path}: {error.strerror}")
            return 127 if isinstance(error, FileNotFoundError) else 126
        except SyntaxError as error:
            yield from process.complain(f"{path}, line {error.lineno}: {error.msg}")
            return 126
        status = yield from program.see_through()
        for spool, pump in spools:
            spool.close()
            failure = yield Wait(pump)
            if failure is not None and not isinstance(failure, BrokenPipeError):
                yield from process.complain(f"{path}: {failure.strerror}")
                status = status or 1
        return status
    finally:
        for spool, _ in spools:
            spool.close()


def _redirect_prints(process, program):
    """Let what the program prints go where its output goes: the (Spool, pump) of each stream that
    does not go to the terminal."""
    spools = []
    for output, variable in ((process.stdout, current_output), (process.stderr, current_error)):
        if getattr(output, "terminal", None) is process.shell.terminal:
            continue
        spool = Spool(process.shell.kernel)
        pump = yield Spawn(spool.pump(output), name=f"output of {process.name}", daemon=True)
        pump.group = pump.tid       # it is none of the program's tasks
        pump.add_done_callback(program.pump_ended)
        variable.set(spool)
        spools.append((spool, pump))
    return spools


class _News(BaseException):
    """Raised in the program's task while it reads for the program: something else has happened."""


class _Program:
    """What the task of a running program sees to: its end, its input, ^C, and its reader's end."""

    def __init__(self, process, task):
        self.process, self.task = process, task
        self.feed = Feed(task.kernel, process.stdin, self.tell)
        self.loader = None
        self.unheard = False        # nobody reads its output any more

    def tell(self):
        """In the kernel's thread: let the task look what there is."""
        kernel = self.task.kernel
        if not kernel.parking.wake(self, None, None) and self.feed.answering:
            if self.unheard or self.loader.status is not None:
                kernel.interrupt(self.task, _News())    # what it reads is of no use any more

    def pump_ended(self, pump):
        """Its output goes nowhere, if that was by an error: then it is over, as by SIGPIPE."""
        if isinstance(pump.exception() or pump.result(), BrokenPipeError):
            self.unheard = True
            self.tell()

    def see_through(self):
        """Wait for the program; what ends this task is passed on to the program's tasks. Its
        status; a generator."""
        task, loader = self.task, self.loader
        try:
            while loader.status is None and not self.unheard:
                yield from self._attend()
            if self.unheard:
                yield from _terminate(task, loader)
                return 128 + signal.SIGPIPE
        except SystemExit as leave:     # of one of its tasks
            yield from _terminate(task, loader)
            status, text = exit_status(leave.code)
            yield from self.process.stderr.write(text)
            return status
        except Cancelled:
            yield from _terminate(task, loader)
            raise
        finally:
            _signal_tasks(task, loader, signal.SIGKILL)
        return loader.status

    def _attend(self):
        try:
            if self.feed.asked:
                yield from self.feed.answer()
            else:
                yield Park(self)
        except _News:
            pass
        except KeyboardInterrupt:
            _signal_tasks(self.task, self.loader, signal.SIGINT)

    def __repr__(self):
        return repr(self.loader)


def _terminate(task, loader):
    """End the program's tasks, as at a shutdown; give its top level time to end too."""
    kernel = task.kernel
    _signal_tasks(task, loader, signal.SIGTERM)
    deadline = kernel.now() + kernel.grace
    while loader.status is None and kernel.now() < deadline:
        yield Sleep(0.01)


def _signal_tasks(leader, loader, signum):
    """Signal the program's tasks; where it has none, interrupt its top level."""
    tasks = program_of(leader)
    if signum == signal.SIGINT:
        tasks = tasks[:1]       # Ctrl-C is for the main task, as everywhere
    if signum == signal.SIGTERM:
        tasks.reverse()         # children before parents; by KILL, nobody is to hear of the others
    for each in tasks:
        each.kill(signum)
    if not tasks and loader.status is None:
        loader.interrupt()

"""run: run a Python file; its tasks run on this kernel, where ps lists them."""

import signal

from syscalls import GetTask, Park, Sleep, Spawn, Wait

from ...errors import Cancelled
from ...kernel.hosting import program_of
from ..arguments import Arguments
from ..loader import Loader
from ..redirect import Spool, current_error, current_output
from ..running import exit_status


def parser():
    parser = Arguments("run", "Run a Python file; its tasks run on this kernel, where ps lists "
                              "them.")
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
    spools = yield from _redirect_prints(process)
    loader = Loader(shell.kernel, task, path, arguments)
    try:
        try:
            loader.start()
        except OSError as error:
            yield from process.complain(f"{path}: {error.strerror}")
            return 127 if isinstance(error, FileNotFoundError) else 126
        except SyntaxError as error:
            yield from process.complain(f"{path}, line {error.lineno}: {error.msg}")
            return 126
        status = yield from _see_through(process, task, loader)
        for spool, pump in spools:
            spool.close()
            yield Wait(pump)
        return status
    finally:
        for spool, _ in spools:
            spool.close()


def _redirect_prints(process):
    """Let what the program prints go where its output goes: the (Spool, pump) of each stream that
    does not go to the terminal."""
    spools = []
    for output, variable in ((process.stdout, current_output), (process.stderr, current_error)):
        if getattr(output, "terminal", None) is process.shell.terminal:
            continue
        spool = Spool(process.shell.kernel)
        pump = yield Spawn(spool.pump(output), name=f"output of {process.name}", daemon=True)
        pump.group = pump.tid       # it is none of the program's tasks
        variable.set(spool)
        spools.append((spool, pump))
    return spools


def _see_through(process, task, loader):
    """Wait for the program; what ends this task is passed on to the program's tasks."""
    try:
        while loader.status is None:
            try:
                yield Park(loader)
            except KeyboardInterrupt:
                _signal_tasks(task, loader, signal.SIGINT)
    except SystemExit as leave:     # of one of its tasks
        yield from _terminate(task, loader)
        status, text = exit_status(leave.code)
        yield from process.stderr.write(text)
        return status
    except Cancelled:
        yield from _terminate(task, loader)
        raise
    finally:
        _signal_tasks(task, loader, signal.SIGKILL)
    return loader.status


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
    for each in reversed(tasks):
        each.kill(signum)
    if not tasks and loader.status is None:
        loader.interrupt()

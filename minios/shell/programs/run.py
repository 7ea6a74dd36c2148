"""run: run a Python file; its tasks run on this kernel, where ps lists them."""

import signal

from syscalls import GetTask, Park, Sleep

from ...errors import Cancelled
from ..arguments import Arguments
from ..jobs import exit_status
from ..loader import Loader

SUMMARY = "run a Python file, whose tasks ps will list: run FILE [ARG ...] [&]"


def main(shell, arguments):
    """run FILE [ARG ...]"""
    parser = Arguments("run", "Run a Python file; its tasks run on this kernel.")
    parser.add_argument("file")
    parser.add_argument("argument", nargs="...", help="what the program finds in sys.argv")
    options = parser.parse_args(arguments)
    return (yield from run_file(shell, options.file, options.argument))


def run_file(shell, path, arguments):
    """Run a file as the calling task's own program; its exit status. Use it with `yield from`."""
    task = yield GetTask()
    loader = Loader(shell.kernel, task, path, arguments)
    try:
        loader.start()
    except OSError as error:
        shell.complain(f"run: {path}: {error.strerror}")
        return 127 if isinstance(error, FileNotFoundError) else 126
    except SyntaxError as error:
        shell.complain(f"run: {path}, line {error.lineno}: {error.msg}")
        return 126
    return (yield from _see_through(shell, task, loader))


def _see_through(shell, task, loader):
    """Wait for the program; what ends this task is passed on to the program's tasks."""
    try:
        while loader.status is None:
            try:
                yield Park(loader)
            except KeyboardInterrupt:
                _signal_tasks(shell, task, loader, signal.SIGINT)
    except SystemExit as leave:     # of one of its tasks
        yield from _terminate(shell, task, loader)
        return exit_status(leave.code)
    except Cancelled:
        yield from _terminate(shell, task, loader)
        raise
    finally:
        _signal_tasks(shell, task, loader, signal.SIGKILL)
    return loader.status


def _terminate(shell, task, loader):
    """End the program's tasks, as at a shutdown; give its top level time to end too."""
    _signal_tasks(shell, task, loader, signal.SIGTERM)
    deadline = shell.kernel.now() + shell.kernel.grace
    while loader.status is None and shell.kernel.now() < deadline:
        yield Sleep(0.01)


def _signal_tasks(shell, leader, loader, signum):
    """Signal the program's tasks; where it has none, interrupt its top level."""
    tasks = [each for each in shell.kernel.tasks.values()
             if each.group == leader.group and each is not leader]
    if signum == signal.SIGINT:
        tasks = tasks[:1]       # Ctrl-C is for the main task, as everywhere
    for each in reversed(tasks):
        each.kill(signum)
    if not tasks and loader.status is None:
        loader.interrupt()

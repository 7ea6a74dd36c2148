"""Booting: a kernel whose main task is a shell, on the standard streams of the process."""

import signal
import sys

from syscalls import GetTask

from ..errors import TaskKilledError
from ..kernel import Kernel
from ..trace import Accounting
from .shell import Shell
from .system import System
from .tty.completion import complete
from .tty.prompt import make_terminal
from .tty.redirect import installed

__all__ = ["boot"]

_BANNER = "minios {version}: `help` lists the programs, `demos` the demos, ^D or `exit` leaves."


def boot(script=None, arguments=("minios",)):
    """Boot a kernel with a shell as its main task; returns the exit status.

    `script` is a text of commands to carry out instead of reading them; `arguments` are $0, $1
    and so on.
    """
    from .. import __version__

    if sys.stdin is None:
        print("minios: standard input is closed; the shell reads its commands there",
              file=sys.stderr)
        return 2
    kernel = Kernel(console=True)
    kernel.attach(Accounting())
    system = System(kernel)
    terminal = make_terminal(kernel, lambda text, at: complete(shell, text, at))
    shell = Shell(kernel, system, terminal, arguments=arguments)
    if shell.interactive:
        kernel.hold()       # who sits there may always go on: nothing is a deadlock
        if script is None:
            print(_BANNER.format(version=__version__), flush=True)
    try:
        with installed(terminal), system.watching_programs(), _job_control(shell):
            return kernel.run(_main(shell, script), name="shell")
    except TaskKilledError as killed:
        return 128 + killed.signum
    finally:
        terminal.close()


def _main(shell, script):
    task = yield GetTask()
    return (yield from shell.session(task) if script is None else shell.run_script(task, script))


class _job_control:
    """While it is entered, ^Z (SIGTSTP) stops what is in the foreground and not the shell."""

    def __init__(self, shell):
        self._shell, self._previous = shell, None

    def __enter__(self):
        if self._shell.interactive:
            self._previous = signal.signal(signal.SIGTSTP, self._on_stop)

    def __exit__(self, *error):
        if self._previous is not None:
            signal.signal(signal.SIGTSTP, self._previous)

    def _on_stop(self, signum, frame):
        self._shell.kernel.call_from_thread(self._shell.suspend)

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
    """While it is entered, ^Z (SIGTSTP) and SIGQUIT are for what is in the foreground, and not for
    the shell."""

    def __init__(self, shell):
        self._actions = {signal.SIGTSTP: shell.suspend, signal.SIGQUIT: shell.quit}
        self._shell, self._previous = shell, {}

    def __enter__(self):
        if self._shell.interactive:
            for signum in self._actions:
                self._previous[signum] = signal.signal(signum, self._hear)

    def __exit__(self, *error):
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    def _hear(self, signum, frame):
        self._shell.kernel.call_from_thread(self._actions[signum])

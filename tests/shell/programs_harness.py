"""Run one program of the shell by itself, on a kernel of its own: no terminal, no parser."""

import minios
from minios.shell.process import Process
from minios.shell.programs import find_program
from minios.shell.running import run_program
from minios.shell.shell import Shell
from minios.shell.streams import Output, TextInput, as_bytes
from minios.shell.system import System
from minios.shell.terminal import Terminal


class Collected(Output):
    """An output that keeps what is written."""

    def __init__(self):
        self.data = b""

    @property
    def text(self):
        return self.data.decode()

    def write(self, data):
        self.data += as_bytes(data)
        yield


def run(*argv, stdin=b"", folder=".", kernel=None, background=(), system=None):
    """Run the program `argv[0]`: (status, standard output, standard error), as text.

    `background` are routines that run beside it, spawned before it.
    """
    status, out, err = run_bytes(*argv, stdin=stdin, folder=folder, kernel=kernel,
                                 background=background, system=system)
    return status, out.decode(), err.decode()


def run_bytes(*argv, stdin=b"", folder=".", kernel=None, background=(), system=None):
    """The same, with bytes."""
    kernel = minios.Kernel() if kernel is None else kernel
    system = System(kernel) if system is None else system
    out, err = Collected(), Collected()
    shell = Shell(kernel, system, Terminal(), str(folder))
    process = Process(shell, argv[0], TextInput(stdin, "-"), out, err)

    def main():
        for routine in background:
            kernel.spawn(routine)
        for _ in background:
            yield               # let each have its first turn
        yield
        return (yield from run_program(find_program(argv[0]), process, list(argv[1:])))

    return kernel.run(main(), name=argv[0]), out.data, err.data

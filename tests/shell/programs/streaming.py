"""Programs that go on until somebody stops them, in virtual time."""

from types import SimpleNamespace

import minios
from minios.shell.process import Process
from minios.shell.programs import find_program
from minios.shell.running import run_program
from minios.shell.streams import Input, TextInput, as_bytes
from minios.shell.system import System
from minios.sim import VirtualClock
from tests.shell.programs_harness import Collected


class Leaving(Collected):
    """An output whose reader leaves when `marker` has come."""

    def __init__(self, marker):
        super().__init__()
        self._marker = as_bytes(marker)

    def write(self, data):
        yield from super().write(data)
        if self._marker in self.data:
            raise BrokenPipeError


class Pieces(Input):
    """An input whose pieces come one by one; an exception among them is raised."""

    def __init__(self, *pieces):
        super().__init__()
        self._pieces = list(pieces)

    def _receive(self):
        yield
        piece = self._pieces.pop(0) if self._pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece


def started(*argv, out=None, stdin=b"", folder=".", programs=find_program):
    """(kernel, the program's routine, its outputs): to be spawned, watched and killed."""
    kernel = minios.Kernel(clock=VirtualClock())
    shell = SimpleNamespace(
        system=System(kernel), terminal=None, folder=str(folder), jobs=None, variables={},
        status=0, interactive=False, aliases={},
    )

    def run_words(process, words):
        program = programs(words[0])
        if program is None:
            return 127
        return (yield from run_program(program, process, words[1:]))

    shell.run_words = run_words
    out, err = out or Collected(), Collected()
    source = stdin if isinstance(stdin, Input) else TextInput(stdin, "-")
    process = Process(shell, argv[0], source, out, err)
    return kernel, run_words(process, list(argv)), out, err


def run_until(marker, *argv, background=(), **options):
    """Run a program until it has written `marker`: (status, standard output, standard error)."""
    kernel, routine, out, err = started(*argv, out=Leaving(marker), **options)

    def main():
        for other in background:
            kernel.spawn(other, daemon=True)
        return (yield from routine)

    return kernel.run(main(), name=argv[0]), out.text, err.text

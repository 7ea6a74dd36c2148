"""Run one program of the shell by itself, on a kernel of its own: no terminal, no parser."""

from contextlib import contextmanager

import minios
from minios.shell.process import Process
from minios.shell.programs import find_program
from minios.shell.running import run_program
from minios.shell.shell import Shell
from minios.shell.streams import Output, TerminalOutput, TextInput, as_bytes
from minios.shell.system import System
from minios.shell.tty.terminal import Terminal
from syscalls import Sleep


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


class TypedTerminal(Terminal):
    """A terminal at which `typed` is typed: a key each time that a program asks for one.

    None lets the time pass for which the program waits; a function is called, and the next one
    follows at once. What is written is in `data`.
    """

    interactive = True

    def __init__(self, typed=(), columns=80, lines=24, colors=False):
        self.columns, self.lines, self.colors = columns, lines, colors
        self.data = b""
        self.reads_keys = False
        self._typed = iter(typed)

    @property
    def text(self):
        return self.data.decode()

    def screen(self):
        """The lines that a person sees, without the empty ones below."""
        import pyte

        screen = pyte.Screen(self.columns, self.lines)
        pyte.ByteStream(screen).feed(self.data)
        lines = [line.rstrip() for line in screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def size(self):
        return self.columns, self.lines

    def write(self, data, error=False):
        self.data += data
        yield

    def print(self, text, error=False):
        self.data += as_bytes(text)

    @contextmanager
    def keys(self):
        self.reads_keys = True
        try:
            yield self
        finally:
            self.reads_keys = False

    def get(self, seconds=None):
        for key in self._typed:
            if callable(key):
                key()
            elif key is None:
                yield Sleep(seconds)
                return None
            else:
                yield
                return key
        raise AssertionError("the program asks for a key, and nothing more is typed")


def run(*argv, stdin=b"", folder=".", kernel=None, background=(), system=None,
        terminal=None):
    """Run the program `argv[0]`: (status, standard output, standard error), as text.

    `background` are routines that run beside it, spawned before it. At a `terminal`, what is
    written is there.
    """
    status, out, err = run_bytes(*argv, stdin=stdin, folder=folder, kernel=kernel,
                                 background=background, system=system, terminal=terminal)
    return status, out.decode(), err.decode()


def run_bytes(*argv, stdin=b"", folder=".", kernel=None, background=(), system=None,
              terminal=None):
    """The same, with bytes."""
    kernel = minios.Kernel() if kernel is None else kernel
    system = System(kernel) if system is None else system
    out, err = Collected(), Collected()
    shell = Shell(kernel, system, Terminal() if terminal is None else terminal, str(folder))
    process = Process(shell, argv[0], TextInput(stdin, "-"),
                      out if terminal is None else TerminalOutput(terminal), err)

    def main():
        for routine in background:
            kernel.spawn(routine)
        for _ in background:
            yield               # let each have its first turn
        yield
        return (yield from run_program(find_program(argv[0]), process, list(argv[1:])))

    return kernel.run(main(), name=argv[0]), out.data, err.data

"""The command line: `minios` boots the shell, `minios WORD ...` does one thing."""

import os
import sys

from .mainfile import run_file

__all__ = ["main"]

_USAGE = """\
usage: minios [WORD ...]

  minios                      boot a kernel and a shell
  minios sh FILE [ARG ...]    carry out the shell's commands in a file; minios -c 'COMMANDS'
  minios run FILE [ARG ...]   run a Python file, into which the words below can look
                              (--rw: and change something; --py: and run Python code in it)
  minios trace FILE -o OUT    run one, and write its timeline for Perfetto or chrome://tracing

  minios ps                   the programs that run kernels, and their PIDs
  minios ps PID ...           the tasks of one; likewise top, pstree, where, why, deadlocks,
                              strace, lsof, slow, dmesg, free, uptime; kill, renice, freeze and
                              thaw want --rw, as in minios kill --rw PID TID
  minios attach [--rw] PID    a shell in it

  minios compare [NAME]       a program as generators and as async/await, side by side
  minios bench [NAME ...]     measure it beside asyncio, uvloop, curio, trio and gevent
  minios --version            the version
"""
_CONSOLE = frozenset(
    "ps top pstree where why deadlocks strace lsof slow dmesg free uptime kill renice freeze thaw "
    "attach".split()
)


def main(arguments=None):
    """Carry out a command line (default: sys.argv) and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        status = _dispatch(arguments)
    except BrokenPipeError:
        status = 141            # whoever read our output has gone
    except KeyboardInterrupt:
        if arguments[:1] == ["run"]:
            raise               # as where Python runs the file: with its traceback, by the signal
        status = 130
    failure = _flush_output()
    return status or failure


def _flush_output():
    """Flush standard output; returns the exit status if that fails, else 0.

    Python does it at its exit as well, but complains in its own words if that fails.
    """
    if sys.stdout is None or sys.stdout.closed:
        return 0
    try:
        sys.stdout.flush()
    except OSError as error:
        # What could not be written is still in the buffer, and Python would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 141
        print(f"minios: standard output: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _dispatch(arguments):
    word, rest = (arguments[0], arguments[1:]) if arguments else (None, [])
    if word is None:
        from .shell.boot import boot

        return boot()
    if word in ("-h", "--help", "help"):
        print(_USAGE, end="")
        return 0
    if word == "--version":
        from . import __version__

        print(f"minios {__version__}")
        return 0
    if word == "run":
        return _run(rest)
    if word in ("-c", "sh"):
        return _script(word, rest)
    if word == "trace":
        from .trace.command import main as trace

        return trace(rest)
    if word in _CONSOLE:
        from .shell.console.commands import main as console

        return console(word, rest)
    if word == "compare":
        from .compare import main as compare

        return compare(rest)
    if word == "bench":
        return _bench(rest)
    return _misused(f"no such command: {word}")


def _misused(problem):
    print(f"minios: {problem}\n{_USAGE}", end="", file=sys.stderr)
    return 2


def _bench(arguments):
    from importlib import import_module

    from .beside import benchmarks_package

    try:
        package = benchmarks_package()
    except FileNotFoundError as error:
        print(f"minios: {error}", file=sys.stderr)
        return 1
    return import_module(".command", package.__name__).main(arguments)


def _run(arguments):
    """Run a file as Python would, with a console for its kernels; its exit status is ours."""
    rights, console = set(), True
    while arguments and arguments[0].startswith("-"):
        word = arguments.pop(0)
        if word in ("--rw", "--py"):
            rights.add(word[2:])
        elif word == "--no-console":
            console = False
        elif word in ("-h", "--help"):
            print(_USAGE, end="")
            return 0
        else:
            return _misused(f"run: no such option: {word}")
    if not arguments:
        return _misused("run takes a FILE")
    path = arguments[0]
    if not os.path.isfile(path):
        print(f"minios: {path}: no such file", file=sys.stderr)
        return 2
    if console:
        from .kernel.boot import on_boot
        from .shell.console import open_console

        on_boot(lambda kernel: open_console(kernel, rights).close)
    run_file(arguments)
    return 0


def _script(word, arguments):
    """Carry out commands of the shell: those given, or those of a file."""
    from .shell.boot import boot

    if word == "sh" and arguments[:1] == ["-c"]:
        word = arguments.pop(0)
    if not arguments:
        return _misused("-c takes COMMANDS" if word == "-c" else "sh takes a FILE")
    if word == "-c":
        return boot(arguments[0], arguments[1:] or ("minios",))
    try:
        with open(arguments[0], errors="replace") as file:
            script = file.read()
    except OSError as error:
        print(f"minios: {arguments[0]}: {error.strerror}", file=sys.stderr)
        return 2
    return boot(script, arguments)


if __name__ == "__main__":
    sys.exit(main())

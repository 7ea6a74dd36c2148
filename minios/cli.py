"""The command line: `minios` boots the shell, `minios WORD ...` does one thing."""

import os
import runpy
import sys

__all__ = ["main"]

_USAGE = """\
usage: minios [WORD ...]

  minios                      boot a kernel and a shell
  minios run FILE [ARG ...]   run a Python file
  minios compare [NAME]       a program as generators and as async/await, side by side
  minios bench [NAME ...]     measure it beside asyncio, uvloop, curio, trio and gevent
  minios --version            the version
"""


def main(arguments=None):
    """Carry out a command line (default: sys.argv) and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        status = _dispatch(arguments)
    except BrokenPipeError:
        status = 141            # whoever read our output has gone
    except KeyboardInterrupt:
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
        from .shell import boot

        return boot()
    if word in ("-h", "--help", "help"):
        print(_USAGE, end="")
        return 0
    if word == "--version":
        from . import __version__

        print(f"minios {__version__}")
        return 0
    if word == "run" and rest and not rest[0].startswith("-"):
        return _run(rest)
    if word == "compare":
        from .compare import main as compare

        return compare(rest)
    if word == "bench":
        return _bench(rest)
    problem = "run takes a FILE" if word == "run" else f"no such command: {word}"
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
    """Run a file as Python would; its exit status is ours."""
    path = arguments[0]
    if not os.path.isfile(path):
        print(f"minios: {path}: no such file", file=sys.stderr)
        return 2
    sys.argv = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    runpy.run_path(path, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())

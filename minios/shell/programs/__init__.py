"""The programs of the shell, one file a program.

A program is a module with `SUMMARY`, a line for help, and `main(shell, arguments)`, a
generator function that returns the exit status. Its name is the file's, without a trailing
underscore, which keeps `help` and `exit` from hiding Python's own.
"""

from importlib import import_module
from pkgutil import iter_modules

__all__ = ["find_program", "program_names"]


def program_names():
    """The names of all programs, sorted."""
    return sorted(module.name.rstrip("_") for module in iter_modules(__path__))


def find_program(name):
    """The module of the program `name`; None where there is none."""
    for module in iter_modules(__path__):
        if module.name.rstrip("_") == name:
            return import_module(f"{__name__}.{module.name}")
    return None

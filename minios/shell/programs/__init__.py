"""The programs of the shell, one file a program.

A program is a module with `parser()`, which makes its Arguments, and `main(process, options)`, a
generator function; see process.py. Its name is the file's, without a trailing underscore, which
keeps `help` and `exit` from hiding Python's own. Other packages add programs by an entry point of
the group `minios.programs`, which names such a module (or any object with those two).
"""

from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

__all__ = ["find_program", "program_names"]

_GROUP = "minios.programs"
_modules: dict[str, str] = {}       # name -> module; what is there does not change


def _own():
    if not _modules:
        _modules.update({module.name.rstrip("_"): module.name for module in iter_modules(__path__)})
    return _modules


def program_names():
    """The names of all programs, sorted."""
    return sorted({*_own(), *(point.name for point in entry_points(group=_GROUP))})


def find_program(name):
    """The program `name`; None where there is none. Raises ImportError for one that cannot be
    loaded."""
    module = _own().get(name)
    if module is not None:
        return import_module(f"{__name__}.{module}")
    for point in entry_points(group=_GROUP, name=name):
        return point.load()
    return None

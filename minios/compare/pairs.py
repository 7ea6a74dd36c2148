"""Which programs can be compared: pairs of files, NAME_generators.py and NAME_async.py."""

import ast
from collections import namedtuple

from ..beside import examples_folder

__all__ = ["Pair", "find_pairs"]

Pair = namedtuple("Pair", "name about generators coroutines")
Pair.__doc__ = """The same program twice: `generators` and `coroutines` are the paths of its files,
`about` is the first line of its docstring."""


def find_pairs(folder=None):
    """The pairs in `folder` (default: the examples'), the smallest program first.

    Raises FileNotFoundError where the examples are not installed.
    """
    if folder is None:
        folder = examples_folder() / "sidebyside"
    pairs = []
    for generators in folder.glob("*_generators.py"):
        name = generators.name.removesuffix("_generators.py")
        coroutines = folder / f"{name}_async.py"
        if coroutines.is_file():
            pairs.append(Pair(name, first_line(generators), generators, coroutines))
    return sorted(pairs, key=lambda pair: (pair.generators.stat().st_size, pair.name))


def first_line(file):
    """The first line of a program's docstring; empty if it has none or cannot be parsed."""
    try:
        docstring = ast.get_docstring(ast.parse(file.read_bytes()))
    except (SyntaxError, ValueError):
        docstring = None
    return (docstring or "").partition("\n")[0]

"""which: tell where a program is."""

import inspect

from ..getopt import Getopt
from . import find_program


def parser():
    parser = Getopt("which", "Tell which file a program of the shell is.")
    parser.add_argument("name", nargs="+")
    return parser


def main(process, options):
    status = 0
    for name in options.name:
        program = find_program(name)
        if program is None:
            status = 1
        else:
            yield from process.say(place_of(program))
    return status


def place_of(program):
    """The file of a program, `-` for one that has none."""
    try:
        return inspect.getfile(program if inspect.ismodule(program) else type(program))
    except (TypeError, OSError):
        return "-"

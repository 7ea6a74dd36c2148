"""type: tell what a word would run."""

from ..getopt import Getopt
from . import find_program
from .which import place_of


def parser():
    parser = Getopt("type", "Tell what a word would run, if it were the first of a command.")
    parser.add_argument("name", nargs="+")
    return parser


def main(process, options):
    status = 0
    for name in options.name:
        alias = getattr(process.shell, "aliases", {}).get(name)
        program = find_program(name)
        if alias is not None:
            yield from process.say(f"{name} is an alias of {' '.join(alias)}")
        elif program is not None:
            yield from process.say(f"{name} is a program of the shell: {place_of(program)}")
        elif name.endswith(".py"):
            yield from process.say(f"{name} is run as a Python file: run {name}")
        else:
            yield from process.complain(f"{name}: not found")
            status = 1
    return status

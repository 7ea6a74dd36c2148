"""export: set variables of the shell that programs see."""

import os
import re
import shlex

from ..arguments import Arguments

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parser():
    parser = Arguments("export", "Set variables that Python programs find in os.environ, or list "
                                 "all.")
    parser.add_argument("assignment", nargs="*", metavar="NAME[=VALUE]")
    return parser


def main(process, options):
    variables = process.shell.variables
    if not options.assignment:
        for name in sorted(variables):
            yield from process.say(f"export {name}={shlex.quote(variables[name])}")
        return 0
    for word in options.assignment:
        name, given, value = word.partition("=")
        if not _NAME.fullmatch(name):
            yield from process.complain(f"{word}: no name of a variable")
            return 1
        if given:
            variables[name] = value
        if process.system.is_local:
            os.environ[name] = variables.get(name, "")
    return 0

"""help: list the programs, or show how to use one."""

from ..arguments import Arguments
from . import find_program, program_names

SUMMARY = "list the programs, or show how to use one"


def main(shell, arguments):
    """help [PROGRAM]"""
    parser = Arguments("help", SUMMARY)
    parser.add_argument("program", nargs="?")
    options = parser.parse_args(arguments)
    if options.program is not None:
        program = find_program(options.program)
        if program is None:
            shell.complain(f"help: {options.program}: no such program")
            return 1
        return (yield from program.main(shell, ["--help"]))
    for name in program_names():
        shell.say(f"  {name:8} {find_program(name).SUMMARY}")
    shell.say("  FILE.py  the same as run FILE.py")
    shell.say("Behind a command, & runs it in the background; PROGRAM --help tells more.")
    return 0

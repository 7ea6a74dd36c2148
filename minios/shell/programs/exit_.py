"""exit: leave the shell; the tasks that are left are shut down."""

from ..arguments import Arguments

SUMMARY = "leave the shell, with the last exit status or the one given"


def main(shell, arguments):
    """exit [STATUS]"""
    parser = Arguments("exit", SUMMARY)
    parser.add_argument("status", nargs="?", type=int, default=shell.status)
    options = parser.parse_args(arguments)
    shell.leaving = True
    return options.status & 0xFF
    yield

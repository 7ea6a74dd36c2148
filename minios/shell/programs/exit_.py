"""exit: leave the shell; the tasks that are left are shut down."""

from ..arguments import Arguments


def parser():
    parser = Arguments("exit", "Leave the shell, with the last exit status or the one given.")
    parser.add_argument("status", nargs="?", type=int)
    return parser


def main(process, options):
    shell = process.shell
    if not (yield from shell.may_leave()):
        return 1
    shell.leaving = True
    return shell.status if options.status is None else options.status & 0xFF

"""unset: forget variables of the shell."""

from ..arguments import Arguments


def parser():
    parser = Arguments("unset", "Forget variables of the shell.")
    parser.add_argument("name", nargs="+")
    return parser


def main(process, options):
    for name in options.name:
        process.shell.variables.pop(name, None)
    return 0
    yield

"""nice: run a program with another nice value."""

from syscalls import Nice

from ..arguments import Arguments
from ..running import status_of


def parser():
    parser = Arguments("nice", "Run a program that yields to others more, or less, or print the "
                               "nice value.")
    parser.add_argument("-n", type=int, default=10, metavar="N",
                        help="what to add to the nice value, -20 to 19 (default: 10)")
    parser.add_argument("command", nargs="...", metavar="CMD [ARG ...]")
    return parser


def main(process, options):
    if not options.command:
        yield from process.say((yield Nice(0)))
        return 0
    yield Nice(options.n)       # the program is a child, and inherits it
    task = yield from process.start(options.command)
    try:
        return (yield from status_of(task, process.shell))
    finally:
        task.kill()

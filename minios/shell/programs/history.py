"""history: list the command lines of this session."""

from ..arguments import Arguments


def parser():
    parser = Arguments("history", "List the command lines of this session.")
    parser.add_argument("n", nargs="?", type=int, help="only the last N")
    return parser


def main(process, options):
    lines = list(enumerate(process.shell.history, 1))
    if options.n is not None:
        lines = lines[max(0, len(lines) - options.n):]
    for number, line in lines:
        yield from process.say(f"{number:5}  {line}")
    return 0

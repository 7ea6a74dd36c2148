"""compare: a program as generators and as async/await, side by side."""

import contextlib
import io

from ...compare import main as compare_main
from ..arguments import Arguments


def parser():
    parser = Arguments("compare", "Show a program as generators and as async/await, side by side.",
                       usage="compare [NAME] [--width N] [--no-source] [--json]")
    parser.add_argument("argument", nargs="...", metavar="NAME")
    parser.add_argument("--width", metavar="N")
    parser.add_argument("--no-source", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


def main(process, options):
    arguments = list(options.argument)
    if options.width:
        arguments += ["--width", options.width]
    arguments += [word for word, given in (("--no-source", options.no_source),
                                           ("--json", options.json)) if given]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):        # it prints, and yields nowhere
        status = compare_main(arguments)
    yield from process.write(output.getvalue())
    return status

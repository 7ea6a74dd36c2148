"""env: write the variables that a program is given."""

from ..getopt import Getopt


def parser():
    parser = Getopt("env", "Write the variables that a program is given.",
                    epilog="NAME=VALUE before a program sets one for it alone.")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    return parser


def main(process, options):
    if options.json:
        yield from process.say_json(process.variables)
        return
    for name, value in process.variables.items():
        yield from process.say(f"{name}={value}")

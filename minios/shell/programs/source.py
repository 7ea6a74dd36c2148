"""source: carry out the commands of a file in this shell."""

from ..arguments import Arguments
from ..parser import ParseError


def parser():
    parser = Arguments("source", "Carry out the commands of a file in this shell.")
    parser.add_argument("file")
    parser.add_argument("argument", nargs="...", help="what the file finds in $1, $2 ...")
    return parser


def main(process, options):
    script = yield from process.open_input(options.file)
    try:
        text = (yield from script.read_all()).decode(errors="replace")
    finally:
        script.close()
    try:
        return (yield from process.shell.run_commands(text, [options.file, *options.argument]))
    except ParseError as error:
        yield from process.complain(f"{options.file}: {error}")
        return 2

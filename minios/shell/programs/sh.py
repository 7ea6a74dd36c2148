"""sh: carry out commands in a shell of their own."""

from ..arguments import Arguments
from ..parser import ParseError


def parser():
    parser = Arguments("sh", "Carry out commands in a shell of their own: of a file, or those "
                             "given.")
    parser.add_argument("-c", metavar="COMMANDS", help="the commands, in place of a file")
    parser.add_argument("file", nargs="?")
    parser.add_argument("argument", nargs="...", help="what the commands find in $1, $2 ...")
    return parser


def main(process, options):
    operands = [*([options.file] if options.file is not None else []), *options.argument]
    name, text = operands[0] if operands else "sh", options.c
    if text is None:
        name = operands[0] if operands else "-"
        script = yield from process.open_input(name)
        try:
            text = (yield from script.read_all()).decode(errors="replace")
        finally:
            script.close()
    try:
        arguments = [name, *operands[1:]]
        return (yield from process.shell.subshell(process).run_commands(text, arguments))
    except ParseError as error:
        yield from process.complain(f"{name}: {error}")
        return 2

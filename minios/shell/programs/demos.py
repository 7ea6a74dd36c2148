"""demos: list the examples that come with minios, and run one."""

import ast

from ...beside import examples_folder
from ..arguments import Arguments
from .run import run_file


def parser():
    parser = Arguments("demos", "List the demos, or run one by its number or name.")
    parser.add_argument("demo", nargs="?", metavar="N")
    parser.add_argument("argument", nargs="...", help="what the demo finds in sys.argv")
    return parser


def main(process, options):
    demos = sorted(examples_folder().glob("[0-9]*.py"))
    if options.demo is None:
        for path in demos:
            yield from process.say(f"  {path.stem:24} {_summary(path)}")
        yield from process.say(
            f"`demos 2` runs the second; `run {demos[1]} &` does it in the background."
        )
        return 0
    for path in demos:
        number, _, name = path.stem.partition("_")
        if options.demo in (number, number.lstrip("0"), name, path.stem, path.name):
            return (yield from run_file(process, str(path), options.argument))
    yield from process.complain(f"{options.demo}: no such demo; `demos` lists them")
    return 1


def _summary(path):
    """The first line of a program's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]

"""echo: write the arguments."""

from types import SimpleNamespace

from ..getopt import Getopt
from ..text.escapes import unescape


class _Words(Getopt):
    """Words, most of which are none of echo's business: only -n, -e and -E in front are."""

    def parse_args(self, args=None, namespace=None):
        if args == ["--help"]:
            self.print_help()
        options = SimpleNamespace(newline=True, escapes=False, word=list(args))
        while options.word and _is_option(options.word[0]):
            for letter in options.word.pop(0)[1:]:
                if letter == "n":
                    options.newline = False
                else:
                    options.escapes = letter == "e"
        return options


def _is_option(word):
    return len(word) > 1 and word[0] == "-" and not word[1:].strip("neE")


def parser():
    parser = _Words("echo", "Write the arguments, with a space between them.",
                    usage="echo [-neE] [word ...]")
    parser.add_argument("-n", action="store_true", help="no newline behind them")
    parser.add_argument("-e", action="store_true", help=r"escapes mean something: \n, \t, \0101")
    parser.add_argument("-E", action="store_true", help="they do not, which is the default")
    parser.add_argument("word", nargs="*")
    return parser


def main(process, options):
    text = " ".join(options.word)
    end = b"\n" if options.newline else b""
    if options.escapes:
        text, is_over = unescape(text, zero=True)
        yield from process.write(text if is_over else text + end)
    else:
        yield from process.write(text)
        yield from process.write(end)

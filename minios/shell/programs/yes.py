"""yes: write a line again and again."""

from ..getopt import Getopt
from ..streams import as_bytes

_PIECE = 8192       # bytes that are written at once


def parser():
    parser = Getopt("yes", "Write a line again and again, until nobody reads any more: y.")
    parser.add_argument("word", nargs="*", help="the words of the line")
    return parser


def main(process, options):
    line = as_bytes(" ".join(options.word or ["y"]) + "\n")
    piece = line * max(1, _PIECE // len(line))
    while True:
        yield from process.write(piece)
        yield       # a terminal takes all without a wait

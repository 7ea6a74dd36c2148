"""true: do nothing, and succeed."""

from ..getopt import Getopt


def parser():
    parser = Getopt("true", "Do nothing, and succeed: the status is 0.")
    parser.add_argument("word", nargs="*", help="is not looked at")
    return parser


def main(process, options):
    return 0
    yield

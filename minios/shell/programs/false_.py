"""false: do nothing, and fail."""

from ..getopt import Getopt


def parser():
    parser = Getopt("false", "Do nothing, and fail: the status is 1.")
    parser.add_argument("word", nargs="*", help="is not looked at")
    return parser


def main(process, options):
    return 1
    yield

"""sleep: wait for some time."""

import re
from argparse import ArgumentTypeError

from syscalls import Sleep

from ..getopt import Getopt

_TIME = re.compile(r"(\d+\.?\d*|\.\d+|inf|infinity)([smhd]?)", re.IGNORECASE | re.ASCII)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parser():
    parser = Getopt("sleep", "Wait for some time: the sum of all those given.")
    parser.add_argument("time", nargs="+", type=_seconds, metavar="TIME",
                        help="seconds (0.5), or with a unit: 2m, 1h, 1d")
    return parser


def _seconds(text):
    match = _TIME.fullmatch(text)
    if match is None:
        raise ArgumentTypeError(f"invalid time: '{text}'")
    return float(match[1]) * _SECONDS[match[2].lower()]


def main(process, options):
    yield Sleep(sum(options.time))

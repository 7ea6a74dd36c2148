"""The command `minios compare [NAME]`."""

import argparse
import json
import shutil
import sys
import textwrap

from .comparison import Comparison
from .pairs import find_pairs
from .report import NARROWEST_REPORT, report

__all__ = ["main"]

# For a terminal that cannot show what the report is drawn with.
_PLAIN = str.maketrans("│─↪", "|->")


def main(arguments: list[str]) -> int:
    """Run `minios compare` with these command line arguments; returns the exit status.

    0: both programs ran well and printed the same; 1: they did not; 2: a usage error.
    """
    try:
        options = parse(arguments)
    except SystemExit as leaving:       # argparse has said why
        return int(leaving.code or 0)
    try:
        pairs = {pair.name: pair for pair in find_pairs()}
    except FileNotFoundError as error:
        return complain(error, 1)
    width = options.width or max(NARROWEST_REPORT, shutil.get_terminal_size().columns)
    if options.name is None:
        return list_pairs(pairs.values(), width, options.json)
    if options.name not in pairs:
        return complain(f"there is no pair {options.name!r}; there are {', '.join(pairs)}", 2)
    return compare(pairs[options.name], width, options)


def parse(arguments):
    """The options, from the command line. Raises SystemExit as argparse does."""
    parser = argparse.ArgumentParser(
        prog="minios compare",
        description="Show a program written with generators beside the same with async/await, "
        "run both, and compare what they print and what they take.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a pair; without it: list them")
    parser.add_argument("--width", type=width_in_cells, metavar="N", help="columns of the report")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument(
        "--no-source", dest="source", action="store_false", help="leave the sources out"
    )
    return parser.parse_args(arguments)


def width_in_cells(text):
    """The value of --width."""
    if not text.isdecimal() or int(text) < NARROWEST_REPORT:
        raise argparse.ArgumentTypeError(f"a number from {NARROWEST_REPORT} on, not {text!r}")
    return int(text)


def list_pairs(pairs, width, as_json):
    """Print which pairs there are."""
    if as_json:
        print_json([{"name": pair.name, "about": pair.about} for pair in pairs])
        return 0
    column = max((len(pair.name) for pair in pairs), default=0) + 2
    for pair in pairs:
        print_row(textwrap.fill(
            f"{pair.name:{column}}{pair.about}", width, subsequent_indent=" " * min(column, 10),
        ))
    return 0


def compare(pair, width, options):
    """Run a pair and print the report."""
    comparison = Comparison.run(pair)
    if options.json:
        print_json(comparison.as_data(options.source))
    else:
        for row in report(comparison, width, options.source):
            print_row(row)
    return 0 if comparison.passed() else 1


def print_json(data):
    """Print `data` as JSON, in ASCII."""
    print(json.dumps(data, indent=2))


def print_row(row):
    """Print `row`, with stand-ins for what the terminal's encoding has no characters for."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        row.encode(encoding)
    except UnicodeEncodeError:
        row = row.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    print(row)


def complain(message, status):
    """Print an error; returns `status`."""
    print(f"minios compare: {message}", file=sys.stderr)
    return status

"""sort: sort lines.

Lines are sorted in runs of a few thousand, which are then merged, with a rest in between: a
million lines hold up nobody.
"""

from argparse import ArgumentTypeError
from heapq import merge

from ..getopt import Getopt
from ..pace import Pace
from ..rest import REST
from ..streams import as_bytes
from ..text.operands import Operands, chomp
from ..text.sortkeys import Key, descending, parse_key

_RUN = 2048         # lines that are sorted at once
_BATCH = 512        # lines that are written at once


def parser():
    parser = Getopt(
        "sort", "Sort lines, those of all files together.",
        epilog="POS is FIELD[.CHARACTER], both from 1, and OPTIONS are letters of bdfhnrV for "
               "this\nkey alone.",
    )
    flag = {"action": "store_true"}
    parser.add_argument("-r", **flag, help="the last one first")
    parser.add_argument("-n", **flag, help="compare as numbers")
    parser.add_argument("-h", **flag, help="compare as numbers with units: 2K, 1G")
    parser.add_argument("-V", **flag, help="compare as versions: 1.9, 1.10")
    parser.add_argument("-f", **flag, help="letters are equal in either case")
    parser.add_argument("-d", **flag, help="compare only letters, digits and blanks")
    parser.add_argument("-b", **flag, help="do not compare leading blanks")
    parser.add_argument("-k", type=_key, action="append", default=[],
                        metavar="POS[,POS][OPTIONS]", help="sort by this part of a line")
    parser.add_argument("-t", metavar="C", help="what separates fields, instead of blanks")
    parser.add_argument("-s", **flag, help="leave lines with equal keys in their order")
    parser.add_argument("-u", **flag, help="of lines with equal keys write only the first")
    parser.add_argument("-c", **flag, help="tell whether the lines are sorted, by the status")
    parser.add_argument("-o", metavar="FILE", help="write to a file, which may be one that is read")
    parser.add_argument("file", nargs="*")
    return parser


def _key(text):
    try:
        return parse_key(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def main(process, options):
    if options.t is not None and len(options.t) != 1:
        parser().error("the separator must be a single character")
    order = _Order(options)
    with Operands(process, options.file, failure=2) as operands:
        if options.c:
            return (yield from _check(process, operands, order))
        runs = yield from _read_runs(operands, order)
    output = process.stdout
    if options.o is not None:
        output = yield from process.open_output(options.o)
    try:
        yield from _write_merged(output, runs, order)
    finally:
        if output is not process.stdout:
            output.close()
    return operands.status


class _Order:
    """How lines are compared: `items` makes tuples of them that are, whose last part is the line.

    The last resort is the line itself; with -s and -u it is its number, so that lines with equal
    keys stay in their order.
    """

    def __init__(self, options):
        letters = {letter for letter in "ndfhbV" if getattr(options, letter)}
        self.reverse, self.unique = options.r, options.u
        keys = options.k or ([Key((0, 0), None, ())] if letters else [])
        for key in keys:
            key.inherit(letters | ({"r"} if options.r else set()))
        separator = None if options.t is None else as_bytes(options.t)
        self._values = [self._directed(key.value(separator), key) for key in keys]
        self._keeps_order = bool(keys) and (options.s or options.u)
        self.keys = len(keys) or 1      # parts of an item that are the keys
        self._number = 0

    def _directed(self, value, key):
        if ("r" in key.options) == self.reverse:
            return value
        return lambda line: descending(value(line))

    def items(self, lines):
        """What is sorted, for some lines without newlines."""
        values = self._values
        if not values:
            return [(line,) for line in lines]
        if self._keeps_order:
            numbers = self._numbers(len(lines))
            return [(*[value(line) for value in values], number, line)
                    for number, line in zip(numbers, lines, strict=True)]
        return [(*[value(line) for value in values], line) for line in lines]

    def _numbers(self, many):
        """The numbers of the next lines; they fall where the order is reversed."""
        first, self._number = self._number, self._number + many
        numbers = range(first, first + many)
        return [-number for number in numbers] if self.reverse else numbers

    def is_disorder(self, item, following):
        """Whether two items, one behind the other, are not sorted (or not unique)."""
        if self.unique:
            item, following = item[:self.keys], following[:self.keys]
            return not (following < item if self.reverse else item < following)
        return item < following if self.reverse else following < item


def _read_runs(operands, order):
    """All lines, as sorted runs of items; a generator."""
    runs, run = [], []
    while lines := (yield from operands.read_lines()):
        run += order.items(chomp(lines))
        if len(run) >= _RUN:
            yield REST
            run.sort(reverse=order.reverse)
            runs.append(run)
            run = []
    run.sort(reverse=order.reverse)
    return [*runs, run]


def _write_merged(output, runs, order):
    pace, batch, last = Pace(), [], None
    for item in merge(*runs, reverse=order.reverse):
        if order.unique:
            key = item[:order.keys]
            if key == last:
                continue
            last = key
        batch.append(item[-1])
        if len(batch) == _BATCH:
            yield from output.write(b"\n".join(batch) + b"\n")
            batch.clear()
        if pace.is_over():
            yield REST
    if batch:
        yield from output.write(b"\n".join(batch) + b"\n")


def _check(process, operands, order):
    """Complain of the first line that is not in order; returns the status."""
    number, last = 0, None
    while lines := (yield from operands.read_lines()):
        for item in order.items(chomp(lines)):
            number += 1
            if last is not None and order.is_disorder(last, item):
                line = item[-1].decode(errors="replace")
                yield from process.complain(f"line {number}: disorder: {line}")
                return 1
            last = item
    return operands.status

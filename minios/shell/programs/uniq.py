"""uniq: make one line of equal lines that follow each other."""

import re

from ..getopt import Getopt
from ..text.operands import Operands, chomp


def parser():
    parser = Getopt("uniq", "Make one line of equal lines that follow each other.",
                    usage="uniq [-cdui] [-f N] [-s N] [-w N] [INPUT [OUTPUT]]")
    parser.add_argument("-c", action="store_true", help="show how many lines each one was")
    parser.add_argument("-d", action="store_true", help="only those that were several")
    parser.add_argument("-u", action="store_true", help="only those that were one")
    parser.add_argument("-i", action="store_true", help="letters are equal in either case")
    parser.add_argument("-f", type=int, metavar="N", default=0, help="do not compare N fields")
    parser.add_argument("-s", type=int, metavar="N", default=0, help="do not compare N characters")
    parser.add_argument("-w", type=int, metavar="N", help="compare no more than N characters")
    parser.add_argument("file", nargs="*", metavar="INPUT", help="at most one, and an output")
    return parser


def main(process, options):
    if len(options.file) > 2:
        parser().error(f"one operand too many: '{options.file[2]}'")
    output = process.stdout
    if len(options.file) == 2:
        output = yield from process.open_output(options.file[1])
    try:
        with Operands(process, options.file[:1]) as operands:
            yield from _merge(operands, output, _Groups(options))
            return operands.status
    finally:
        if output is not process.stdout:
            output.close()


def _merge(operands, output, groups):
    while lines := (yield from operands.read_lines()):
        if data := groups.take(chomp(lines)):
            yield from output.write(data)
    if data := groups.end():
        yield from output.write(data)


class _Groups:
    """Equal lines in a row; a group is shown when the next one begins."""

    def __init__(self, options):
        self._options = options
        self._key = _key(options)
        self._line = self._last_key = None
        self._count = 0

    def take(self, lines):
        """Some more lines; returns what is to be written."""
        output = []
        for line in lines:
            key = line if self._key is None else self._key(line)
            if key == self._last_key:
                self._count += 1
            else:
                self._show(output)
                self._line, self._last_key, self._count = line, key, 1
        return b"".join(output)

    def end(self):
        """The last group, as it is to be written."""
        output = []
        self._show(output)
        return b"".join(output)

    def _show(self, output):
        options, count = self._options, self._count
        if not count or (options.d and count == 1) or (options.u and count > 1):
            return
        if options.c:
            output.append(b"%7d " % count)
        output += self._line, b"\n"


def _key(options):
    """What of a line is compared, as a function; None for all of it."""
    if not (options.i or options.f or options.s or options.w is not None):
        return None
    fields = re.compile(rb"(?:[ \t]*[^ \t]*){%d}" % options.f)
    stop = None if options.w is None else options.w + options.s

    def key(line):
        rest = line[fields.match(line).end():][options.s:stop]
        return rest.lower() if options.i else rest

    return key

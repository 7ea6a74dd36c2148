"""cat: write files, one after the other."""

from ..getopt import Getopt
from ..text.operands import Operands


def parser():
    parser = Getopt("cat", "Write files, one after the other, to standard output.")
    parser.add_argument("-n", action="store_true", help="number all lines")
    parser.add_argument("-b", action="store_true", help="number the lines that are not empty")
    parser.add_argument("-s", action="store_true", help="of several empty lines show one")
    parser.add_argument("-E", action="store_true", help="show $ at the end of each line")
    parser.add_argument("-T", action="store_true", help="show a tab as ^I")
    parser.add_argument("-v", action="store_true", help="show control characters as ^X and M-x")
    parser.add_argument("-e", action="store_true", help="the same as -vE")
    parser.add_argument("-t", action="store_true", help="the same as -vT")
    parser.add_argument("-A", action="store_true", help="show all: the same as -vET")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    options.E |= options.A or options.e
    options.T |= options.A or options.t
    options.v |= options.A or options.e or options.t
    plain = not (options.n or options.b or options.s or options.E or options.T or options.v)
    with Operands(process, options.file, echoes=True) as operands:
        if plain:
            yield from _copy(process, operands)
        else:
            view = _View(options)
            while lines := (yield from operands.read_lines()):
                yield from process.write(b"".join(map(view.of, lines)))
        return operands.status


def _copy(process, operands):
    while operand := (yield from operands.next()):
        while data := (yield from operand.read()):
            yield from process.write(data)
            yield       # a terminal takes all without a wait


class _View:
    """What lines look like; it counts them, across the ends of files."""

    def __init__(self, options):
        self._options = options
        self._number = 0
        self._is_inside = False     # the last line had no newline: what comes is more of it
        self._was_blank = False

    def of(self, line):
        """`line` as it is to be shown."""
        options, prefix = self._options, b""
        is_blank = line == b"\n" and not self._is_inside
        if is_blank and self._was_blank and options.s:
            return b""
        if (options.n or options.b) and not (self._is_inside or (options.b and is_blank)):
            self._number += 1
            prefix = b"%6d\t" % self._number
        self._was_blank = is_blank
        self._is_inside = not line.endswith(b"\n")
        return prefix + self._made_visible(line)

    def _made_visible(self, line):
        options, end = self._options, b""
        if line.endswith(b"\n"):
            line, end = line[:-1], b"$\n" if options.E else b"\n"
            if options.E and line.endswith(b"\r") and not options.v:
                line = line[:-1] + b"^M"
        if options.v:
            line = b"".join(map(_VISIBLE.__getitem__, line))
        if options.T:
            line = line.replace(b"\t", b"^I")
        return line + end


def _visible(code):
    """One byte as cat -v shows it; a tab is left to -T."""
    if code >= 128:
        return b"M-" + (b"^I" if code == 137 else _visible(code - 128))
    if code == 9:
        return b"\t"
    if code == 127:
        return b"^?"
    return b"^%c" % (code + 64) if code < 32 else b"%c" % code


_VISIBLE = [_visible(code) for code in range(256)]

"""nl: number lines."""

from ..getopt import Getopt
from ..streams import as_bytes
from ..text.operands import Operands, chomp

_ALIGN = {"ln": "<", "rn": ">", "rz": "0>"}


def parser():
    parser = Getopt("nl", "Number the lines of files that are not empty.")
    parser.add_argument("-b", choices=["a", "t", "n"], default="t", metavar="WHICH",
                        help="number all lines (a), those with text (t) or none (n)")
    parser.add_argument("-v", type=int, default=1, metavar="N", help="the first number")
    parser.add_argument("-i", type=int, default=1, metavar="N", help="the step")
    parser.add_argument("-w", type=int, default=6, metavar="N", help="the width of the numbers")
    parser.add_argument("-s", default="\t", metavar="TEXT", help="what stands behind the number")
    parser.add_argument("-n", choices=sorted(_ALIGN), default="rn", metavar="HOW",
                        help="numbers on the left (ln), on the right (rn), with zeros (rz)")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    number, separator = options.v, as_bytes(options.s)
    blank = b" " * (options.w + len(separator))
    with Operands(process, options.file) as operands:
        while lines := (yield from operands.read_lines()):
            output = []
            for line in chomp(lines):
                if options.b == "a" or (options.b == "t" and line):
                    shown = f"{number:{_ALIGN[options.n]}{options.w}}"
                    output += as_bytes(shown), separator, line, b"\n"
                    number += options.i
                else:
                    output += blank, line, b"\n"
            yield from process.write(b"".join(output))
        return operands.status

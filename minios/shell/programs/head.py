"""head: print the beginning of files."""

from collections import deque

from ..getopt import Getopt
from ..text.operands import Operands, count


def parser():
    parser = Getopt("head", "Print the beginning of files: 10 lines.", number="-n")
    parser.add_argument("-n", "--lines", type=count, metavar="[-]N", default=("", 10),
                        help="print N lines, or with a minus all but the last N; also -N")
    parser.add_argument("-c", "--bytes", type=count, metavar="[-]N",
                        help="print N bytes, or with a minus all but the last N")
    parser.add_argument("-q", action="store_true", help="print no names of files")
    parser.add_argument("-v", action="store_true", help="print the names of files always")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    sign, number = options.bytes or options.lines
    copy = _COPIES[options.bytes is not None, sign == "-"]
    shows_names = (len(options.file) > 1 or options.v) and not options.q
    before = ""
    with Operands(process, options.file) as operands:
        while operand := (yield from operands.next()):
            if shows_names:
                yield from process.write(before + header(operand.name))
                before = "\n"
            yield from copy(process, operand, number)
        return operands.status


def header(name):
    """The line above a file's."""
    return f"==> {'standard input' if name == '-' else name} <==\n"


def _first_lines(process, operand, number):
    while number and (lines := (yield from operand.read_lines())):
        yield from process.write(b"".join(lines[:number]))
        number -= min(number, len(lines))


def _first_bytes(process, operand, number):
    while number and (data := (yield from operand.read())):
        yield from process.write(data[:number])
        number -= min(number, len(data))


def _all_but_last_lines(process, operand, number):
    held = deque()
    while lines := (yield from operand.read_lines()):
        held += lines
        ripe = [held.popleft() for _ in range(len(held) - number)]
        if ripe:
            yield from process.write(b"".join(ripe))


def _all_but_last_bytes(process, operand, number):
    held, size = deque(), 0
    while data := (yield from operand.read()):
        held.append(data)
        size += len(data)
        while held and size - len(held[0]) >= number:
            size -= len(held[0])
            yield from process.write(held.popleft())
    if size > number:
        yield from process.write(held[0][:size - number])


# (bytes, all but the last) -> what copies them
_COPIES = {
    (False, False): _first_lines, (True, False): _first_bytes,
    (False, True): _all_but_last_lines, (True, True): _all_but_last_bytes,
}

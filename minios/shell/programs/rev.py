"""rev: write each line backwards."""

from ..getopt import Getopt
from ..streams import as_bytes
from ..text.operands import Operands, chomp


def parser():
    parser = Getopt("rev", "Write each line backwards, character by character.")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    with Operands(process, options.file) as operands:
        while lines := (yield from operands.read_lines()):
            ends = [line[len(bare):] for line, bare in zip(lines, chomp(lines), strict=True)]
            yield from process.write(b"".join(
                _backwards(bare) + end for bare, end in zip(chomp(lines), ends, strict=True)
            ))
        return operands.status


def _backwards(line):
    if line.isascii():
        return line[::-1]
    return as_bytes(line.decode(errors="surrogateescape")[::-1])

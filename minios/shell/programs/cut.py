"""cut: print parts of each line."""

from argparse import ArgumentTypeError

from ..getopt import Getopt
from ..streams import as_bytes
from ..text.operands import Operands, chomp


def parser():
    parser = Getopt(
        "cut", "Print parts of each line.",
        epilog="LIST is numbers and ranges, the first is 1: 2  1,3-5  -3 (from the first)  4- (to "
               "the\nlast).",
    )
    parser.add_argument("-f", "--fields", type=ranges, metavar="LIST", help="print these fields")
    parser.add_argument("-c", "--characters", type=ranges, metavar="LIST",
                        help="print these characters")
    parser.add_argument("-b", "--bytes", type=ranges, metavar="LIST", help="print these bytes")
    parser.add_argument("-d", "--delimiter", metavar="C", default="\t",
                        help="what stands between fields, instead of a tab")
    parser.add_argument("-s", "--only-delimited", action="store_true",
                        help="leave out the lines without a delimiter")
    parser.add_argument("--output-delimiter", metavar="TEXT", help="what to write between parts")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    cut = _cutter(options)
    with Operands(process, options.file) as operands:
        while lines := (yield from operands.read_lines()):
            if parts := [part for line in chomp(lines) if (part := cut(line)) is not None]:
                yield from process.write(b"\n".join(parts) + b"\n")
        return operands.status


def ranges(text):
    """`1,3-5,-2,4-` as slices: (start, stop), sorted, those that overlap as one; stop None is the
    end. An argparse type."""
    found = sorted((_range(part) for part in text.replace(" ", ",").split(",")), key=_by_start)
    merged = found[:1]
    for start, stop in found[1:]:
        last_start, last_stop = merged[-1]
        if last_stop is not None and start >= last_stop:
            merged.append((start, stop))
        elif last_stop is not None:
            merged[-1] = last_start, None if stop is None else max(stop, last_stop)
    return merged


def _by_start(part):
    return part[0]


def _range(text):
    first, dash, last = text.partition("-")
    if not (first or last) or not all(not end or end.isdecimal() for end in (first, last)):
        raise ArgumentTypeError(f"invalid list of positions: '{text}'")
    start = int(first or 1)
    stop = int(last) if last else None if dash else start
    if start < 1:
        raise ArgumentTypeError("positions are numbered from 1")
    if stop is not None and stop < start:
        raise ArgumentTypeError(f"the range '{text}' decreases")
    return start - 1, stop


def _cutter(options):
    """A function that gives the parts of a line, None where it is to be left out."""
    lists = [each for each in (options.fields, options.characters, options.bytes) if each]
    if len(lists) != 1:
        parser().error("give a list of fields (-f), characters (-c) or bytes (-b), and one only")
    between = options.output_delimiter
    if options.fields:
        return _field_cutter(options, as_bytes(options.delimiter),
                             as_bytes(options.delimiter if between is None else between))
    if options.delimiter != "\t" or options.only_delimited:
        parser().error("-d and -s go with fields (-f)")
    return _position_cutter(lists[0], as_bytes(between or ""), options.characters is not None)


def _field_cutter(options, delimiter, between):
    if len(options.delimiter) != 1:
        parser().error("the delimiter must be a single character")
    slices, only_delimited = [slice(*each) for each in options.fields], options.only_delimited

    def cut(line):
        fields = line.split(delimiter)
        if len(fields) == 1:
            return None if only_delimited else line
        return between.join([field for each in slices for field in fields[each]])

    return cut


def _position_cutter(positions, between, of_characters):
    slices = [slice(*each) for each in positions]

    def cut(line):
        if of_characters and not line.isascii():
            text = line.decode(errors="surrogateescape")
            parts = [as_bytes(text[each]) for each in slices]
        else:
            parts = [line[each] for each in slices]
        return between.join([part for part in parts if part])

    return cut

"""tr: replace, delete or squeeze bytes."""

import re

from ..getopt import Getopt
from ..text.charsets import SetError, complement, expand


def parser():
    parser = Getopt(
        "tr", "Replace, delete or squeeze bytes of standard input.",
        usage="tr [-cdst] SET1 [SET2]",
        epilog=r"A SET is characters, with ranges (a-z), classes ([:upper:]), escapes (\n, \101) "
               "and,\nin SET2, repeats ([x*5], [x*]).",
    )
    parser.add_argument("-c", "-C", "--complement", action="store_true",
                        help="SET1 is all bytes that are not in it")
    parser.add_argument("-d", "--delete", action="store_true", help="delete the bytes of SET1")
    parser.add_argument("-s", "--squeeze-repeats", action="store_true",
                        help="of equal bytes in a row, of the last SET, leave one")
    parser.add_argument("-t", "--truncate-set1", action="store_true",
                        help="cut SET1 to the length of SET2")
    parser.add_argument("set", nargs="+", metavar="SET")
    return parser


def main(process, options):
    table, deleted, squeezed = _plan(options)
    last = b""          # the byte before, if it may be squeezed
    squeeze = squeezed and re.compile(b"([" + b"".join(map(re.escape, squeezed)) + rb"])\1+").sub
    while data := (yield from process.stdin.read()):
        data = data.translate(table, deleted)
        if squeeze and data:
            # With the byte before in front, a run that goes on is seen, and that byte taken off.
            data = squeeze(rb"\1", last + data)[len(last):]
            last = data[-1:] or last
        if data:
            yield from process.write(data)
        yield


def _plan(options):
    """(the table to translate with or None, the bytes to delete, the bytes to squeeze)"""
    usage = parser()
    delete, squeeze = options.delete, options.squeeze_repeats
    least, most = (2, 2) if delete == squeeze else (1, 1) if delete else (1, 2)
    if len(options.set) < least:
        usage.error(f"give {least} sets")
    if len(options.set) > most:
        usage.error(f"one operand too many: '{options.set[most]}'")
    try:
        return _sets(options)
    except SetError as error:
        usage.error(str(error))


def _sets(options):
    one = expand(options.set[0])
    if options.complement:
        one = complement(one)
    if len(options.set) == 1:
        return (None, one, ()) if options.delete else (None, b"", _each(one))
    if options.delete:
        return None, one, _each(expand(options.set[1]))
    two = expand(options.set[1], length=len(one))
    if options.truncate_set1:
        one = one[:len(two)]
    elif not two and one:
        raise SetError("the second set must not be empty")
    two = (two + two[-1:] * (len(one) - len(two)))
    table = bytearray(range(256))
    for old, new in zip(one, two, strict=False):
        table[old] = new
    return bytes(table), b"", _each(two) if options.squeeze_repeats else ()


def _each(set_):
    return [bytes([byte]) for byte in sorted(set(set_))]

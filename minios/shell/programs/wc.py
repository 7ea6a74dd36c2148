"""wc: count lines, words and bytes."""

import os
import stat

from syscalls import Offload

from ..getopt import Getopt
from ..listing.columns import display_width
from ..text.operands import Operands, chomp

_SPACE = b" \t\n\v\f\r"
_CONTINUATION = bytes(range(0x80, 0xC0))    # bytes of a UTF-8 character behind its first
_WIDTH = 7          # of a number, where nobody knows how many bytes there will be


def parser():
    parser = Getopt("wc", "Count lines, words and bytes: all three, or those asked for.")
    parser.add_argument("-l", "--lines", action="store_true", help="count the newlines")
    parser.add_argument("-w", "--words", action="store_true", help="count the words")
    parser.add_argument("-m", "--chars", action="store_true", help="count the characters")
    parser.add_argument("-c", "--bytes", action="store_true", help="count the bytes")
    parser.add_argument("-L", action="store_true", help="print the width of the widest line")
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    chosen = [key for key, asked in (
        ("lines", options.lines), ("words", options.words), ("chars", options.chars),
        ("bytes", options.bytes), ("width", options.L),
    ) if asked] or ["lines", "words", "bytes"]
    rows = []
    width = yield from _number_width(process, options.file, chosen)
    with Operands(process, options.file) as operands:
        while operand := (yield from operands.next()):
            counts = yield from _count(operand, chosen)
            rows.append({key: counts[key] for key in chosen})
            if options.json:
                rows[-1]["file"] = operand.name
            else:
                yield from process.say(_line(counts, chosen, width, options.file and operand.name))
        if options.json:
            yield from process.say_json(rows)
        elif len(options.file) > 1:
            yield from process.say(_line(_total(rows, chosen), chosen, width, "total"))
        return operands.status


def _line(counts, chosen, width, name):
    numbers = " ".join(f"{counts[key]:{width}}" for key in chosen)
    return f"{numbers} {name}" if name else numbers


def _total(rows, chosen):
    return {key: (max if key == "width" else sum)([0, *(row[key] for row in rows)])
            for key in chosen}


def _number_width(process, words, chosen):
    """How wide the numbers are: as wide as the sizes of the files may make them; a generator."""
    if len(words) < 2 and len(chosen) == 1:
        return 1
    sizes = yield Offload(_sizes, [_place(process, word) for word in words or ["-"]])
    width = len(str(sum(size for size in sizes if size is not None)))
    return max(width, _WIDTH) if None in sizes else width


def _place(process, word):
    """What tells about the file that `word` names: a path, a descriptor, None for a pipe."""
    if word != "-":
        return process.path(word)
    file = getattr(process.stdin, "file", None)
    return None if file is None else file.fileno()


def _sizes(places):
    """The size of each regular file, None for another kind, 0 for one that is not there. In a
    thread."""
    sizes = []
    for place in places:
        try:
            info = None if place is None else os.stat(place)
        except (OSError, ValueError):
            sizes.append(0)
        else:
            sizes.append(info.st_size if info and stat.S_ISREG(info.st_mode) else None)
    return sizes


def _count(operand, chosen):
    """All that is to be counted in one file; a generator."""
    counts = dict.fromkeys(("lines", "words", "chars", "bytes", "width"), 0)
    by_lines = "width" in chosen
    in_word = False
    while data := (yield from (operand.read_lines() if by_lines else operand.read())):
        if by_lines:
            widest = max(map(_width_of, chomp(data)))
            counts["width"] = max(counts["width"], widest)
            data = b"".join(data)
        counts["bytes"] += len(data)
        counts["lines"] += data.count(b"\n")
        if "chars" in chosen:
            counts["chars"] += len(data.translate(None, _CONTINUATION))
        if "words" in chosen:
            # A word that goes on in the next piece counts once.
            counts["words"] += len(data.split()) - (in_word and data[:1] not in _SPACE)
            in_word = data[-1:] not in _SPACE
        yield
    return counts


def _width_of(line):
    """How many places of a screen a line takes; the widest part of one with carriage returns."""
    line = line.decode(errors="replace").replace("\f", "\r")
    return max(display_width(_without_controls(part.expandtabs())) for part in line.split("\r"))


def _without_controls(text):
    return text if text.isprintable() else "".join(filter(str.isprintable, text))

"""Keys: which part of a line sort(1) compares, and how (`-k POS[,POS][OPTIONS]`).

A position is `FIELD[.CHARACTER]`, both from 1. Fields end where a separator is, or, without one,
where a blank follows on something else, so that a field begins with its blanks. Bytes are compared
as they are, as in the C locale.
"""

import re
from decimal import Decimal

__all__ = ["Key", "descending", "parse_key"]

_LETTERS = "bdfhnrV"
_POSITION = re.compile(rf"(\d+)(?:\.(\d+))?([{_LETTERS}]*)")
_BLANKS = re.compile(rb"[ \t\n]*")


class Key:
    """A part of a line, from `start` to `end`, each (fields before it, characters before it).

    `end` None is the end of the line, and 0 characters of it the end of the field. `options` is
    a set of letters; b, which skips blanks, is told apart for the start and the end.
    """

    def __init__(self, start, end, options, skips=(False, False)):
        self.start, self.end = start, end
        self.options = frozenset(options)
        self.skips = skips

    def inherit(self, options):
        """Take over the global `options` if the key has none of its own."""
        if not self.options and not any(self.skips):
            self.options = frozenset(options)
            self.skips = ("b" in options,) * 2

    def value(self, separator):
        """A function that gives what of a line is compared: values of one kind, in order."""
        part, convert = self._part(separator), self._conversion()
        if convert is None:
            return part
        if part is None:
            return convert
        return lambda line: convert(part(line))

    def _part(self, separator):
        """A function that cuts the key out of a line."""
        skips_start, skips_end = self.skips
        fields, characters = self.start
        find_start = _skipping(fields, separator)
        find_end, end_characters = self._end(separator)

        def part(line):
            begin = find_start(line).end()
            if skips_start:
                begin = _BLANKS.match(line, begin).end()
            if find_end is None:
                return line[begin + characters:]
            end = find_end(line).end()
            if end_characters:
                if skips_end:
                    end = _BLANKS.match(line, end).end()
                end += end_characters
            return line[begin + characters:end]

        return part

    def _end(self, separator):
        if self.end is None:
            return None, 0
        fields, characters = self.end
        if characters:
            return _skipping(fields - 1, separator), characters
        return _through(fields, separator), 0

    def _conversion(self):
        """A function that makes a comparable value of a part; None where it is one already."""
        for letter, convert in (("n", _number), ("h", _human_number), ("V", _version)):
            if letter in self.options:
                return convert
        folds, only_words = "f" in self.options, "d" in self.options
        if only_words:
            return lambda part: _only_words(part.upper() if folds else part)
        return bytes.upper if folds else None


def parse_key(text):
    """The Key of `2`, `2,3`, `1.3,1.5nr`. Raises ValueError."""
    first, comma, last = text.partition(",")
    start, end = _POSITION.fullmatch(first), _POSITION.fullmatch(last)
    if start is None or (comma and end is None):
        raise ValueError(f"invalid key: '{text}'")
    if int(start[1]) < 1 or (start[2] and int(start[2]) < 1) or (comma and int(end[1]) < 1):
        raise ValueError(f"positions are numbered from 1: '{text}'")
    letters = start[3] + (end[3] if comma else "")
    return Key(
        (int(start[1]) - 1, int(start[2] or 1) - 1),
        (int(end[1]), int(end[2] or 0)) if comma else None,
        letters.replace("b", ""), ("b" in start[3], bool(comma) and "b" in end[3]),
    )


def _skipping(fields, separator):
    """A match up to where the field after that many begins, or the end of the line."""
    if separator is None:
        return re.compile(rb"(?:[ \t]*[^ \t]*){%d}" % fields).match
    return re.compile(rb"(?:[^%b]*%b?){%d}" % (_in_set(separator), re.escape(separator),
                                               fields)).match


def _through(fields, separator):
    """A match up to where that many fields end."""
    if separator is None:
        return _skipping(fields, separator)
    return re.compile(rb"(?:[^%b]*%b?){%d}[^%b]*" % (
        _in_set(separator), re.escape(separator), fields - 1, _in_set(separator))).match


def _in_set(separator):
    return re.escape(separator) if separator != b"^" else rb"\^"


_INVERTED = bytes(range(255, -1, -1))


def descending(value):
    """What is sorted the other way round than `value`, among values of its kind.

    An object of a class is only the last resort: a million of them would keep the garbage
    collector busy, which holds up everybody.
    """
    if isinstance(value, int):
        return -value
    if isinstance(value, Decimal):
        return value.copy_negate()
    if isinstance(value, bytes):
        # What ends here comes behind what goes on, so the end is more than any byte.
        return value.translate(_INVERTED).decode("latin-1") + "\u0100"
    return _Descending(value)


class _Descending:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    def __lt__(self, other):
        return other.value < self.value


# --- What parts are compared as ----------------------------------------------------------

_NUMBER = re.compile(rb"[ \t\n]*(-?(?:\d+\.?\d*|\.\d+))")
_HUMAN = re.compile(rb"[ \t\n]*(-?(?:\d+\.?\d*|\.\d+))([kKMGTPEZY]?)")
_LONGEST = 4000     # digits; int() takes no more than 4300


def _number(part):
    match = _NUMBER.match(part)
    return _exactly(match[1]) if match else 0


def _exactly(digits):
    if b"." not in digits and len(digits) < _LONGEST:
        return int(digits)
    return Decimal(digits.decode())


def _human_number(part):
    """By sign, then unit, then number, as `du -h` prints them: 900K is less than 1M."""
    match = _HUMAN.match(part)
    if match is None:
        return 0, 0
    value = _exactly(match[1])
    unit = b" KMGTPEZY".find(match[2].upper()) if match[2] else 0
    return (unit if value > 0 else -unit if value < 0 else 0), value


_DIGITS = re.compile(rb"(\d+)")


def _order(code):
    """Where a character stands in a version: ~ before the end, then letters, then all others."""
    if code == ord("~"):
        return -1
    return code if chr(code).isalpha() and code < 128 else code + 256


_ORDER = [_order(code) for code in range(256)]


def _version(part):
    """Texts and numbers by turns: 1.10 is more than 1.9."""
    pieces = _DIGITS.split(part)
    for at, piece in enumerate(pieces):
        if at % 2:
            digits = piece.lstrip(b"0")
            pieces[at] = len(digits), digits
        else:
            pieces[at] = (*map(_ORDER.__getitem__, piece), 0)
    return tuple(pieces)


_NO_WORDS = bytes(code for code in range(256)
                  if not (code < 128 and chr(code).isalnum()) and code not in b" \t")


def _only_words(part):
    return part.translate(None, _NO_WORDS)

"""printf: write arguments in a format."""

import re
from types import SimpleNamespace

from ..getopt import Getopt
from ..streams import as_bytes
from ..text.escapes import unescape

_CONVERSION = re.compile(
    r"%(?:%|(?P<flags>[-+ #0]*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?(?P<kind>.))", re.DOTALL
)
_MOST = 65536       # columns that a conversion may fill


class _Words(Getopt):
    """All words are printf's own, those that begin with a dash too."""

    def parse_args(self, args=None, namespace=None):
        if args == ["--help"]:
            self.print_help()
        words = list(args[1:] if args[:1] == ["--"] else args)
        if not words:
            self.error("give a format")
        return SimpleNamespace(format=words[0], word=words[1:])


def parser():
    parser = _Words(
        "printf", "Write arguments in a format, which is used again while there are any left.",
        usage="printf FORMAT [word ...]",
        epilog="FORMAT knows %s %b %c %d %i %u %o %x %X %e %f %g %%, widths and precisions\n"
               r"(%-8s, %05.1f), and escapes (\n, \t, \101).",
    )
    parser.add_argument("format", metavar="FORMAT")
    parser.add_argument("word", nargs="*")
    return parser


def main(process, options):
    format_ = _Format(options.format, options.word)
    while True:
        yield from process.write(format_.once())
        for complaint in format_.complaints:
            yield from process.complain(complaint)
        if format_.is_over:
            return format_.status
        format_.complaints.clear()
        yield


class _Format:
    """A format, and the arguments that are left for it."""

    def __init__(self, text, words):
        self._text, self._words = text, words[::-1]     # the next one is the last
        self.complaints, self.status = [], 0
        self.is_over = False        # nothing more is to be written

    def once(self):
        """The bytes of the format with the next arguments."""
        pieces, at, left = [], 0, len(self._words)
        for match in _CONVERSION.finditer(self._text):
            self._add(pieces, *unescape(self._text[at:match.start()]))
            at = match.end()
            if self.is_over:
                break
            self._add(pieces, *self._converted(match))
        if not self.is_over:
            self._add(pieces, *unescape(self._text[at:]))
        # One that takes no arguments is not used again.
        self.is_over |= not self._words or len(self._words) == left
        return b"".join(pieces)

    def _add(self, pieces, data, is_over):
        if not self.is_over:
            pieces.append(data)
            self.is_over = is_over

    def _converted(self, match):
        """What one conversion makes of the next argument, and whether that was the end."""
        if match[0] == "%%":
            return b"%", False
        kind, flags = match["kind"], match["flags"]
        width = self._size(match["width"])
        precision = self._size(match["precision"])
        if width is not None and width < 0:
            flags, width = flags + "-", -width
        if kind in "sbc":
            data, is_over = self._text_of(kind, precision)
            padding = b" " * ((width or 0) - len(data))
            return (data + padding if "-" in flags else padding + data), is_over
        if kind not in "diuoxXeEfFgG":
            self._complain(f"{match[0]}: invalid conversion")
            self.is_over = True
            return b"", True
        precise = "" if precision is None or precision < 0 else f".{precision}"
        value = self._number(float if kind in "eEfFgG" else int)
        if kind == "u" and value < 0:
            value += 1 << 64
        return as_bytes(f"%{flags}{width or ''}{precise}{kind}" % value), False

    def _text_of(self, kind, precision):
        word, is_over = self._next(""), False
        data = as_bytes(word)
        if kind == "b":
            data, is_over = unescape(word, zero="\\0" in word)
        elif kind == "c":
            data = as_bytes(word[:1])
        elif precision is not None and precision >= 0:
            data = data[:precision]
        return data, is_over

    def _size(self, text):
        """A width or a precision; `*` takes it from the arguments. None where there is none."""
        if text is None:
            return None
        size = self._number(int) if text == "*" else int(text or 0)
        return max(-_MOST, min(size, _MOST))

    def _next(self, default):
        return self._words.pop() if self._words else default

    def _number(self, type_):
        """The next argument as a number: `12`, `0x1f`, `017`, `'a` for the code of a letter."""
        word = self._next("0")
        try:
            if word[:1] in ("'", '"') and len(word) > 1:
                return ord(word[1])
            return _number(word, type_)
        except (ValueError, OverflowError):
            self._complain(f"'{word}': expected a number")
            return 0

    def _complain(self, text):
        self.complaints.append(text)
        self.status = 1


def _number(word, type_):
    match = re.fullmatch(r"\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]+|\d+)", word, re.ASCII)
    if match is None:
        if type_ is float:
            return float(word)
        raise ValueError(word)
    digits = match[2].lower()
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
    return type_(-int(digits, base) if match[1] == "-" else int(digits, base))

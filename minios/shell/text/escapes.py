r"""Escapes: `\n`, `\t`, `\101` and the like, as echo, printf and tr read them."""

import re

from ..streams import as_bytes

__all__ = ["ESCAPES", "unescape"]

ESCAPES = {
    b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
    b"v": b"\v", b"\\": b"\\",
}

_ESCAPE = re.compile(rb"\\(?:(x[0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_ESCAPE_OF_ECHO = re.compile(rb"\\(?:(x[0-9A-Fa-f]{1,2})|(0[0-7]{0,3})|(.))", re.DOTALL)


def unescape(text, zero=False):
    r"""The bytes that `text` stands for, and whether `\c` ended it: then what follows is dropped,
    and nothing more is to be written. With `zero`, octal numbers begin with 0, as in `\0101`."""
    pieces, at, data = [], 0, as_bytes(text)
    for match in (_ESCAPE_OF_ECHO if zero else _ESCAPE).finditer(data):
        pieces.append(data[at:match.start()])
        at = match.end()
        hexadecimal, octal, letter = match.groups()
        if letter == b"c":
            return b"".join(pieces), True
        if letter is not None:
            pieces.append(ESCAPES.get(letter, match[0]))
        else:
            value = int(octal, 8) if octal else int(hexadecimal[1:], 16)
            pieces.append(bytes([value & 0xFF]))
    pieces.append(data[at:])
    return b"".join(pieces), False

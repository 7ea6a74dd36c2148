r"""Sets of bytes as tr(1) writes them: `a-z`, `[:upper:]`, `[=e=]`, `\n`, `[x*5]`, `[x*]`."""

import re
import string

from ..streams import as_bytes
from .escapes import unescape

__all__ = ["SetError", "complement", "expand"]


class SetError(ValueError):
    """The set is none; the message says why."""


_CLASSES = {
    name: bytes(sorted(members.encode())) for name, members in {
        "alpha": string.ascii_letters, "digit": string.digits,
        "alnum": string.ascii_letters + string.digits, "upper": string.ascii_uppercase,
        "lower": string.ascii_lowercase, "space": string.whitespace, "blank": " \t",
        "punct": string.punctuation, "xdigit": string.hexdigits,
        "cntrl": "".join(map(chr, [*range(32), 127])),
        "graph": "".join(map(chr, range(33, 127))), "print": "".join(map(chr, range(32, 127))),
    }.items()
}

_MOST = 1 << 16     # a set is of no use beyond the length of another

_CHARACTER = rb"\\[0-7]{1,3}|\\.|."
_PART = re.compile(
    rb"\[:(?P<class>[a-z]+):\]"
    rb"|\[=(?P<equal>" + _CHARACTER + rb")=\]"
    rb"|\[(?P<repeated>" + _CHARACTER + rb")\*(?P<times>[0-9]*)\]"
    rb"|(?P<first>" + _CHARACTER + rb")-(?P<last>" + _CHARACTER + rb")"
    rb"|(?P<one>" + _CHARACTER + rb")",
    re.DOTALL,
)


def expand(text, length=None):
    """The bytes of a set, in order. `length` is that of the first set where `text` is the second:
    what `[x*]` fills up to. Raises SetError."""
    before, after = b"", None       # what stands around `[x*]`
    filler = b""
    for match in _PART.finditer(as_bytes(text)):
        if match["repeated"] and length is None:
            raise SetError("[c*] may stand in the second set only")
        if match["repeated"] and not (match["times"] or b"0").strip(b"0"):
            if after is not None:
                raise SetError("only one [c*] may be in a set")
            after, filler = b"", _byte(match["repeated"])
        elif after is None:
            before += _members(match)
        else:
            after += _members(match)
    if after is None:
        return before
    return before + filler * (length - len(before) - len(after)) + after


def complement(members):
    """All other bytes, in order."""
    return bytes(byte for byte in range(256) if byte not in members)


def _members(match):
    """The bytes that one part of a set stands for."""
    if match["class"]:
        name = match["class"].decode()
        if name not in _CLASSES:
            raise SetError(f"invalid character class '{name}'")
        return _CLASSES[name]
    if match["repeated"]:
        times = match["times"]
        number = int(times[:9], 8 if times.startswith(b"0") else 10)
        return _byte(match["repeated"]) * min(number, _MOST)
    if match["last"]:
        first, last = _byte(match["first"])[0], _byte(match["last"])[0]
        if first > last:
            raise SetError(f"the range '{match[0].decode(errors='replace')}' is reversed")
        return bytes(range(first, last + 1))
    return _byte(match["equal"] or match["one"])


def _byte(character):
    """A character or an escape as one byte; a backslash before any other means that one."""
    if len(character) == 1:
        return character
    data, _ = unescape(character)
    return data if len(data) == 1 else character[1:]

"""Expansion: what becomes of a word when its command is carried out (sh(1)).

`~` and variables first, then, where they stand unquoted, a split at white space, and patterns
(`*`, `?`, `[...]`), which become the names of the files that they fit, sorted, or stay as they
are where none does.
"""

import glob
import os
import re

from .parser import ParseError

__all__ = ["expand", "expand_one"]

_VARIABLE = re.compile(
    r"""\$(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*|[?!$\#@*0-9])
        |\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*|[?!$\#@*]|[0-9]+)(?::-(?P<default>[^}]*))?\})""",
    re.VERBOSE,
)
_IN_DOUBLE = re.compile(r"\\([\"\\$`\n])")
_MAGIC = re.compile(r"[*?\[]")


def expand(words, lookup, folder):
    """The strings that `words` become.

    `lookup(name)` gives a variable's value, None where there is none; patterns are looked for in
    `folder`.
    """
    return [text for word in words for field in _fields(word, lookup)
            for text in _names(field, folder)]


def expand_one(word, lookup):
    """The one string that a word becomes which is neither split nor a pattern: a value, a file."""
    pieces = (_values(part, at == 0, lookup) for at, part in enumerate(word))
    return "".join(text for found in pieces for text, _ in found)


def _fields(word, lookup):
    """The fields of a word, each a list of (text, whether a pattern is a pattern in it)."""
    fields = [[]]
    for at, part in enumerate(word):
        for text, kind in _values(part, at == 0, lookup):
            if kind != "split":
                fields[-1].append((text, kind == "plain"))
                continue
            pieces = re.split(r"\s+", text)
            if pieces[0]:
                fields[-1].append((pieces[0], True))
            for piece in pieces[1:]:
                if fields[-1]:
                    fields.append([])
                if piece:
                    fields[-1].append((piece, True))
    return [field for field in fields if field]


def _values(part, is_first, lookup):
    """What a part becomes: pairs of a text and "plain", "literal", or "split" for a value that
    may be several words."""
    if part.quoting == "literal":
        return [(part.text, "literal")]
    quoted = part.quoting == "double"
    text, found, end = part.text, [], 0
    if is_first and not quoted and text.startswith("~"):
        home, slash, rest = text.partition("/")
        found.append((os.path.expanduser(home), "literal"))
        text = slash + rest
    wrong = re.search(r"\$\{[^}]*\}?", _VARIABLE.sub("", re.sub(r"\\.", "", text)))
    if wrong:
        raise ParseError(f"{wrong[0]}: bad substitution; this shell knows ${{NAME}} and "
                         "${NAME:-default}")
    for match in (_variables_in_double if quoted else _VARIABLE.finditer)(text):
        found.append((text[end:match.start()], "literal" if quoted else "plain"))
        end = match.end()
        found.append((_value(match, lookup), "literal" if quoted else "split"))
    found.append((text[end:], "literal" if quoted else "plain"))
    if quoted:      # an empty pair of quotes is a word
        return [("".join(text for text, _ in found), "literal")]
    return [(text, kind) for text, kind in found if text]


def _variables_in_double(text):
    """The matches of a backslash and what it quotes, or of a variable, in order."""
    return re.finditer(f"{_IN_DOUBLE.pattern}|{_VARIABLE.pattern}", text, re.VERBOSE)


def _value(match, lookup):
    groups = match.groupdict()
    name = groups["name"] or groups["braced"]
    if name is None:                    # a backslash
        quoted = match.group(1)
        return "" if quoted == "\n" else quoted
    value = lookup(name)
    if not value and groups["default"] is not None:
        return groups["default"]
    return value or ""


def _names(field, folder):
    """The files that a field fits, or the field itself."""
    text = "".join(text for text, _ in field)
    if not any(is_plain and _MAGIC.search(piece) for piece, is_plain in field):
        return [text]
    pattern = "".join(piece if is_plain else glob.escape(piece) for piece, is_plain in field)
    return sorted(glob.glob(pattern, root_dir=folder)) or [text]

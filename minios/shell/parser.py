"""Command lines: words, quoting, comments, `;` between commands and `&` behind one (sh(1))."""

import re
import shlex
from typing import NamedTuple

__all__ = ["Command", "ParseError", "parse"]

# A word is a run of these parts, without a space or an operator between them.
_PART = re.compile(
    r"""(?P<space>\s+)
      | (?P<operator>[&;|<>]+)
      | (?P<single>'[^']*')
      | (?P<double>"(?:[^"\\]|\\.)*")
      | (?P<escaped>\\.)
      | (?P<plain>[^\s'"\\&;|<>]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class ParseError(ValueError):
    """The line is no command line; the message says where it went wrong."""


class Command(NamedTuple):
    """One command: its words, and whether it is to run in the background."""

    words: list[str]
    background: bool

    def __str__(self):
        return shlex.join(self.words)


def parse(line):
    """The Commands of a line, in order. Raises ParseError."""
    commands, words = [], []
    for kind, text in _tokens(line):
        if kind == "word":
            words.append(text)
        elif text not in ("&", ";"):
            raise ParseError(f"this shell has no `{text}`; quote it if it is a word")
        elif not words:
            raise ParseError(f"nothing stands before `{text}`")
        else:
            commands.append(Command(words, text == "&"))
            words = []
    if words:
        commands.append(Command(words, False))
    return commands


def _tokens(line):
    """The ("word", text) and ("operator", text) of a line, up to a comment."""
    word, position = None, 0
    while position < len(line):
        match = _PART.match(line, position)
        if match is None:
            raise ParseError(_unfinished(line[position]))
        position = match.end()
        kind, text = match.lastgroup, match.group()
        if kind in ("plain", "single", "double", "escaped"):
            if kind == "plain" and text.startswith("#") and word is None:
                return
            word = (word or "") + _unquoted(kind, text)
            continue
        if word is not None:
            yield "word", word
            word = None
        if kind == "operator":
            yield kind, text
    if word is not None:
        yield "word", word


def _unquoted(kind, text):
    if kind == "double":
        return re.sub(r'\\(["\\$`])', r"\1", text[1:-1])
    return {"plain": text, "single": text[1:-1], "escaped": text[1:]}[kind]


def _unfinished(character):
    if character == "\\":
        return "nothing is escaped by the backslash at the end"
    return f"the quotation that begins with {character} has no end"

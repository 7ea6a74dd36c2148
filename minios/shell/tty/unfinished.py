"""Unfinished command lines: the word that the cursor is in, and the command it belongs to.

parser.py reads lines that are complete and refuses the others; this reads what is being typed,
where a quotation may still be open, and refuses nothing.
"""

import re
from typing import NamedTuple

__all__ = ["Place", "open_quote", "place_of", "quoted", "unquoted"]

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_SPECIAL = re.compile(r"([^\w@%+=:,./~^-])")


class Place(NamedTuple):
    """The word that ends at the cursor."""

    start: int              # of the word, in the line
    raw: str                # the word as it is typed, with its quotes
    words: list[str]        # those before it in its command, without quotes; the first names it
    is_file: bool           # it stands behind < or >

    @property
    def value(self):
        """The word without its quotes."""
        return unquoted(self.raw)


def place_of(line):
    """The Place at the end of `line`, the text before the cursor; None in a comment."""
    words, start, is_file, at = [], None, False, 0
    while at < len(line):
        character = line[at]
        if character in " \t\n;&|()<>":
            if start is not None:
                words, is_file = _with(words, line[start:at], is_file, character), False
                start = None
            if character in "<>":
                is_file = True
                at += line[at + 1:at + 2] in ("&", ">")     # 2>&1, >>
            elif character not in " \t":
                words, is_file = [], False
        elif start is None and character == "#":
            end = line.find("\n", at)
            if end < 0:
                return None
            at = end
            continue
        else:
            start = at if start is None else start
            at = _end_of_part(line, at)
            continue
        at += 1
    start = len(line) if start is None else start
    return Place(start, line[start:], words, is_file)


def _with(words, raw, is_file, behind):
    """The words of the command so far, and one that has ended where `behind` stands."""
    is_number = behind in "<>" and raw.isdigit()        # the 2 of 2>
    is_assignment = not words and _ASSIGNMENT.match(raw)
    return words if is_file or is_number or is_assignment else [*words, unquoted(raw)]


def _end_of_part(line, at):
    """Where the part of a word ends that begins at `at`: a character, or a quotation."""
    if line[at] == "\\":
        return min(at + 2, len(line))
    if line[at] not in "'\"":
        return at + 1
    quote, at = line[at], at + 1
    while at < len(line) and line[at] != quote:
        at += 2 if line[at] == "\\" and quote == '"' else 1
    return min(at + 1, len(line))


def unquoted(raw):
    """What a word means, its last quotation closed or not."""
    found, at = [], 0
    while at < len(raw):
        end = _end_of_part(raw, at)
        part, quote = raw[at:end], raw[at]
        if quote == "\\":
            part = part[1:]
        elif quote in "'\"":
            part = part[1:-1] if len(part) > 1 and part.endswith(quote) else part[1:]
            if quote == '"':
                part = re.sub(r'\\([\\"$`])', r"\1", part)
        found.append(part)
        at = end
    return "".join(found)


def open_quote(raw):
    """The quotation mark that is open at the end of a word; "" where none is."""
    at, part = 0, ""
    while at < len(raw):
        end = _end_of_part(raw, at)
        part, at = raw[at:end], end
    if part[:1] in ("'", '"') and not _is_closed(part):
        return part[0]
    return ""


def _is_closed(part):
    if len(part) < 2 or part[-1] != part[0]:
        return False
    behind = part[1:-1]
    escapes = len(behind) - len(behind.rstrip("\\"))
    return part[0] == "'" or escapes % 2 == 0


def quoted(text, quote=""):
    """`text` as it is to be typed behind an open `quote`, or outside of quotations."""
    if quote == '"':
        return re.sub(r'([\\"$`])', r"\\\1", text)
    if quote == "'":
        return text.replace("'", "'\\''")
    return _SPECIAL.sub(r"\\\1", text).replace("\\\n", "'\n'")

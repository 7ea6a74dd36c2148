r"""Patterns: the regular expressions of grep, as Python's (POSIX.1-2017, XBD 9; re).

There are two dialects. In a basic one `+ ? | ( ) { }` stand for themselves and mean something
behind a backslash, in an extended one it is the other way round. GNU's additions are known in
both: `\w \W \s \S \b \B \< \>` and numbers that refer back.

Policy. Patterns are of text, so that `.` is a character and not a byte of one; what is no UTF-8
stands for itself (surrogateescape). Two things are as Python has them: of several alternatives
the first that fits is taken and not the longest, which only `-o` shows, and a class such as
`[:alpha:]` holds the letters of ASCII alone.
"""

import re

__all__ = ["PatternError", "compile_patterns", "translate"]


class PatternError(ValueError):
    """The pattern is none; the message says why."""


def compile_patterns(patterns, dialect="basic", ignore_case=False, words=False, lines=False):
    """What finds any of `patterns`: a regular expression of re, for a line without its newline.

    `dialect` is "basic", "extended" or "fixed". With `words` only whole words match, with `lines`
    only whole lines. Raises PatternError.
    """
    if dialect == "fixed":
        # The longest one first: it is the one that -o is to show.
        branches = map(re.escape, sorted(patterns, key=len, reverse=True))
    else:
        branches = translate_all(patterns, dialect == "extended")
    expression = f"(?:{'|'.join(branches)})"
    if lines:
        expression = rf"\A{expression}\Z"
    elif words:
        expression = rf"(?<!\w){expression}(?!\w)"
    try:
        return re.compile(expression, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError) as error:
        raise PatternError(getattr(error, "msg", None) or str(error)) from None
    except RecursionError:
        raise PatternError("Regular expression too big") from None


def translate(pattern, extended=False):
    """The expression of Python that means what `pattern` means. Raises PatternError."""
    return translate_all([pattern], extended)[0]


def translate_all(patterns, extended):
    """The same for several that are to be joined: each counts its groups behind the last one's."""
    translated, groups = [], 0
    for pattern in patterns:
        translation = _Translation(pattern, extended, groups)
        try:
            translated.append(translation.translate())
        except RecursionError:
            raise PatternError("Regular expression too big") from None
        groups = translation.groups
    return translated


class _Translation:
    """One pattern on its way: what is left of it, as tokens, and how many groups there were."""

    def __init__(self, pattern, extended, groups):
        self.groups = self._first = groups
        self._extended = extended
        self._tokens = list(_tokens(pattern, extended))[::-1]      # the next one is the last

    def translate(self):
        expression = self._alternatives()
        if self._tokens:
            raise PatternError(r"Unmatched ) or \)")
        return expression

    def _alternatives(self):
        branches = [self._branch()]
        while self._comes("|"):
            self._tokens.pop()
            branches.append(self._branch())
        return "|".join(branches)

    def _branch(self):
        pieces = []
        while self._tokens and not self._comes("|", ")"):
            kind, text = self._tokens.pop()
            if kind in ("*", "+", "?", "{"):
                self._repeat(pieces, kind, text)
            else:
                pieces.append(self._piece(kind, text, is_first=not pieces))
        return "".join(pieces)

    def _piece(self, kind, text, is_first):
        if kind == "(":
            return self._group()
        if kind == "^" and (self._extended or is_first):
            return r"\A"
        if kind == "$" and (self._extended or not self._tokens or self._comes("|", ")")):
            return r"\Z"
        if kind == "number":
            return self._reference(int(text))
        return text if kind == "expression" else re.escape(text)

    def _group(self):
        self.groups += 1
        inner = self._alternatives()
        if not self._comes(")"):
            raise PatternError(r"Unmatched ( or \(")
        self._tokens.pop()
        return f"({inner})"

    def _reference(self, number):
        if self._first + number > self.groups:
            raise PatternError("Invalid back reference")
        return rf"(?:\{self._first + number})"

    def _repeat(self, pieces, kind, text):
        """Repeat the last of `pieces`; where there is none, a star is one, or nothing is meant."""
        is_first = not pieces or pieces == [r"\A"]
        if is_first and not self._extended:
            pieces.append(re.escape(kind if kind == "*" else text))
        elif not pieces:
            pieces.append("" if kind != "{" else re.escape(text))
        else:
            # In brackets of its own: `a*+` and `a*?` mean something else in Python.
            pieces[-1] = f"(?:{pieces[-1]}){text}"

    def _comes(self, *kinds):
        return bool(self._tokens) and self._tokens[-1][0] in kinds


_OPERATORS = "+?|(){"       # behind a backslash in one dialect, bare in the other
_ESCAPED = {
    "<": r"\b(?=\w)", ">": r"\b(?<=\w)", "`": r"\A", "'": r"\Z",
    **{letter: "\\" + letter for letter in "bBwWsS"},
}
_INTERVAL = {
    True: re.compile(r"\{(\d*)(,?)(\d*)\}"),
    False: re.compile(r"\\\{(\d*)(,?)(\d*)\\\}"),
}


def _tokens(pattern, extended):
    """The parts of a pattern as (kind, text): an operator, `* ^ $`, an expression of Python, a
    number that refers back, or a character."""
    at = 0
    while at < len(pattern):
        char, escaped = pattern[at], False
        if char == "\\":
            char, escaped = pattern[at + 1:at + 2], True
            if not char:
                raise PatternError("Trailing backslash")
        start, at = at, at + 1 + escaped
        if char in _OPERATORS and escaped != extended:
            token = (char, char)
            if char == "{":
                token, at = _interval(pattern, start, at, extended)
            yield token
        elif escaped:
            yield _escaped(char)
        elif char == "[":
            text, at = _bracket(pattern, at)
            yield "expression", text
        elif char == ".":
            yield "expression", "."
        else:
            yield (char if char in "*^$" else "char"), char


def _escaped(char):
    if char in _ESCAPED:
        return "expression", _ESCAPED[char]
    return ("number" if char in "123456789" else "char"), char


def _interval(pattern, start, at, extended):
    """`{2,3}`; what is none stands for itself where that is habit."""
    match = _INTERVAL[extended].match(pattern, start)
    if match is None or not (match[1] or match[2]):
        if extended:
            return ("char", "{"), at
        raise PatternError(r"Invalid content of \{\}")
    low, comma, high = match.groups()
    return ("{", f"{{{low or 0}{comma}{high}}}"), match.end()


# --- Bracket expressions -----------------------------------------------------------------

_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z",
    "space": r" \t\n\r\f\v", "blank": r" \t", "xdigit": "0-9A-Fa-f", "cntrl": r"\x00-\x1f\x7f",
    "print": r"\x20-\x7e", "graph": r"\x21-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
}
_NAMED = re.compile(r"\[([:=.])(.*?)\1\]", re.DOTALL)


def _bracket(pattern, at):
    """The set of characters whose `[` is before `at`, and where it ends."""
    negated = pattern.startswith("^", at)
    at += negated
    items, start = [], at
    while at == start or not pattern.startswith("]", at):
        if at >= len(pattern):
            raise PatternError("Unmatched [, [^, [:, [., or [=")
        item, at, is_class = _item(pattern, at)
        if not is_class and pattern.startswith("-", at) and pattern[at + 1:at + 2] not in ("]", ""):
            end, at, _ = _item(pattern, at + 1)
            item = _range(item, end)
        items.append(item if is_class or len(item) != 1 else re.escape(item))
    return f"[{'^' if negated else ''}{''.join(items)}]", at + 1


def _item(pattern, at):
    """The next character or class in a bracket expression: (it, where it ends, is a class)."""
    match = _NAMED.match(pattern, at)
    if match is None:
        return pattern[at], at + 1, False
    kind, name = match.groups()
    if kind != ":":
        if len(name) != 1:
            raise PatternError("Invalid collation character")
        return name, match.end(), False
    if name not in _CLASSES:
        raise PatternError("Invalid character class name")
    return _CLASSES[name], match.end(), True


def _range(first, last):
    if len(last) != 1 or first > last:
        raise PatternError("Invalid range end")
    return f"{re.escape(first)}-{re.escape(last)}"

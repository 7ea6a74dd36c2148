r"""The parser: from a text to lists, pipelines and commands, as sh(1) reads them.

    list      an and-or, and more of them behind `;`, `&` or a new line
    and-or    a pipeline, and more of them behind `&&` or `||`
    pipeline  a command, and more of them behind `|`; `!` before it turns its status round
    command   NAME=VALUE assignments, words, and redirections: < > >> 2> 2>> 2>&1 &>

Words keep how they were quoted: variables, `~` and patterns are seen to when the command is carried
out (see expansion.py). This shell has no `if` and `for`, no functions and no $(...): a program
that needs them is written in Python.
"""

import re
from typing import NamedTuple

__all__ = ["AndOr", "Command", "Incomplete", "ParseError", "Part", "Pipeline", "Redirection",
           "Word", "parse"]


class ParseError(ValueError):
    """The text is no command line; the message says where it went wrong."""


class Incomplete(ParseError):
    """It may become one, when more is typed."""


class Part(NamedTuple):
    """A piece of a word: its text, and how it stands there: "plain", "double" or "literal"."""

    text: str
    quoting: str


Word = tuple[Part, ...]


class Redirection(NamedTuple):
    """`fd operator word`, as in `2 >> errors`; the word is a descriptor's number for `>&`."""

    fd: int
    operator: str
    word: Word


class Command(NamedTuple):
    """One command; `text` is how it was written."""

    assignments: list[tuple[str, Word]]
    words: list[Word]
    redirections: list[Redirection]
    text: str


class Pipeline(NamedTuple):
    """Commands that are joined by pipes; `negated`: its status is turned round."""

    commands: list[Command]
    negated: bool
    text: str


class AndOr(NamedTuple):
    """Pipelines, each with the operator before it ("" for the first, else "&&" or "||"), and
    whether all of it is to run in the background."""

    pipelines: list[tuple[str, Pipeline]]
    background: bool
    text: str


_TOKEN = re.compile(
    r"""(?P<space>(?:[^\S\n]|\\\n)+)
      | (?P<comment>(?<![^\s;&|<>])\#[^\n]*)
      | (?P<newline>\n)
      | (?P<redirect>(?:(?<![^\s;&|<>])[0-9])?(?:>>|>&|<|>)|&>>?)
      | (?P<operator>[&;|]+)
      | (?P<single>'[^']*')
      | (?P<double>"(?:[^"\\]|\\.)*")
      | (?P<escaped>\\.)
      | (?P<plain>[^\s'"\\&;|<>()`]+)
    """,
    re.VERBOSE | re.DOTALL,
)
# What sh(1) has and this shell has not: run as programs that there are not, they would let what is
# between them run in any case.
_KEYWORDS = frozenset(
    "if then else elif fi for while until do done case esac select function { } [[ ]] [".split()
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_QUOTING = {"plain": "plain", "single": "literal", "double": "double", "escaped": "literal"}


class _Token(NamedTuple):
    kind: str       # "word", "operator", "redirect", "newline" or "end"
    value: object
    start: int
    end: int


def parse(text):
    """The AndOrs of a text of any number of lines, in order. Raises ParseError, Incomplete."""
    return _Parser(text).list()


def _tokens(text):
    parts, start, position = [], 0, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _problem(text[position])
        kind, value = match.lastgroup, match.group()
        if kind in _QUOTING:
            if not parts:
                start = position
            if kind != "plain":
                value = value[1:] if kind == "escaped" else value[1:-1]
            parts.append(Part(value, _QUOTING[kind]))
        elif parts:
            yield _Token("word", tuple(parts), start, position)
            parts = []
        position = match.end()
        if kind in ("operator", "redirect", "newline"):
            yield _Token(kind, value, match.start(), position)
    if parts:
        yield _Token("word", tuple(parts), start, position)
    yield _Token("end", "", position, position)


def _problem(character):
    if character == "\\":
        return Incomplete("nothing is escaped by the backslash at the end")
    if character in "()`":
        return ParseError(f"this shell has no `{character}`; quote it if it is a part of a word")
    return Incomplete(f"the quotation that begins with {character} has no end")


class _Parser:
    """By recursive descent; each method leaves `token` behind what it has read."""

    def __init__(self, text):
        self.text = text
        self._tokens = _tokens(text)
        self._read = 0          # where the token that was passed last ends
        self.token = next(self._tokens)

    def _next(self):
        self._read = self.token.end
        self.token = next(self._tokens)

    def list(self):
        """All of it."""
        found = []
        while True:
            while self.token.kind == "newline":
                self._next()
            if self.token.kind == "end":
                return found
            found.append(self._and_or())

    def _and_or(self):
        start = self.token.start
        pipelines = [("", self._pipeline())]
        while self.token.value in ("&&", "||") and self.token.kind == "operator":
            operator = self.token.value
            self._go_on()
            pipelines.append((operator, self._pipeline()))
        text = self._written(start)
        background = self.token.value == "&" and self.token.kind == "operator"
        if self.token.kind == "operator":
            if self.token.value not in ("&", ";"):
                raise ParseError(f"this shell has no `{self.token.value}`; "
                                 "quote it if it is a word")
            self._next()
        return AndOr(pipelines, background, text)

    def _pipeline(self):
        start = self.token.start
        negated = self.token.value == (Part("!", "plain"),)
        if negated:
            self._next()
        commands = [self._command()]
        while self.token.value == "|" and self.token.kind == "operator":
            self._go_on()
            commands.append(self._command())
        return Pipeline(commands, negated, self._written(start))

    def _go_on(self):
        """Pass an operator behind which the line may be broken."""
        operator = self.token.value
        self._next()
        while self.token.kind == "newline":
            self._next()
        if self.token.kind == "end":
            raise Incomplete(f"nothing stands behind `{operator}`")

    def _command(self):
        start = self.token.start
        assignments, words, redirections = [], [], []
        while True:
            kind, value = self.token.kind, self.token.value
            if kind == "word":
                self._next()
                assignment = None if words else _assignment(value)
                if assignment is None:
                    if not words:
                        _check_no_keyword(value)
                    words.append(value)
                else:
                    assignments.append(assignment)
            elif kind == "redirect":
                redirections += self._redirections()
            else:
                break
        if not (assignments or words or redirections):
            what = value.strip() if kind == "operator" else "the end of the line"
            raise ParseError(f"nothing stands before `{what}`")
        return Command(assignments, words, redirections, self._written(start))

    def _redirections(self):
        operator = self.token.value
        self._next()
        if self.token.kind == "redirect" and self.token.start == self._read:
            raise ParseError(f"this shell has no `{operator}{self.token.value}`")
        if self.token.kind != "word":
            raise ParseError(f"`{operator}` wants the name of a file behind it")
        word = self.token.value
        self._next()
        if operator.startswith("&"):        # &> file: both
            return [Redirection(1, operator[1:], word), Redirection(2, ">&", (Part("1", "plain"),))]
        fd = 0 if operator == "<" else 1
        if operator[0].isdigit():
            fd, operator = int(operator[0]), operator[1:]
        if fd > 2:
            raise ParseError(f"a program has the descriptors 0, 1 and 2, and not {fd}")
        return [Redirection(fd, operator, word)]

    def _written(self, start):
        """The text from `start` to what was passed last."""
        return self.text[start:self._read]


def _check_no_keyword(word):
    if len(word) == 1 and word[0].quoting == "plain" and word[0].text in _KEYWORDS:
        raise ParseError(f"this shell has no `{word[0].text}`; a program that needs it is written "
                         "in Python")


def _assignment(word):
    """(name, value) where a word is NAME=VALUE, else None."""
    first = word[0]
    match = _ASSIGNMENT.match(first.text) if first.quoting == "plain" else None
    if match is None:
        return None
    rest = Part(first.text[match.end():], "plain")
    return match.group(1), (rest, *word[1:])

"""Operands: the files that a filter reads, one after the other.

    with Operands(process, options.file) as operands:
        while operand := (yield from operands.next()):
            while lines := (yield from operand.read_lines()):
                yield from process.write(b"".join(lines))
        return operands.status

Policy. No operand at all, or `-`, is standard input. One that cannot be opened or read is one
complaint, as in `cat: nope.txt: No such file or directory`, and the others go on; `status` tells
of it at the end. Whatever ends the program, the file that is open is closed at once.

A list of lines is one turn: never more than _LINES of them, and other tasks run in between.
"""

import os
import stat
from argparse import ArgumentTypeError
from time import perf_counter

from ..rest import REST

__all__ = ["Operand", "Operands", "chomp", "count", "reason"]

_LINES = 1024
_SLICE = 0.004      # seconds between two times that everybody is let in; see rest.py
_UNITS = "KMGTPE"


class Operand:
    """One that is open: `name` is the word that named it."""

    def __init__(self, operands, name, source):
        self.name, self.source = name, source
        self._operands = operands
        self._left = []         # lines that have been read and not been returned

    def read(self):
        """Some bytes; b"" at the end. A generator."""
        return (yield from self._guarded(self.source.read(), b""))

    def read_lines(self):
        """Some lines, each with its newline (the last of all may have none); an empty list at the
        end. A generator that gives up the turn each time."""
        yield from self._operands.rest()
        lines = self._left or (yield from self._guarded(self.source.read_lines(), []))
        self._left = lines[_LINES:]
        return lines[:_LINES]

    def _guarded(self, reading, end):
        try:
            return (yield from reading)
        except OSError as error:
            yield from self._operands.complain(self.name, error)
            return end


class Operands:
    """Those that `words` name. `status` is 0, or `failure` once one could not be read.

    With `echoes`, as what is read is written again, the file that standard output goes to is
    refused: it would grow for ever while it is read.
    """

    def __init__(self, process, words, failure=1, echoes=False):
        self._process, self._failure, self._echoes = process, failure, echoes
        self._words = iter(words or ["-"])
        self._current = None
        self._rests_at = 0.0
        self.status = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the one that is open; standard input stays open."""
        current = self.release()
        if current is not None and current.source is not self._process.stdin:
            current.source.close()

    def release(self):
        """Leave the one that is open to the caller, who closes its source; returns it."""
        current, self._current = self._current, None
        return current

    def next(self):
        """Close the one that is open and open the next; None behind the last one. A generator."""
        self.close()
        for word in self._words:
            try:
                source = yield from self._process.open_input(word)
            except (OSError, ValueError) as error:
                yield from self.complain(word, error)
                continue
            self._current = Operand(self, word, source)
            if not (self._echoes and _are_one_file(source, self._process.stdout)):
                return self._current
            yield from self.complain(word, ValueError("input file is output file"))
            self.close()
        return None

    def read_lines(self):
        """The next lines of all of them in a row, as Operand.read_lines has it; a generator."""
        while self._current or (yield from self.next()):
            if lines := (yield from self._current.read_lines()):
                return lines
            self.close()
        return []

    def rest(self):
        """Give up the turn; a generator."""
        if perf_counter() < self._rests_at:
            yield
        else:
            yield REST
            self._rests_at = perf_counter() + _SLICE

    def complain(self, name, error):
        """Say that the operand `name` could not be read, and remember it; a generator."""
        self.status = self._failure
        yield from self._process.complain(f"{name}: {reason(error)}")


def _are_one_file(source, output):
    """Whether an Input and an Output are the same file on a disk, with something in it."""
    files = getattr(source, "file", None), getattr(output, "file", None)
    if None in files:
        return False
    read, written = (os.fstat(file.fileno()) for file in files)
    return os.path.samestat(read, written) and stat.S_ISREG(read.st_mode) and read.st_size > 0


def reason(error):
    """What an OSError, or the ValueError of a name with a null byte, says in words."""
    return getattr(error, "strerror", None) or str(error)


def chomp(lines):
    """The lines without their newlines, which the last one alone may lack."""
    bare = [line[:-1] for line in lines]
    if lines and not lines[-1].endswith(b"\n"):
        bare[-1] = lines[-1]
    return bare


def count(text):
    """A number as `-n` and `-c` take it: `10`, `2K` of 1024, `2kB` of 1000, `1b` of 512, with a
    sign. Returns (the sign or "", the number); an argparse type."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    digits = text[len(sign):].rstrip("bBkKMGTPEi")
    unit = text[len(sign) + len(digits):]
    if not (digits.isascii() and digits.isdigit()):
        raise ArgumentTypeError(f"invalid number: '{text}'")
    return sign, int(digits) * _factor(unit, text)


def _factor(unit, text):
    if unit in ("", "b"):
        return 512 if unit else 1
    power = _UNITS.find(unit[0].upper()) + 1
    if not power or unit[1:] not in ("", "B", "iB"):
        raise ArgumentTypeError(f"invalid number: '{text}'")
    return (1000 if unit[1:] == "B" else 1024) ** power

"""Getopt: command lines read as getopt(3) reads them, for the programs with Unix habits.

argparse alone guesses otherwise in places where habit is strong: it drops the `=` of `cut -d=`,
takes the value of `cut -f -3,5` for an option, and wants all operands in one row. So here the words
are put in order first, by what the parser knows of its options, and argparse then sees nothing
that it could guess about. `-h` is free for the programs, and the help is `--help`.

Policy: one positional argument, a list, takes all operands.
"""

import re

from .arguments import Arguments

__all__ = ["Getopt"]

_MASK = "\0--"          # stands for `--`, which argparse takes away wherever it stands
_NUMBER = re.compile(r"-\d+\.?\d*|-\.\d+")


class Getopt(Arguments):
    """Arguments whose options may be joined (`-rnk2`), with values that begin with anything.

    `number` is the option, such as "-n", that `-5` stands for; "" makes it an operand. Without
    `permute` the first operand ends the options, and what follows is another program's.
    """

    def __init__(self, name, description, number=None, permute=True, **options):
        super().__init__(name, description, add_help=False, **options)
        self._number, self._permute = number, permute
        self._nargs = {}        # option -> how many values it takes, as argparse has it
        self._takes_operands = False
        self.add_argument("--help", action="help", help="show this help")

    def add_argument(self, *names, **options):
        """As argparse has it."""
        action = super().add_argument(*names, **options)
        self._nargs.update(dict.fromkeys(action.option_strings, action.nargs))
        self._takes_operands |= not action.option_strings
        return action

    def parse_args(self, args=None, namespace=None):
        """As argparse has it. Raises Leave."""
        found = super().parse_args(self._in_order(args), namespace)
        for name, value in vars(found).items():
            setattr(found, name, _unmasked(value))
        return found

    def _in_order(self, words):
        """The same words: options first, each value joined to its option, then the operands."""
        options, operands = [], []
        words = iter(words)
        for word in words:
            if word == "--":
                operands += words
            elif word == "-" or not word.startswith("-") or self._is_negative(word):
                operands.append(word)
                if not self._permute:
                    operands += words
            elif word.startswith("--"):
                options.append(self._long(word, words))
            elif self._number and word[1:].isdigit():
                options.append(f"{self._number}={word[1:]}")
            else:
                options += self._letters(word[1:], words)
        if operands and not self._takes_operands:
            self.error(f"one operand too many: '{operands[0]}'")
        return [*options, "--", *map(_masked, operands)] if operands else options

    def _is_negative(self, word):
        return self._number == "" and _NUMBER.fullmatch(word)

    def _long(self, word, words):
        """`--name value` as `--name=value`."""
        if "=" in word or not self._takes_value(word):
            return word
        return f"{word}={self._value(word, words)}"

    def _letters(self, letters, words):
        """`-rk2` as `-r`, `-k=2`, whose equals sign argparse takes away again."""
        for at, letter in enumerate(letters, 1):
            name = f"-{letter}"
            if name not in self._nargs:
                self.error(f"invalid option -- '{letter}'")
            if self._takes_value(name):
                yield f"{name}={letters[at:] or self._value(name, words)}"
                return
            yield name

    def _takes_value(self, name):
        return self._nargs.get(name, 0) is None     # "?" takes one only behind `=`

    def _value(self, name, words):
        for word in words:
            return _masked(word)
        self.error(f"option {name} needs a value")


def _masked(word):
    return _MASK if word == "--" else word


def _unmasked(value):
    if isinstance(value, list):
        return [_unmasked(each) for each in value]
    return "--" if value == _MASK else value

"""alias: let a word stand for a program and its first arguments."""

import shlex

from ..arguments import Arguments


def parser():
    parser = Arguments("alias", "Let a word stand for a program and its first arguments, or list "
                                "such words.")
    parser.add_argument("alias", nargs="*", metavar="NAME[=VALUE]")
    return parser


def main(process, options):
    aliases, status = process.shell.aliases, 0
    for word in options.alias or sorted(aliases):
        name, given, value = word.partition("=")
        if given:
            words = shlex.split(value)
            if not words or not name:
                parser().error(f"{word}: give a name and what it stands for, as in l='ls -l'")
            aliases[name] = words
        elif name in aliases:
            yield from process.say(f"alias {name}={shlex.quote(shlex.join(aliases[name]))}")
        else:
            yield from process.complain(f"{name}: not found")
            status = 1
    return status

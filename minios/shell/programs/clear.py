"""clear: clear the screen."""

from ..getopt import Getopt

_CLEAR = "\x1b[H\x1b[2J\x1b[3J"     # home, the screen, and what has scrolled off (ECMA-48, xterm)


def parser():
    return Getopt("clear", "Clear the screen.")


def main(process, options):
    if process.stdout.isatty():
        yield from process.write(_CLEAR)

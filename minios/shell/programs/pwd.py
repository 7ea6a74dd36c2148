"""pwd: print the shell's folder."""

from ..arguments import Arguments


def parser():
    return Arguments("pwd", "Print the shell's folder.")


def main(process, options):
    yield from process.say(process.shell.folder)
    return 0

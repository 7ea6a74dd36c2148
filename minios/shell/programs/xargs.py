"""xargs: run a program with the words of standard input."""

import re

from ..getopt import Getopt
from ..running import status_of
from ..text.operands import Operands

_MOST_BYTES = 131072    # of a word, and of the words of one command
_WORD = re.compile(rb"""(?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s'"\\])+""", re.DOTALL)
_QUOTED = re.compile(rb"""'([^'\n]*)'|"([^"\n]*)"|\\(.)""", re.DOTALL)


def parser():
    parser = Getopt(
        "xargs", "Run a program with the words of standard input behind its own.", permute=False,
        usage="xargs [-0rt] [-n N] [-I TEXT] [PROGRAM [word ...]]",
        epilog="Without a PROGRAM it is echo. Quotes and backslashes keep a word together.",
    )
    parser.add_argument("-n", type=int, metavar="N", help="no more than N words at once")
    parser.add_argument("-I", metavar="TEXT",
                        help="run it for each line, which takes the place of TEXT")
    parser.add_argument("-0", dest="null", action="store_true",
                        help="words end with a null byte, and nothing else means anything")
    parser.add_argument("-r", action="store_true", help="do not run it where there are no words")
    parser.add_argument("-t", action="store_true", help="show each command before it is run")
    parser.add_argument("command", nargs="*", metavar="PROGRAM")
    return parser


def main(process, options):
    if options.n is not None and options.n < 1:
        parser().error("-n takes a number from 1 on")
    commands = _Commands(process, options)
    with Operands(process, []) as operands:
        source = yield from operands.next()
        rest = b""
        while data := (yield from source.read()):
            words, rest = commands.split(rest + data)
            yield from commands.add(words)
            if len(rest) > _MOST_BYTES:
                yield from process.complain(f"a word is longer than {_MOST_BYTES} bytes")
                return 1
        words, rest = commands.split(rest, is_last=True)
        if rest:
            yield from process.complain("a quote has no end; -0 takes quotes as they are")
            return 1
        yield from commands.add(words)
        yield from commands.finish()
        return commands.status or operands.status


class _Commands:
    """The words that wait for a command, and how those were that have run."""

    def __init__(self, process, options):
        self._process, self._options = process, options
        self._command = options.command or ["echo"]
        self._most = 1 if options.I is not None else options.n
        self._words, self._size = [], 0
        self._has_run = False
        self.status = 0

    def split(self, data, is_last=False):
        """The words of `data`, and what is left of it: the beginning of the next one."""
        if self._options.null or self._options.I is not None:
            separator = b"\0" if self._options.null else b"\n"
            *words, rest = data.split(separator)
            if is_last and rest:
                words.append(rest)
            words = words if self._options.null else [word.strip() for word in words]
            return [word for word in words if word or self._options.null], b"" if is_last else rest
        return _words(data, is_last)

    def add(self, words):
        """Take more words, and run what is complete; a generator."""
        for word in words:
            self._words.append(word.decode(errors="surrogateescape"))
            self._size += len(word) + 1
            if len(self._words) == self._most or self._size > _MOST_BYTES:
                yield from self._run()

    def finish(self):
        """Run what is left; once at least, unless -r or -I says no. A generator."""
        never = self._options.r or self._options.I is not None
        if self._words or not (self._has_run or never):
            yield from self._run()

    def _run(self):
        words, self._words, self._size = self._words, [], 0
        self._has_run = True
        text = self._options.I
        if text is not None:
            command = [word.replace(text, words[0]) for word in self._command]
        else:
            command = [*self._command, *words]
        if self._options.t:
            yield from self._process.stderr.write(" ".join(command) + "\n")
        status = yield from _status(self._process, command)
        if status:
            # As xargs(1) has it: 124 to 127 tell of it apart from what the programs say.
            self.status = 127 if status == 127 else 123 if status < 126 else status


def _status(process, command):
    """Run one command to its end; it does not outlive the one who has started it."""
    task = yield from process.start(command)
    try:
        return (yield from status_of(task, process.shell))
    finally:
        if not task.done():
            task.kill()


def _words(data, is_last):
    """Words as in the shell, and what is left behind the last one that is whole."""
    words, at = [], 0
    for match in _WORD.finditer(data):
        if data[at:match.start()].strip():
            break       # it begins with a quote that has no end so far
        following = data[match.end():match.end() + 1]
        if following.strip() or not (following or is_last):
            break       # a quote has no end so far, or the word may go on
        words.append(_QUOTED.sub(_inside, match[0]))
        at = match.end()
    rest = data[at:].lstrip()
    return words, rest


def _inside(match):
    return match[1] or match[2] or match[3] or b""

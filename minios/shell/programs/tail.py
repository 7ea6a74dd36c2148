"""tail: print the end of files, and what is written to them later."""

import os
import stat
from collections import deque

from syscalls import Sleep

from ..getopt import Getopt
from ..text.following import Followed
from ..text.operands import Operands, count
from .head import header

_BLOCK = 65536      # bytes that are searched for newlines at once
_LINES = 2048       # lines that are written at once


def parser():
    parser = Getopt("tail", "Print the end of files: 10 lines.", number="-n")
    parser.add_argument("-n", "--lines", type=count, metavar="[+]N", default=("", 10),
                        help="print the last N lines, or with a plus from line N on; also -N")
    parser.add_argument("-c", "--bytes", type=count, metavar="[+]N",
                        help="print the last N bytes, or with a plus from byte N on")
    parser.add_argument("-f", "--follow", action="store_true",
                        help="go on with what is written to the files, until you are interrupted")
    parser.add_argument("-F", action="store_true",
                        help="the same, and go on with the new file where one is replaced")
    parser.add_argument("-s", type=float, metavar="SECONDS", default=0.25,
                        help="how often to look for it (default: 0.25)")
    parser.add_argument("-q", action="store_true", help="print no names of files")
    parser.add_argument("-v", action="store_true", help="print the names of files always")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    if not options.s >= 0:
        parser().error("-s takes a number of seconds")
    sign, number = options.bytes or options.lines
    by_bytes, from_start = options.bytes is not None, sign == "+"
    if from_start:
        number = max(number - 1, 0)
    copy = _COPIES[by_bytes, from_start]
    shows_names = (len(options.file) > 1 or options.v) and not options.q
    follows = options.follow or options.F
    headers = _Headers(process) if shows_names else None
    followed = {name: Followed(process, name, options.F) for name in options.file if follows}
    followed.pop("-", None)
    try:
        with Operands(process, options.file) as operands:
            while operand := (yield from operands.next()):
                if headers:
                    yield from headers.show(operand.name)
                yield from copy(process, operand, number)
                if operand.name in followed:
                    if _is_regular(operand):
                        yield from followed[operand.name].take(operands.release().source)
                    else:
                        del followed[operand.name]      # a pipe has been read to its end
        if followed:
            yield from _follow(process, list(followed.values()), headers, options.s)
        return operands.status
    finally:
        for each in followed.values():
            each.close()


class _Headers:
    """The names above what is shown of several files."""

    def __init__(self, process):
        self._process, self._name = process, None

    def show(self, name):
        """Show `name`, if something else was shown last; a generator."""
        if name != self._name:
            before = "" if self._name is None else "\n"
            self._name = name
            yield from self._process.write(before + header(name))


def _follow(process, followed, headers, pause):
    """Write what comes, for ever."""
    while True:
        for each in followed:
            while data := (yield from each.news()):
                if headers:
                    yield from headers.show(each.name)
                yield from process.write(data)
        process.stdout.check()
        yield Sleep(pause)


# --- The end of one file -----------------------------------------------------------------


def _copy(process, operand):
    """All that is left."""
    while data := (yield from operand.read()):
        yield from process.write(data)
        yield


def _last_lines(process, operand, number):
    if (size := (yield from _size(operand))):
        file = operand.source.file
        yield from file.seek((yield from _start_of_lines(file, size, number)))
        yield from _copy(process, operand)
        return
    held = deque(maxlen=number)
    while lines := (yield from operand.read_lines()):
        held += lines
    while held:
        batch = [held.popleft() for _ in range(min(len(held), _LINES))]
        yield from process.write(b"".join(batch))
        yield


def _last_bytes(process, operand, number):
    if (size := (yield from _size(operand))):
        yield from operand.source.file.seek(max(0, size - number))
        yield from _copy(process, operand)
        return
    held, size = deque(), 0
    while data := (yield from operand.read()):
        held.append(data)
        size += len(data)
        while held and size - len(held[0]) >= number:
            size -= len(held.popleft())
    if held:
        held[0] = held[0][max(0, size - number):]
    for data in held:
        yield from process.write(data)
        yield


def _from_line(process, operand, number):
    while lines := (yield from operand.read_lines()):
        if number < len(lines):
            yield from process.write(b"".join(lines[number:]))
        number -= min(number, len(lines))


def _from_byte(process, operand, number):
    while data := (yield from operand.read()):
        if number < len(data):
            yield from process.write(data[number:])
        number -= min(number, len(data))
        yield


# (bytes, from the start) -> what copies
_COPIES = {
    (False, False): _last_lines, (True, False): _last_bytes,
    (False, True): _from_line, (True, True): _from_byte,
}


def _size(operand):
    """The size of a regular file; 0 for one that has to be read to be known (and for those of
    the system's /proc). A generator."""
    if not _is_regular(operand):
        return 0
    return (yield from operand.source.file.seek(0, os.SEEK_END))


def _is_regular(operand):
    file = getattr(operand.source, "file", None)
    return (operand.name != "-" and file is not None
            and stat.S_ISREG(os.fstat(file.fileno()).st_mode))


def _start_of_lines(file, size, number):
    """Where the last `number` lines begin: a search from the end backwards; a generator."""
    end = size
    while end and number:
        start = max(0, end - _BLOCK)
        yield from file.seek(start)
        data = yield from file.read(end - start)
        if end == size:
            data = data.removesuffix(b"\n")
        pieces = data.rsplit(b"\n", number)
        if len(pieces) > number:
            return start + len(pieces[0]) + 1
        number -= len(pieces) - 1
        end = start
    return end

"""grep: print the lines that match a pattern."""

import os
from collections import deque

from syscalls import Offload

from ..getopt import Getopt
from ..streams import as_bytes
from ..text.operands import Operands, chomp
from ..text.patterns import PatternError, compile_patterns

_NO_LIMIT = float("inf")


def parser():
    parser = Getopt(
        "grep", "Print the lines that match a pattern.", number="-C",
        usage="grep [-ivnclLoqswxFEhHr] [-m N] [-A N] [-B N] [-C N] {PATTERN | -e PATTERN} [file]",
        epilog="The status is 0 where a line was selected, 1 where none was, 2 after an error.",
    )
    flag = {"action": "store_true"}
    parser.add_argument("-i", "--ignore-case", **flag, help="letters match in either case")
    parser.add_argument("-v", "--invert-match", **flag, help="select the lines that do not match")
    parser.add_argument("-n", "--line-number", **flag, help="show the number of each line")
    parser.add_argument("-c", "--count", **flag, help="show how many lines were selected")
    parser.add_argument("-l", **flag, help="show only the names of files with such lines")
    parser.add_argument("-L", **flag, help="show only the names of files without such lines")
    parser.add_argument("-o", "--only-matching", **flag, help="show only what matches")
    parser.add_argument("-q", "--quiet", **flag, help="show nothing; the status tells")
    parser.add_argument("-s", **flag, help="say nothing of files that cannot be read")
    parser.add_argument("-w", **flag, help="only whole words match")
    parser.add_argument("-x", **flag, help="only whole lines match")
    parser.add_argument("-F", **flag, help="the pattern is a text")
    parser.add_argument("-E", **flag, help="the pattern is an extended regular expression")
    parser.add_argument("-G", **flag, help="the pattern is a basic one, which is the default")
    parser.add_argument("-a", **flag, help="any file is text, which is so without it too")
    parser.add_argument("-e", metavar="PATTERN", action="append", dest="patterns",
                        help="a pattern; may be given several times")
    parser.add_argument("-m", type=int, metavar="N", help="stop after N selected lines of a file")
    parser.add_argument("-A", type=int, metavar="N", help="show N lines after each")
    parser.add_argument("-B", type=int, metavar="N", help="show N lines before each")
    parser.add_argument("-C", type=int, metavar="N", default=0, help="show N lines around each")
    parser.add_argument("-H", **flag, help="show the name of the file before each line")
    parser.add_argument("-h", **flag, help="show no names of files")
    parser.add_argument("-r", "-R", "--recursive", **flag, help="look through folders as well")
    parser.add_argument("operand", nargs="*", help="the pattern, if there is no -e; then files")
    return parser


def main(process, options):
    patterns, words = options.patterns, options.operand
    if patterns is None:
        if not words:
            parser().error("give a pattern")
        patterns, words = words[:1], words[1:]
    dialect = "fixed" if options.F else "extended" if options.E else "basic"
    try:
        expression = compile_patterns("\n".join(patterns).split("\n"), dialect,
                                      options.ignore_case, options.w, options.x)
    except PatternError as error:
        yield from process.complain(str(error))
        return 2
    shows_names = len(words) > 1
    if options.recursive:
        words, found_folder = yield from _files_below(process, words or [""])
        shows_names |= found_folder
        if not words:
            return 1
    shows_names = (shows_names or options.H) and not options.h
    with _Files(process, words, options.s) as files:
        return (yield from _grep(process, options, expression, files, shows_names))


def _grep(process, options, expression, files, shows_names):
    """Look through all files; returns the exit status."""
    found = False
    while file := (yield from files.next()):
        name = b"(standard input)" if file.name == "-" else as_bytes(file.name)
        search = _Search(options, expression, name if shows_names else None, found)
        while not search.is_over and (lines := (yield from file.read_lines())):
            if output := search.take(chomp(lines)):
                yield from process.write(output)
        found = search.found_before or search.selected > 0
        if options.quiet and found:
            return 0
        if summary := _summary(options, name, search.selected, shows_names):
            yield from process.write(summary)
    return files.status or (0 if found else 1)


def _summary(options, name, selected, shows_names):
    """What is said of a file when it is over: its name or its count."""
    if options.quiet:
        return b""
    if options.l or options.L:
        return name + b"\n" if bool(selected) == options.l else b""
    if options.count:
        return (name + b":" if shows_names else b"") + b"%d\n" % selected
    return b""


class _Files(Operands):
    """The files; with -s, nothing is said of those that cannot be read."""

    def __init__(self, process, words, silent):
        super().__init__(process, words, failure=2, echoes=True)
        self._silent = silent

    def complain(self, name, error):
        if self._silent:
            self.status = 2
        else:
            yield from super().complain(name, error)


class _Search:
    """What is found in one file, and what is to be shown of it."""

    def __init__(self, options, expression, name, found_before):
        self._search, self._finditer = expression.search, expression.finditer
        self._invert, self._numbers = options.invert_match, options.line_number
        self._only = options.only_matching
        self._name = name
        self._silent = options.quiet or options.l or options.L or options.count
        self._ends_early = options.quiet or options.l or options.L
        has_context = not (self._silent or self._only)
        before = options.C if options.B is None else options.B
        after = options.C if options.A is None else options.A
        self._before = deque(maxlen=before if has_context else 0)
        self._after = after if has_context else 0
        self._separates = has_context and (before > 0 or after > 0)
        self._limit = _NO_LIMIT if options.m is None or options.m < 0 else options.m
        self._pending = 0           # lines of context that are still to come
        self._number = 0            # of the last line
        self._last_shown = 0 if not found_before else -1    # its number; -1: in another file
        self.found_before = found_before
        self.selected = 0
        self.is_over = self._limit == 0

    def take(self, lines):
        """Look at some more lines; returns what is to be written."""
        output = []
        for line in lines:
            self._number += 1
            if self.selected < self._limit and self._is_selected(line):
                self._select(output, line)
            elif self._pending:
                self._pending -= 1
                self._show(output, line, b"-")
            else:
                self._before.append(line)
            if self.selected and (self._ends_early or self._is_done()):
                self.is_over = True
                break
        return b"".join(output)

    def _is_selected(self, line):
        return (self._search(line.decode(errors="surrogateescape")) is None) is self._invert

    def _is_done(self):
        return self.selected >= self._limit and not self._pending

    def _select(self, output, line):
        self.selected += 1
        if self._silent:
            return
        if self._only:
            self._show_matches(output, line)
            return
        before, self._pending = self._before, self._after
        if self._separates and self._last_shown not in (0, self._number - len(before) - 1):
            output.append(b"--\n")
        for number, earlier in enumerate(before, self._number - len(before)):
            self._show(output, earlier, b"-", number)
        before.clear()
        self._show(output, line, b":")

    def _show_matches(self, output, line):
        if not self._invert:
            for match in self._finditer(line.decode(errors="surrogateescape")):
                if match[0]:
                    self._show(output, match[0].encode(errors="surrogateescape"), b":")

    def _show(self, output, line, mark, number=None):
        self._last_shown = number = self._number if number is None else number
        if self._name is not None:
            output += self._name, mark
        if self._numbers:
            output += b"%d" % number, mark
        output += line, b"\n"


def _files_below(process, words):
    """The files that `words` name, those in folders and the folders in them too, and whether a
    folder was among them; a generator."""
    files, found_folder = [], False
    for word in words:
        folders = [word]
        while folders:
            folder = folders.pop()
            names = yield Offload(_look_into, process.path(folder))
            if names is None:
                files.append(folder)        # or it is not there, and opening it tells
                continue
            found_folder = True
            files += [os.path.join(folder, name) for name, is_folder in names if not is_folder]
            folders += [os.path.join(folder, name) for name, is_folder in names[::-1] if is_folder]
    return files, found_folder


def _look_into(path):
    """(name, whether it is a folder) of what is in a folder, sorted, without links and devices;
    None where `path` is none. In a thread."""
    try:
        with os.scandir(path) as entries:
            return sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            )
    except OSError:
        return None

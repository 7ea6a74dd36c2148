"""ls: list files."""

from ..getopt import Getopt
from ..listing.columns import display_width, printable, write_json
from ..listing.ordering import order_by
from ..listing.style import styled
from ..pace import Pace
from ..rest import REST
from ..text.folders import human_size, look_at, read_folder
from ..text.operands import reason

_BATCH = 512        # lines that are written at once
_LEFT = {0, 2, 3}   # the columns of -l that are on the left


def parser():
    parser = Getopt("ls", "List files, and what is in folders.",
                    epilog="/proc is the folder of the tasks. What is not known is shown as -.")
    flag = {"action": "store_true"}
    parser.add_argument("-l", **flag, help="mode, links, owner, group, size, time and name")
    parser.add_argument("-a", **flag, help="names that begin with a dot too")
    parser.add_argument("-A", **flag, help="the same, without . and ..")
    parser.add_argument("-1", dest="one", **flag, help="a name a line, also at a terminal")
    parser.add_argument("-d", **flag, help="folders themselves, not what is in them")
    parser.add_argument("-F", **flag, help="mark folders (/), programs (*), links (@)")
    parser.add_argument("-h", **flag, help="sizes with units, 1.5K")
    parser.add_argument("-t", **flag, help="the newest first")
    parser.add_argument("-S", **flag, help="the largest first")
    parser.add_argument("-r", **flag, help="the last one first")
    parser.add_argument("--json", **flag, help="print a JSON list of objects")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    status, files, folders = 0, [], []
    follow = not (options.l or options.d or options.F)
    for word in options.file or ["."]:
        try:
            entry = yield from look_at(process, word, follow)
        except (OSError, ValueError) as error:
            yield from process.complain(f"cannot access '{word}': {reason(error)}")
            status = 2
        else:
            (folders if entry.is_folder and not options.d else files).append(entry)
    shown = yield from _sorted(files, options)
    json_entries = list(shown)
    if files and not options.json:
        yield from _show(process, options, shown, of_folder=False)
    with_names = len(options.file) > 1
    for number, folder in enumerate((yield from _sorted(folders, options))):
        try:
            entries = yield from _content(process, options, folder.name)
        except OSError as error:
            yield from process.complain(f"cannot open '{folder.name}': {reason(error)}")
            status = 2
            continue
        json_entries += entries
        if not options.json:
            if with_names:
                yield from process.say(("\n" if files or number else "") + f"{folder.name}:")
            yield from _show(process, options, entries, of_folder=True)
    if options.json:
        yield from write_json(process, map(_as_object, json_entries))
    return status


def _content(process, options, word):
    """The entries of a folder that are to be shown, sorted; a generator."""
    entries, pace = [], Pace()
    if options.a:
        for name in (".", ".."):
            entry = yield from look_at(process, f"{word}/{name}", follow=False)
            entries.append(entry._replace(name=name))
    for entry in (yield from read_folder(process, word)):
        if options.a or options.A or not entry.name.startswith("."):
            entries.append(entry)
        if pace.is_over():
            yield REST
    return (yield from _sorted(entries, options))


def _sorted(entries, options):
    keys, pace = [], Pace()
    for entry in entries:
        keys.append(_key(entry, options))
        if pace.is_over():
            yield REST
    order = yield from order_by(keys, list(range(len(entries))), options.r)
    return [entries[number] for number in order]


def _key(entry, options):
    info = entry.info
    if options.t:
        return -(info.st_mtime_ns if info else 0), entry.name
    if options.S:
        return -(info.st_size if info else 0), entry.name
    if entry.is_task:       # 10 comes behind 9
        return len(entry.name), entry.name
    return 0, entry.name


def _as_object(entry):
    info = entry.info
    return {
        "name": entry.name, "mode": None if entry.mode == "-" else entry.mode,
        "links": info and info.st_nlink, "uid": info and info.st_uid, "gid": info and info.st_gid,
        "size": info and info.st_size, "mtime": info and info.st_mtime, "target": entry.target,
    }


# --- What it looks like ------------------------------------------------------------------


def _show(process, options, entries, of_folder):
    if options.l:
        yield from _show_details(process, options, entries, of_folder)
    elif process.stdout.isatty() and not options.one:
        yield from _show_columns(process, options, entries)
    else:
        for start in range(0, len(entries), _BATCH):
            yield from process.write("".join(
                f"{_name(process, options, entry)}\n" for entry in entries[start:start + _BATCH]
            ))
            yield REST


def _name(process, options, entry, marked=True):
    """The name as it is shown, with the mark that -F asks for."""
    mark = entry.mark
    style = {"/": ("bold", "blue"), "@": ("cyan",), "*": ("bold", "green")}.get(mark, ())
    shown = styled(process.stdout, _safe(process, entry.name), *style)
    return shown + mark if options.F and marked else shown


def _safe(process, name):
    """A name; what would steer a terminal is not sent to one."""
    return printable(name) if process.stdout.isatty() else name


def _show_columns(process, options, entries):
    """Names in columns, read downwards, as many as fit the screen."""
    lengths, pace = [], Pace()
    for entry in entries:
        has_mark = options.F and entry.mark
        lengths.append(display_width(printable(entry.name)) + bool(has_mark))
        if pace.is_over():
            yield REST
    rows, widths = yield from _packed(lengths, process.stdout.columns or 80)
    for row in range(rows):
        line = ""
        for column, number in enumerate(range(row, len(entries), rows)):
            padding = " " * (widths[column] - lengths[number])
            line += _name(process, options, entries[number]) + padding
        yield from process.say(line.rstrip())
        yield


def _packed(lengths, width):
    """The number of rows, about the least that does, and the widths of the columns; a
    generator."""
    rows = max(1, -(-(sum(lengths) + 2 * len(lengths)) // (width + 2)))
    while True:
        widths = [max(lengths[start:start + rows]) + 2 for start in range(0, len(lengths), rows)]
        if sum(widths) - 2 <= width or rows >= len(lengths):
            return min(rows, len(lengths)), widths
        rows += max(1, rows // 16)
        yield REST


def _show_details(process, options, entries, of_folder):
    rows, pace, blocks = [], Pace(), 0
    widths = [0] * 6
    for entry in entries:
        rows.append(entry.details(options.h))
        widths = list(map(max, widths, map(len, rows[-1])))
        blocks += entry.info.st_blocks if entry.info else 0
        if pace.is_over():
            yield REST
    if of_folder:
        total = human_size(blocks * 512) if options.h else (blocks + 1) // 2
        yield from process.say(f"total {total}")
    lines = []
    for entry, row in zip(entries, rows, strict=True):
        lines.append(_detailed(process, options, entry, row, widths))
        if len(lines) == _BATCH:
            yield from process.write("".join(lines))
            lines.clear()
        if pace.is_over():
            yield REST
    yield from process.write("".join(lines))


def _detailed(process, options, entry, row, widths):
    cells = [cell.ljust(width) if column in _LEFT else cell.rjust(width)
             for column, (cell, width) in enumerate(zip(row, widths, strict=True))]
    is_link = entry.target is not None
    name = _name(process, options, entry, marked=not is_link)
    if is_link:
        name += f" -> {_safe(process, entry.target)}{entry.target_mark if options.F else ''}"
    return f"{' '.join(cells)} {name}\n"

"""pstree: the tree of the tasks, by who has spawned whom, or by who waits for whom."""

from ..arguments import Arguments
from ..inspection.spawntree import SpawnTree
from ..inspection.tree import draw, glyphs
from ..inspection.waittree import WaitTree
from ..listing.columns import write_json
from ..listing.paced import PacedLines
from ..pace import Pace
from ..rest import REST

_WIDTH = 132        # where there is no terminal, as pstree(1) has it


def parser():
    parser = Arguments(
        "pstree", "Show the tasks as a tree of who has spawned whom, or waits for whom (-w).",
        epilog="Tasks of one parent that are called the same and have no children are one entry: "
               "3*[worker].\nWith -w, below each task are those that wait for it, with what they "
               "wait on and the\nline where it was taken; a circle is closed by ↺ and the tid that "
               "it leads back to.",
    )
    add = parser.add_argument
    add("-p", "--show-pids", action="store_true", help="show tids; each task is an entry")
    add("-a", "--arguments", action="store_true",
        help="show the call that each task waits in; a line for each")
    add("-n", "--numeric-sort", action="store_true", help="sort by tid, and not by name")
    add("-c", "--compact-not", action="store_true", help="make each task an entry")
    add("-w", "--waits", action="store_true", help="show who waits for whom")
    add("-H", "--highlight-pid", metavar="TID", help="let the way to this task stand out")
    add("-l", "--long", action="store_true", help="do not cut lines at the width of the screen")
    add("-A", "--ascii", action="store_true", help="draw with ASCII characters")
    add("-U", "--unicode", action="store_true", help="draw with those of Unicode")
    add("--json", action="store_true", help="print a JSON list of objects, one for each task")
    add("task", nargs="?", metavar="TID", help="show the tree below this task only")
    return parser


def main(process, options):
    start = None if options.task is None else process.find_task(options.task)
    marked = None
    if options.highlight_pid is not None:
        marked = process.find_task(options.highlight_pid)
    lines_of = glyphs(options.ascii, options.unicode)
    kind = WaitTree if options.waits else SpawnTree
    tree = kind(process.system, options, marked, lines_of.is_ascii)
    yield from tree.grow()
    if options.json:
        yield from write_json(process, tree.rows(start))
        return 0
    width = None if options.long else process.stdout.columns or _WIDTH
    lines, pace = PacedLines(process), Pace()
    for root in tree.roots(start):
        for line in draw(root, lines_of, process.stdout, width, options.waits or options.arguments):
            if line is not None:
                yield from lines.say(line)
            elif pace.is_over():
                yield REST
    yield from lines.flush()
    return 0

"""lsof: the open descriptors, who waits for them, and where they were opened."""

from operator import attrgetter

from ..arguments import Arguments
from ..inspection.graph import tid_of
from ..inspection.openfiles import open_files
from ..listing.columns import Column, Table, printable, write_json
from ..pace import Pace
from ..rest import REST

_COLUMNS = [
    Column("COMMAND", left=True), Column("TID"), Column("USER"), Column("FD"),
    Column("TYPE"), Column("DEVICE"), Column("SIZE/OFF"), Column("NODE"),
    Column("NAME", left=True), Column("WAITERS", left=True),
    Column("OPENED-AT", left=True, tail=True),
]
_INTERNET = ("IPv4", "IPv6")
_tid = attrgetter("tid")


def parser():
    parser = Arguments(
        "lsof", "List the open descriptors, who waits for them, and where they were opened.",
        epilog="USER is the task's group. WAITERS are the tasks that wait to read (r) and to write "
               "(w).\nOPENED-AT is known where tracemalloc is tracing, and of the sockets of "
               "servers.\nTID is - where no task waits for a descriptor, and none is known to have "
               "it;\nthose of the kernel itself are marked [kernel].",
    )
    add = parser.add_argument
    add("-p", metavar="TID,...", action="append", default=[], dest="tids",
        help="those of these tasks only")
    add("-i", action="store_true", help="those of the internet only")
    add("-t", action="store_true", help="print the tids alone, each once")
    add("-S", "--search", action="store_true",
        help="look into the local variables of all tasks for who has the others")
    add("--json", action="store_true", help="print a JSON list of objects")
    return parser


def main(process, options):
    wanted = set()
    for word in ",".join(options.tids).replace(" ", ",").split(","):
        if word:
            wanted.add(process.find_task(word))
    files = yield from open_files(process.system, options.search or bool(wanted))
    found = [each for each in files if _is_wanted(each, wanted, options)]
    if options.t:
        tasks = sorted({each.task for each in found if each.task is not None}, key=_tid)
        if tasks:
            yield from process.say("\n".join(map(process.system.address, tasks)))
    elif options.json:
        yield from write_json(process, (_row(process.system, each) for each in found))
    else:
        yield from _write_table(process, found)
    return 0 if found else 1


def _is_wanted(file, wanted, options):
    if wanted and not wanted.intersection((file.task, file.reader, file.writer)):
        return False
    return not options.i or file.info.type in _INTERNET


def _row(system, file):
    """What is told of a descriptor, None where it is unknown."""
    task, info = file.task, file.info
    waiters = [f"{system.address(each)}{letter}"
               for each, letter in ((file.reader, "r"), (file.writer, "w")) if each is not None]
    command = "[kernel]" if file.system_of is not None else None
    return {
        "command": command if task is None else task.name,
        "tid": None if task is None else tid_of(system, task),
        "user": None if task is None else task.group,
        "fd": info.fd, "type": info.type, "device": info.device, "size/off": info.size,
        "node": info.node, "name": info.name, "waiters": ",".join(waiters) or None,
        "opened_at": file.opened_at,
    }


def _write_table(process, files):
    table, pace = Table(_COLUMNS), Pace()
    for file in files:
        values = _row(process.system, file).values()
        table.add(["-" if value is None else printable(str(value)) for value in values])
        if pace.is_over():
            yield REST
    if files:
        yield from table.write(process)

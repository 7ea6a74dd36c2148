"""free: how much memory the program has and uses, and what its kernel keeps.

The first line is that of free(1), for this process: what it may use at most, what it uses, what the
machine has left. Below stands what the kernel keeps, with the memory of its own part of it.
"""

import gc
import os
import resource

from syscalls import Park

from ..getopt import Getopt
from ..listing.columns import Column, Table
from ..listing.sizes import meminfo, resident_bytes, size_of, size_text
from ..pace import Pace
from ..rest import REST

_UNITS = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_COLUMNS = ["", "total", "used", "free", "shared", "buff/cache", "available"]
_WIDTH = 11


def parser():
    parser = Getopt(
        "free", "Tell how much memory the program uses.",
        epilog="Mem: `total` is the limit of the process (ulimit -v) or what the machine has,\n"
               "`used` what the process has in memory; the rest is the machine's. `size` of\n"
               "tasks are those of the tasks and their frames, not of what the frames refer to.",
    )
    add = parser.add_argument
    add("-b", "--bytes", dest="unit", action="store_const", const="b", help="in bytes")
    add("-k", "--kibi", dest="unit", action="store_const", const="k",
        help="in kibibytes, the default")
    add("-m", "--mebi", dest="unit", action="store_const", const="m", help="in mebibytes")
    add("-g", "--gibi", dest="unit", action="store_const", const="g", help="in gibibytes")
    add("-h", "--human", dest="unit", action="store_const", const="human",
        help="with a unit that fits")
    add("--objects", action="store_true",
        help="count the Python objects, for which everything stands still")
    add("--json", action="store_true", help="print a JSON object, in bytes")
    parser.set_defaults(unit="k")
    return parser


def main(process, options):
    memory = _memory()
    kept = yield from _kept(process.system)
    if options.objects:
        kept["objects"] = len(gc.get_objects()), None
    if options.json:
        yield from process.say_json({
            "memory": memory,
            **{name: {"count": count, "bytes": size} for name, (count, size) in kept.items()},
        })
        return 0
    text = _formatter(options.unit)
    first = Table([Column(name, left=not name) for name in _COLUMNS])
    first.add(["Mem:", *(text(memory[name]).rjust(_WIDTH) for name in _COLUMNS[1:])])
    yield from first.write(process)
    yield from process.say("")
    second = Table([Column("", left=True), Column("count"), Column("size")])
    for name, (count, size) in kept.items():
        count = "-" if count is None else str(count)
        second.add([f"{name.capitalize()}:", count.rjust(_WIDTH), text(size).rjust(_WIDTH)])
    yield from second.write(process)
    return 0


def _memory():
    """The columns of the first line, in bytes; None is unknown."""
    machine = meminfo()
    resident, shared = resident_bytes()
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    total = machine.get("MemTotal") if limit == resource.RLIM_INFINITY else limit
    cache = [machine.get(name) for name in ("Buffers", "Cached", "SReclaimable")]
    return {
        "total": total, "used": resident, "free": machine.get("MemFree"), "shared": shared,
        "buff/cache": None if None in cache else sum(cache),
        "available": machine.get("MemAvailable"),
    }


def _kept(system):
    """What the kernels keep: name -> (count, bytes or None); a generator, in slices."""
    pace, size, parked = Pace(), 0, 0
    tasks = system.tasks()
    for task in tasks:
        try:
            size += size_of(task)
            parked += isinstance(task.call, Park)
        except AttributeError:
            pass        # it has ended meanwhile, or is of another make
        if pace.is_over():
            yield REST
    return {
        "tasks": (len(tasks), size),
        "timers": (sum(len(kernel.timers) for kernel in system.kernels()), None),
        "descriptors": (_open_descriptors(), None),
        "parked": (parked, None),
    }


def _open_descriptors():
    """How many descriptors the process has open; None where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/fd")) - 1     # but for that of the folder itself
    except OSError:
        return None


def _formatter(unit):
    if unit == "human":
        return lambda size: "-" if size is None else size_text(size)
    return lambda size: "-" if size is None else str(size // _UNITS[unit])

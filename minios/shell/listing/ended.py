"""`ps -Z`: the tasks that were killed or have failed lately, by whom, from where, and why.

The kernel keeps a few of their obituaries (kernel/obituaries.py), oldest first. A task that simply
returned is not among them.
"""

import time
from signal import Signals

from .columns import Column, Table, printable, write_json

__all__ = ["show_ended"]

_COLUMNS = [
    Column("TID"), Column("PTID"), Column("ENDED"), Column("STATUS"), Column("SIGNAL", left=True),
    Column("KILLER"), Column("PLACE", left=True, tail=True), Column("CMD", left=True),
]


def show_ended(process, options, tids):
    """Write a line for each ended task, then the error and the traceback of each that has one; with
    `tids`, a list of words, of these only. Returns the exit status; a generator."""
    records = _records(process.system)
    if tids:
        records = [each for each in records if str(each["tid"]) in tids]
    if options.json:
        yield from write_json(process, records)
    else:
        yield from _table(records).write(process, not options.no_headers, bool(options.w))
        for each in records:
            for line in _story(each):
                yield from process.say(line)
    return 0 if records or not tids else 1


def _records(system):
    """A dict for each obituary of each kernel, the oldest first."""
    prefixes = {kernel: f"{prefix}/" for prefix, kernel in system.programs.items()}
    found = []
    for kernel in system.kernels():
        prefix, now, wall = prefixes.get(kernel, ""), kernel.now(), time.time()
        for each in list(kernel.obituaries):
            found.append({
                "tid": f"{prefix}{each.tid}" if prefix else each.tid,
                "ptid": f"{prefix}{each.ptid}" if prefix else each.ptid,
                "pgid": f"{prefix}{each.group}" if prefix else each.group,
                "cmd": each.name,
                "ended": None if kernel.clock.jumps else wall - (now - each.ended_at),
                "status": 1 if each.signum is None else 128 + each.signum,
                "signal": None if each.signum is None else _signal_name(each.signum),
                "killer": each.killer, "place": each.place or None,
                "error": each.error or None, "born": each.spawned_at or None,
                "trace": each.trace,
            })
    return found


def _signal_name(signum):
    try:
        return Signals(signum).name.removeprefix("SIG")
    except ValueError:
        return str(signum)


def _table(records):
    table = Table(_COLUMNS)
    for each in records:
        ended = each["ended"]
        table.add([
            _cell(each["tid"]), _cell(each["ptid"]),
            "-" if ended is None else time.strftime("%H:%M:%S", time.localtime(ended)),
            _cell(each["status"]), _cell(each["signal"]), _cell(each["killer"]),
            _cell(each["place"]), each["cmd"],
        ])
    return table


def _cell(value):
    return "-" if value is None else str(value)


def _story(record):
    """The lines that tell how a task ended: its error, and where it was."""
    if record["error"] is None and not record["trace"]:
        return
    what = record["error"] or f"killed by {record['signal']}"
    yield f"\ntask {record['tid']} ({printable(record['cmd'])}): {printable(what)}"
    if record["born"] is not None:
        yield f"  spawned at {record['born']}"
    for place in record["trace"]:
        yield f"  {place}"

"""slow: the turns in which tasks held the CPU the longest."""

import time
from heapq import nlargest

from ...kernel.log import slow_turns
from ..arguments import Arguments
from ..inspection.graph import tid_of
from ..listing.columns import Column, Table, printable, write_json
from ..pace import Pace
from ..rest import REST

_COLUMNS = [Column("LONGEST"), Column("TID"), Column("TURNS"),
            Column("ENDED-AT", left=True, tail=True), Column("CMD", left=True)]


def parser():
    parser = Arguments(
        "slow", "Show the turns in which tasks held the CPU the longest.",
        epilog="First what the watchdog has reported while it happened, with the stack; then, "
               "where somebody\ncounts (top, or accounting), the CPU time of the longest turn of "
               "each task, and where it ended.",
    )
    parser.add_argument("-n", type=int, default=10, metavar="N",
                        help="how many of each (default: 10)")
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects")
    return parser


def main(process, options):
    if options.n < 0:
        parser().error("-n takes a number >= 0")
    reports = [each for each in slow_turns.copy()][-options.n:] if options.n else []
    tasks, counted = yield from _longest(process.system, options.n)
    if options.json:
        rows = [_reported(process.system, each) for each in reports]
        yield from write_json(process, rows + [_counted(process.system, task) for task in tasks])
        return
    for each in reports:
        yield from process.write(_report(process.system, each))
    if tasks:
        yield from _table(process.system, tasks).write(process)
    elif not reports:
        why = "" if counted else "; nobody counts the turns of the tasks"
        yield from process.say(f"no slow turns were reported{why}")


# --- What the watchdog has seen -------------------------------------------------------------------


def _whose(system, report):
    """The tid of a report as it is named here; None where it was no task's."""
    kernel = report.kernel()
    if report.tid is None or kernel is system.kernel or kernel is None:
        return report.tid
    for prefix, other in list(system.programs.items()):
        if other is kernel:
            return f"{prefix}/{report.tid}"
    return report.tid


def _report(system, report):
    tid = _whose(system, report)
    who = printable(report.name) if tid is None else f"task {tid} ({printable(report.name)})"
    when = time.strftime("%H:%M:%S", time.localtime(report.wall))
    return f"{when} {who} held the CPU for more than {report.seconds:g} s:\n{''.join(report.stack)}"


def _reported(system, report):
    return {"tid": _whose(system, report), "name": report.name, "more_than": report.seconds,
            "time": report.wall, "stack": report.stack}


# --- What has been counted ------------------------------------------------------------------------


def _longest(system, n):
    """The `n` live tasks with the longest turns, and whether anybody counts; a generator."""
    pace, found = Pace(), []
    for task in system.tasks():
        longest = _longest_turn(task)
        if longest:
            found.append((longest, -task.tid, task))
            if len(found) > 1000 + 2 * n:
                found = nlargest(n, found, key=_by_length)
        if pace.is_over():
            yield REST
    counted = any(kernel.accounting is not None for kernel in system.kernels())
    return [task for _, _, task in nlargest(n, found, key=_by_length)], counted


def _by_length(entry):
    return entry[:2]


def _longest_turn(task):
    """The CPU seconds of the longest turn of `task`; None where it is not known."""
    # A task that has had no turn since the counting began has no account, and shall get none.
    if getattr(task, "_seldom", None) is None:
        return None
    return getattr(getattr(task, "account", None), "longest", None)


def _counted(system, task):
    account = task.account
    return {
        "tid": tid_of(system, task), "name": task.name,
        "longest": getattr(account, "longest", None), "turns": getattr(account, "turns", None),
        "ended_at": getattr(account, "longest_at", None) or None,
    }


def _table(system, tasks):
    table = Table(_COLUMNS)
    for task in tasks:
        row = _counted(system, task)
        longest = "-" if row["longest"] is None else f"{row['longest']:.6f}"
        rest = [row["tid"], row["turns"], row["ended_at"], printable(row["name"])]
        table.add([longest, *("-" if value is None else str(value) for value in rest)])
    return table

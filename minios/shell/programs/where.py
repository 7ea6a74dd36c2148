"""where: the whole stack of a task, outermost first, and what it waits in."""

from ...errors import NoSuchTaskError
from ..arguments import Arguments
from ..inspection.graph import tid_of
from ..inspection.sources import locals_of, place_lines, places_of
from ..inspection.waits import wait_of
from ..listing.columns import printable, write_json
from ..listing.paced import PacedLines
from ..listing.states import letter_of


def parser():
    parser = Arguments(
        "where", "Show where a task is: its whole stack, with source lines, and what it waits in.",
        epilog="Outermost call first, as in a traceback. Of a task that runs in another thread at "
               "this moment,\nthat thread's stack is shown. Status 1 if a task is not there.",
    )
    parser.add_argument("-l", "--locals", action="store_true", help="the local variables, too")
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects")
    parser.add_argument("task", nargs="+", metavar="TID", help="a task's id, or %%1 for a job")
    return parser


def main(process, options):
    status, found = 0, []
    for word in options.task:
        try:
            found.append(process.find_task(word))
        except NoSuchTaskError as error:
            yield from process.complain(str(error))
            status = 1
    if options.json:
        yield from write_json(process, (_object(process.system, task, options) for task in found))
        return status
    lines = PacedLines(process)
    for number, task in enumerate(found):
        if number:
            yield from lines.say("")
        yield from _show(lines, process.system, task, options.locals)
    yield from lines.flush()
    return status


def _show(lines, system, task, with_locals):
    name, address = printable(task.name), system.address(task)
    if task.done():
        yield from lines.say(f"task {address} ({name}) has ended; `why {address}` tells how")
        return
    born = f", spawned at {task.spawned_at}" if task.spawned_at else ""
    yield from lines.say(f"task {address} ({name}), {letter_of(task)}{born}")
    for frame in system.frames(task):
        (place,) = places_of([frame])
        for line in place_lines(place):
            yield from lines.say(line)
        if with_locals:
            for variable, value in locals_of(frame).items():
                yield from lines.say(f"      {variable} = {value}")
    wait = _wait(task)
    if wait is not None:
        yield from lines.say(f"  waits in {printable(wait)}")


def _wait(task):
    try:
        return wait_of(task)
    except AttributeError:
        return None     # it has gone on meanwhile


def _object(system, task, options):
    stack = []
    for frame in system.frames(task) if not task.done() else ():
        (place,) = places_of([frame])
        stack.append(place._asdict())
        if options.locals:
            stack[-1]["locals"] = locals_of(frame)
    return {
        "tid": tid_of(system, task), "name": task.name, "state": letter_of(task),
        "born": task.spawned_at or None, "stack": stack,
        "wait": None if task.done() else _wait(task),
    }

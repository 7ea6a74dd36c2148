"""deadlocks: the tasks that wait for each other in a circle, and where each took what it holds."""

from ..arguments import Arguments
from ..inspection.graph import taken_at, tid_of, wait_graph
from ..inspection.sources import place_of_line
from ..inspection.waits import place_of, wait_of
from ..listing.columns import printable, write_json
from ..listing.paced import PacedLines
from ..pace import Pace
from ..rest import REST


def parser():
    parser = Arguments(
        "deadlocks", "Show the tasks that wait for each other in a circle.",
        epilog="Of each task: what it waits on and where, who has that, and where it was taken.\n"
               "Status 1 if there are any, 0 if there are none.",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list of circles")
    return parser


def main(process, options):
    edges, cycles = yield from wait_graph(process.system)
    lines, pace, found = PacedLines(process), Pace(), []
    for cycle in cycles:
        among, members = set(cycle), []
        for task in cycle:
            members.append(_member(process.system, task, edges[task], among))
            if pace.is_over():
                yield REST
        found.append(members)
    if options.json:
        yield from write_json(process, ({"tasks": members} for members in found))
        return 1 if found else 0
    if not found:
        yield from lines.say("no deadlocks")
    for number, members in enumerate(found):
        if number:
            yield from lines.say("")
        for line in _lines(members):
            yield from lines.say(line)
    yield from lines.flush()
    return 1 if found else 0


def _member(system, task, targets, among):
    """What is told of one task of a circle."""
    holders = [target for target in targets if target in among]
    try:
        wait = wait_of(task)
    except AttributeError:
        wait = None     # it has gone on meanwhile
    return {
        "tid": tid_of(system, task), "name": task.name, "wait": wait,
        "at": place_of(system.frames(task)),
        "for": [{"tid": tid_of(system, target), "taken_at": taken_at(task, target)}
                for target in holders],
    }


def _lines(members):
    tids = [str(each["tid"]) for each in members]
    # A circle in which somebody waits for several has no one order.
    plain = all(len(each["for"]) == 1 for each in members)
    yield "deadlock: " + (" -> ".join([*tids, tids[0]]) if plain else " ".join(tids))
    for each in members:
        name, wait = printable(each["name"]), printable(each["wait"] or "-")
        yield f"  task {each['tid']} ({name}) waits in {wait}"
        if each["at"] is not None:
            yield f"    at {place_of_line(each['at'])}"
        for holder in each["for"]:
            if holder["taken_at"] is not None:
                yield f"    taken by task {holder['tid']} at {place_of_line(holder['taken_at'])}"
            else:
                yield f"    for task {holder['tid']}"

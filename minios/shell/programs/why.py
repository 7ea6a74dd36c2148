"""why: why a task does not go on, who could change that, and how a dead one died."""

from ...errors import NoSuchTaskError
from ..arguments import Arguments
from ..inspection.graph import tid_of
from ..inspection.reasons import Reason, end_of, live_reason, name_of, obituary_of, outcome_of
from ..listing.columns import write_json
from ..listing.paced import PacedLines

_MANY = 20          # tasks of a circle, up to which all are named


def parser():
    parser = Arguments(
        "why", "Tell what a task waits for and who could wake it, or how it died.",
        epilog="Who waits for another task is followed to the end: to a timer, a descriptor, or "
               "back in a circle.\nStatus 1 if nothing is known of a task.",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects")
    parser.add_argument("task", nargs="+", metavar="TID", help="a task's id, or %%1 for a job")
    return parser


def main(process, options):
    status, stories = 0, []
    for word in options.task:
        try:
            stories.append(_story(process, word))
        except NoSuchTaskError as error:
            yield from process.complain(str(error))
            status = 1
    if options.json:
        yield from write_json(process, (_object(process.system, each) for each in stories))
        return status
    lines = PacedLines(process)
    for number, story in enumerate(stories):
        if number:
            yield from lines.say("")
        for subject, _, reason in story:
            yield from lines.say(f"{subject} {reason.text}")
            for detail in reason.details:
                yield from lines.say(f"  {detail}")
    yield from lines.flush()
    return status


def _story(process, word):
    """What is told of the task that `word` names: an iterable of (subject, tid, Reason), one for
    each task of its wait chain. Raises NoSuchTaskError."""
    system = process.system
    try:
        task = process.find_task(word)
    except NoSuchTaskError:
        task, known = None, obituary_of(system, word)
        if known is None:
            raise
    if task is not None and not task.done():
        return _chain(system, task)
    if task is not None:
        known = obituary_of(system, system.address(task))
        if known is None:
            return [(name_of(system, task), tid_of(system, task), outcome_of(task))]
    kernel, obituary = known
    return [(f"task {word} ({obituary.name})", obituary.tid, end_of(kernel, obituary))]


def _chain(system, task):
    """The wait chain that begins with `task`, to its end; where it is a circle, that is said."""
    path = {}       # the tasks so far, in order
    while task is not None:
        path[task] = None
        reason = _reason(system, task)
        target = next((each for each in reason.targets if each not in path), None)
        back = next((each for each in reason.targets if each in path), None)
        if back is not None:
            reason.details.append(_circle_text(system, list(path), back))
        yield name_of(system, task), tid_of(system, task), reason
        task = target


def _circle_text(system, path, back):
    circle = path[path.index(back):]
    if len(circle) > _MANY:
        return f"that closes a circle of {len(circle)} tasks"
    return "that closes a circle: " + " -> ".join(map(system.address, [*circle, back]))


def _reason(system, task):
    if task.done():
        return Reason("has just ended", [], [])
    try:
        return live_reason(system, task)
    except AttributeError:
        return Reason("has gone on meanwhile", [], [])


def _object(system, story):
    chain = [{"tid": tid, "task": subject, "reason": reason.text, "details": reason.details,
              "for": [tid_of(system, each) for each in reason.targets]}
             for subject, tid, reason in story]
    return {"tid": chain[0]["tid"], "chain": chain}

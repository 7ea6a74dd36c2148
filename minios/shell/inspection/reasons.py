"""Why a task does not go on: what it waits for, who could end that, and how a dead one died.

Each reason is a sentence and some details, lines of text; the listers indent them.
"""

from signal import Signals
from typing import Any, NamedTuple

from syscalls import Await, Offload
from syscalls.describe import place_text

from ...kernel.deadlock import wait_edges
from ..listing.columns import printable
from ..listing.states import letter_of
from .descriptors import describe
from .graph import channel_of, taken_at
from .sources import place_of_line, short_text
from .waits import deadline_of, descriptor_of, place_of, thing_of, wait_of

__all__ = ["Reason", "end_of", "live_reason", "name_of", "obituary_of", "outcome_of"]

_MANY = 10          # of several tasks, so many are named


class Reason(NamedTuple):
    """Why one task does not go on: a sentence without its subject, details, and the tasks that
    could end its wait."""

    text: str
    details: list[str]
    targets: list[Any]


def name_of(system, task):
    """`task 7 (worker)`."""
    return f"task {system.address(task)} ({printable(task.name)})"


# --- The living -----------------------------------------------------------------------------------


def live_reason(system, task):
    """The Reason of a task that lives. Raises AttributeError if it goes on at this very moment."""
    kernel, place = task.kernel, place_of(system.frames(task))
    at = [] if place is None else [f"at {place_of_line(place)}"]
    if kernel.current is task:
        return Reason("runs at this moment", at, [])
    state = letter_of(task)
    if state in "Tt":
        return Reason("is stopped" + _stopper(task), at, [])
    if state == "R":
        return Reason("is ready to run" + _what_comes(task), at, [])
    targets = wait_edges(task)
    left = deadline_of(task, kernel.now()) if hasattr(task, "context") else None
    text = f"waits in {printable(wait_of(task) or '-')}"
    if left is not None:
        text += f", {left:.1f} s left"
    return Reason(text, at + _holders(system, task, targets) + _other_ends(task, targets), targets)


def _stopper(task):
    """By whom, where the kernel has noted that."""
    stopper = getattr(task, "stopper", None)
    return "" if stopper is None else f" by {_sender(stopper[1], place_text(stopper[2]))}"


def _what_comes(task):
    """What a task that is ready will hear of first."""
    error = getattr(task, "error", None)
    return "" if error is None else f", and will hear of {type(error).__name__}"


def _holders(system, task, targets):
    """Who has what it waits for, a line for each."""
    lines, channel = [], channel_of(task)
    for target in targets[:_MANY]:
        place = taken_at(task, target)
        how = "for" if channel is None else "held by"
        taken = "" if place is None else f", taken at {place_of_line(place)}"
        lines.append(f"{how} {name_of(system, target)}{taken}")
    if len(targets) > _MANY:
        lines.append(f"and {len(targets) - _MANY} tasks more")
    return lines


def _other_ends(task, targets):
    """What besides a task could end the wait."""
    number = descriptor_of(task) if hasattr(task, "token") else None
    if number is not None:
        return [_descriptor_text(task, number)]
    if isinstance(task.call, Offload):
        return ["a thread works for it"]
    channel = channel_of(task)
    if channel is not None and not targets:
        return [_parked_text(task, channel)]
    if isinstance(task.call, Await) and not targets:
        return ["what it awaits belongs to asyncio, and to no task"]
    return []


def _descriptor_text(task, number):
    descriptor, info = task.token, describe(number)
    way = "written" if getattr(descriptor, "writer", None) is task else "read"
    what = "closed meanwhile" if info is None else " ".join(
        each for each in (info.type, info.node if info.node in ("TCP", "UDP") else None, info.name)
        if each)
    return f"until fd {number} can be {way}: {what}"


def _parked_text(task, channel):
    try:
        n = len(task.kernel.parking.parked(channel))
    except Exception:
        n = 0       # it changes at this moment, or cannot be hashed any more
    others = f"{n} tasks are parked there" if n > 1 else "it alone is parked there"
    return f"until somebody wakes {printable(thing_of(task) or 'it')}: {others}"


# --- The dead -------------------------------------------------------------------------------------


def obituary_of(system, word):
    """(kernel, Obituary) of the task that `word` names, a tid or `2/5`; None where none is kept."""
    prefix, _, tid = word.rpartition("/")
    kernel = system.programs.get(prefix) if prefix else system.kernel
    if kernel is None or not tid.isascii() or not tid.isdigit():
        return None
    for each in reversed(kernel.obituaries.copy()):
        if each.tid == int(tid):
            return kernel, each
    return None


def end_of(kernel, obituary):
    """The Reason of a task that has died: who killed it, or what it raised, and where."""
    if obituary.signum is None:
        text = f"has failed: {printable(obituary.error)}"
    else:
        sender = _sender(obituary.killer, obituary.place)
        text = f"was killed by {sender}, with {_signal_name(obituary.signum)}"
    details = [f"spawned at {obituary.spawned_at}"] if obituary.spawned_at else []
    ago = max(0.0, kernel.now() - obituary.ended_at)
    details.append(f"ended {ago:.1f} s ago" + (", where it was:" if obituary.trace else ""))
    return Reason(text, details + [f"  {line}" for line in obituary.trace], [])


def outcome_of(task):
    """The Reason of a task that has ended, and of which no obituary is kept."""
    try:
        error = task.failure()
        text = "has ended" if error is None else f"has failed: {type(error).__name__}"
        if error is None:
            text += f", and returned {short_text(task.result())}"
    except Exception:
        text = "has ended"
    return Reason(text, [], [])


def _sender(killer, place):
    who = f"task {killer}" if killer is not None else ""
    if not place:
        return who or "somebody outside of the kernel"
    where = f"at {place}" if ":" in place else place
    return f"{who} {where}".strip() if who else place


def _signal_name(signum):
    try:
        return Signals(signum).name
    except ValueError:
        return f"signal {signum}"

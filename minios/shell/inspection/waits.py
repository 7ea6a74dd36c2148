"""What a task waits for, in the words of the listers: the call, the thing, the time that is left.

A task may go on or end while it is looked at, in another thread: each function reads a field once,
and raises nothing worse than AttributeError, which the listers show as `-`.
"""

import math
from signal import Signals

from syscalls import Await, Offload, Park
from syscalls.describe import call_text

from ...kernel.deadlock import users_frame
from ...kernel.descriptor import Descriptor
from ...lib.scopes import scopes_of
from ..listing.states import letter_of

__all__ = ["call_name", "deadline_of", "descriptor_of", "place_of", "thing_of", "users_frame",
           "wait_of", "why_of"]



def wait_of(task):
    """The call that `task` is blocked on, with its arguments; None where it is not."""
    # One of another make is blocked on no call, and knows all the same what it waits for.
    if task.kernel.current is task or (task.call is None and not hasattr(task, "deliver")):
        return None
    return task.wait_text() or None


def call_name(task):
    """The name of that call, as WCHAN has the function of the kernel that a process sleeps in."""
    call = task.call
    if isinstance(call, Await) or call is None:     # whose text may be another's than its own
        wait = wait_of(task)
        return None if wait is None else wait.partition("(")[0]
    return None if task.kernel.current is task else type(call).__name__.strip("_")


def thing_of(task):
    """What `task` waits for, and who has it: `Lock held by task 7`, `task 4`, `fd 5`; None where it
    waits for nothing but time."""
    call = task.call
    if call is None or task.kernel.current is task:
        return None
    if isinstance(call, Park):
        return _channel_text(call.channel)
    if isinstance(call, Offload):
        return "a thread"
    fd = descriptor_of(task)
    if fd is not None:
        return f"fd {fd}"
    targets = task.waits_for()
    return ", ".join(f"task {target.tid}" for target in targets) or None


def _channel_text(channel):
    text = call_text(channel).removeprefix("<").removesuffix(">")
    if " object at 0x" in text:
        text = type(channel).__name__
    owners = getattr(channel, "owners", None) or [getattr(channel, "owner", None)]
    tids = [f"task {owner.tid}" for owner in owners if hasattr(owner, "tid")]
    if tids and tids[0] not in text:
        text += " held by " + ", ".join(tids)
    return text


def descriptor_of(task):
    """The number of the descriptor that `task` waits on; None where it waits on none."""
    token = task.token
    return token.fd if isinstance(token, Descriptor) else None


def deadline_of(task, now):
    """Seconds until a timer of `task` is due, that of its call or of a time limit around it; None
    where there is none. `now` is what the kernel's clock reads."""
    due = math.inf
    token = task.token
    if type(token) is tuple and len(token) == 3 and token[2] is task:     # see kernel/timers.py
        due = token[0]
    for scope in scopes_of(task):
        due = min(due, getattr(scope, "when", math.inf))
    return None if due == math.inf else max(0.0, due - now)


def place_of(frames):
    """Where a task with these frames is, as `file.py:12`; None of none."""
    frame = users_frame(frames)
    return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def why_of(task, now, stuck=()):
    """In a few words, why `task` does not run, or that it does."""
    state = letter_of(task)
    if state == "Z":
        return _end_of(task)
    if state == "R":
        return "runs" if task.kernel.current is task else "ready to run"
    if state in "Tt":
        return "stopped"
    thing, left = thing_of(task), deadline_of(task, now)
    words = [f"waits for {thing}"] if thing else []
    if left is not None:
        words.append(f"{left:.1f} s left" if thing else f"sleeps {left:.1f} s more")
    if task in stuck:
        words.append("deadlocked")
    return ", ".join(words) or wait_of(task)


def _end_of(task):
    error = task.failure()
    if error is None:
        return "ended"
    if hasattr(error, "signum"):
        who = "" if error.killer is None else f" by task {error.killer}"
        return f"killed{who}: {Signals(error.signum).name}"
    return f"failed: {type(error).__name__}"

"""Steering top: what its keys do, and what they ask for."""

import signal

from ...errors import KernelError
from .overview import PROMPT

__all__ = ["HELP", "obey"]

HELP = """\
  q  quit                    P  sort by %CPU
  k  kill a task             T  sort by TIME+
  r  renice a task           N  sort by TID
  f  show only tasks whose name has a text in it; an empty one shows all
  d  change the delay        space  look again at once

%Loop: where the time of the kernel goes: the tasks' own code, the kernel's, looking at descriptors,
nothing to do. %CPU: of one CPU, since the last screen. SW/s: turns a second. SCHEDp99: the delay
from ready to running that 99 % of the task's turns did not exceed. WCHAN: the call it waits in.

Any key goes back.
"""

_ORDERS = {"P": "share", "T": "time", "N": "tid"}


def obey(overview, screen, keys, key):
    """Do what `key` says, which may ask for more; returns whether to look anew. A generator."""
    overview.message = ""
    if key in _ORDERS:
        overview.order = _ORDERS[key]
    elif key in _QUESTIONS:
        try:
            overview.message = (yield from _QUESTIONS[key](overview, screen, keys)) or ""
        except (KernelError, OSError, ValueError) as error:
            overview.message = getattr(error, "strerror", None) or str(error)
    elif key in ("h", "?"):
        yield from screen.draw(HELP.splitlines())
        yield from keys.get(None)
        return False
    else:
        return key == " "
    return True


def _kill(overview, screen, keys):
    task = yield from _ask_task(overview, screen, keys, "Kill task")
    if task is None:
        return None
    question = f"Send task {task.tid} ({task.name}) signal [TERM]:"
    word = yield from screen.ask(keys, question, PROMPT)
    if word is None:
        return None
    signum = _signal(word.strip() or "TERM")
    process = overview.process
    process.demand("rw")
    if not (yield from process.system.kill(task, signum)):
        return f"task {task.tid} has ended"
    return f"sent {signum.name} to task {task.tid} ({task.name})"


def _renice(overview, screen, keys):
    task = yield from _ask_task(overview, screen, keys, "Renice task")
    if task is None:
        return None
    question = f"Renice task {task.tid} ({task.name}) to value:"
    word = yield from screen.ask(keys, question, PROMPT)
    if not word:
        return None
    try:
        nice = int(word)
    except ValueError:
        raise ValueError(f"{word}: no nice value; give a number from -20 to 19") from None
    process, kernel = overview.process, task.kernel
    process.demand("rw")
    yield from process.system.call(kernel.set_nice, task, nice, kernel=kernel)
    return f"task {task.tid} ({task.name}) has the nice value {task.nice}"


def _delay(overview, screen, keys):
    word = yield from screen.ask(keys, f"Delay in seconds [{overview.delay:g}]:", PROMPT)
    if not word:
        return None
    try:
        delay = float(word)
    except ValueError:
        delay = 0.0
    if not 0 < delay < float("inf"):
        raise ValueError(f"{word}: no delay; give seconds > 0")
    overview.delay = delay
    return None


def _filter(overview, screen, keys):
    word = yield from screen.ask(keys, "Show tasks with this in their names:", PROMPT)
    if word is not None:
        overview.filter = word.strip()


def _ask_task(overview, screen, keys, what):
    """The task that the user names, the first one shown where he only presses Enter; None where he
    thinks better of it. Raises NoSuchTaskError."""
    process, first = overview.process, overview.first
    usual = "" if first is None else process.system.address(first)
    word = yield from screen.ask(keys, f"{what} [{usual}]:", PROMPT)
    if word is None or not (word.strip() or usual):
        return None
    return process.find_task(word.strip() or usual)


def _signal(word):
    name = word.upper().removeprefix("SIG")
    if f"SIG{name}" in signal.Signals.__members__:
        return signal.Signals[f"SIG{name}"]
    if word.isdigit() and int(word) in set(signal.Signals):
        return signal.Signals(int(word))
    raise ValueError(f"{word}: no such signal; kill -l lists them")


_QUESTIONS = {"k": _kill, "r": _renice, "d": _delay, "s": _delay, "f": _filter}

"""The words of the command line that look into running programs, and steer them.

    minios ps [--json]                  the programs of this user that have a console
    minios WORD [--rw] PID [ARG ...]    run a program of the shell in one of them
    minios attach [--rw] [PID]          a shell in it

Where exactly one program has a console, `top` and `attach` mean that one.
"""

import json
import os
import sys

from ...errors import KernelError
from ...kernel import Kernel
from . import rendezvous
from .client import call, hello_of

__all__ = ["WORDS", "main"]

WORDS = (
    "ps", "top", "pstree", "where", "why", "strace", "lsof", "dmesg", "kill", "deadlocks", "slow",
    "free", "uptime", "renice", "freeze", "thaw", "attach",
)
_MAY_GUESS = ("top", "attach")
_PATIENCE = 1.0     # seconds that a program has to say what it is
_NONE_RUNS = (
    "no program of yours has a console: start one with `minios run FILE`, or give its Kernel "
    "console=True"
)


def main(word, arguments):
    """Carry out `minios WORD ARG ...`, WORD being one of WORDS; returns the exit status.

    Raises BrokenPipeError where nobody reads our output.
    """
    arguments = list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        print(_usage(word))
        return 0
    try:
        if word == "ps" and all(each == "--json" for each in arguments):
            return _list(bool(arguments))
        rights = _take_rights(arguments)
        pid = _take_pid(word, arguments)
        return call(pid, None if word == "attach" else [word, *arguments], rights)
    except _UsageError as error:
        return _fail(word, error, 2)
    except BrokenPipeError:
        raise
    except OSError as error:
        status = 2 if isinstance(error, ProcessLookupError) else 1
        return _fail(word, f"{error.strerror}{_who_runs() if status == 2 else ''}", status)
    except KernelError as error:
        return _fail(word, error, 1)


class _UsageError(Exception):
    """The command line is not understood; the message says what it takes."""


def _fail(word, problem, status):
    print(f"minios {word}: {problem}", file=sys.stderr)
    return status


def _usage(word):
    if word == "attach":
        return ("usage: minios attach [--rw] [PID]\n\n"
                "A shell in the running program PID, which goes on when you leave (^D).\n"
                "--rw allows to change something there: kill, renice, freeze.")
    text = (f"usage: minios {word} [--rw] PID [ARG ...]\n\n"
            f"Run `{word} ARG ...` in the running program PID; `minios {word} PID --help` says "
            f"what it takes.\n--rw allows to change something there. ")
    if word == "ps":
        text += "Without a PID, `minios ps [--json]` lists\nthe programs that have a console."
    return text.rstrip()


def _take_rights(arguments):
    """Take --rw out of the arguments, in front of the PID or right behind it."""
    for at in (0, 1):
        if arguments[at:at + 1] == ["--rw"]:
            del arguments[at]
            return ("rw",)
    return ()


def _take_pid(word, arguments):
    """Take the PID off the arguments, or guess it where there is no doubt. Raises _UsageError."""
    if arguments and arguments[0].isascii() and arguments[0].isdigit():
        if word == "attach" and len(arguments) > 1:
            raise _UsageError("attach takes one PID and nothing else")
        return int(arguments.pop(0))
    if not arguments and word in _MAY_GUESS and len(running := _programs()) == 1:
        return running[0]["pid"]
    problem = "which program? Give its PID"
    if arguments:
        problem = (f"{arguments[0]} is no PID, which comes first, as in `minios {word} PID "
                   f"{arguments[0]}`")
    raise _UsageError(f"{problem}{_who_runs()}\n{_usage(word).splitlines()[0]}")


def _who_runs():
    """Which programs there are, in words to be added to a message."""
    programs = _programs()
    if not programs:
        return f"; {_NONE_RUNS}"
    lines = [f"  {each['pid']}  {_command(each)}" for each in programs]
    return "; these have a console:\n" + "\n".join(lines)


# --- minios ps -------------------------------------------------------------------------------


def _list(as_json):
    programs = _programs()
    if as_json:
        print(json.dumps(programs, indent=2))
        return 0
    rows = [("PID", "UP", "TASKS", "RIGHTS", "COMMAND")]
    rows += [(str(each["pid"]), _up(each["up"]), _or_dash(each["tasks"]), _rights(each["rights"]),
              _command(each)) for each in programs]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        left = row[3].ljust(widths[3])
        numbers = " ".join(row[at].rjust(widths[at]) for at in range(3))
        print(f"{numbers} {left} {row[4]}")
    if not programs:
        print(f"minios ps: {_NONE_RUNS}", file=sys.stderr)
    return 0


def _programs():
    """What each program says of itself; one that does not answer has None for what is not known.
    Stale sockets are removed. Raises OSError where the folder is not ours."""
    return Kernel(slow_turn=float("inf")).run(_ask_all(), name="ps")


def _ask_all():
    from ...lib.gathering import gather

    found = yield from gather(*[_ask(pid) for pid in rendezvous.pids()])
    return [each for each in found if each is not None]


def _ask(pid):
    """What `minios ps --json` says of one program; None where it is none."""
    hello = {}
    try:
        hello = yield from hello_of(rendezvous.connect(pid), _PATIENCE)
    except (ProcessLookupError, ConnectionError):
        return None
    except (OSError, KernelError):
        pass        # too many wait to be heard, or are: it is there
    names = "up", "tasks", "rights", "argv", "python", "minios"
    return {"pid": pid, **{name: hello.get(name) for name in names}}


def _up(seconds):
    """[DD-]HH:MM:SS, as ps(1) shows elapsed time."""
    if seconds is None:
        return "-"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    text = f"{hour:02}:{minute:02}:{second:02}"
    return f"{days}-{text}" if days else text.removeprefix("00:")


def _or_dash(value):
    return "-" if value is None else str(value)


def _rights(rights):
    """`look` where clients may change nothing that they do not ask for with --rw."""
    return "-" if rights is None else ",".join(rights) or "look"


def _command(program):
    """The command line; what would confuse a terminal is shown as `?`."""
    words = program["argv"]
    if not words:
        return "-"
    text = " ".join([os.path.basename(words[0]), *words[1:]])
    return "".join(each if each.isprintable() else "?" for each in text)

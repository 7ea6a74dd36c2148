"""Completion: what may stand at the cursor of a command line that is being typed.

A command begins with a program, a Python file or a path; behind it come the program's flags, which
its parser tells, tids and jobs for programs that take them (their TID says so), or else files.
`complete` only looks, and may be called in any thread.
"""

import os
import re
import signal
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

from ...errors import NoSuchTaskError
from ..programs import find_program, program_names
from .unfinished import open_quote, place_of, quoted

__all__ = ["Candidate", "complete"]

_MOST = 200         # candidates; more than that nobody reads
_DESCRIBED = 40     # programs whose description is worth loading them
_WIDEST = 60        # characters of a description

_VARIABLE = re.compile(r"\$(\{?)([A-Za-z_][A-Za-z0-9_]*)?$")
_PROC_FILES = "status stack wchan fd limits call".split()


class Candidate(NamedTuple):
    """What may stand in place of the text from `start` to the cursor. A word that is complete
    ends with a space."""

    text: str
    start: int
    description: str = ""


def complete(shell, text, cursor):
    """The Candidates for `text` with the cursor at `cursor`, at most 200 of a kind, in the order
    in which to offer them."""
    place = place_of(text[:cursor])
    if place is None:
        return []
    variable = _VARIABLE.search(place.raw)
    if variable is not None and open_quote(place.raw) != "'":
        return _variables(shell, place, variable)
    if place.is_file:
        return _files(shell, place)
    if not place.words:
        return _commands(shell, place)
    return _arguments(shell, place, place.words)


# --- The first word ----------------------------------------------------------------------------


def _commands(shell, place):
    found = [] if "/" in place.value else _programs(shell, place)
    return found + _files(shell, place, lambda name: name.endswith(".py") or "/" in place.value)


def _programs(shell, place):
    names = [name for name in sorted({*program_names(), *getattr(shell, "aliases", ())})
             if name.startswith(place.value)][:_MOST]
    described = len(names) <= _DESCRIBED
    return [_word(place, name, _summary(name) if described else "") for name in names]


def _summary(name):
    parser = _parser_of(name)
    return getattr(parser, "summary", "")


def _parser_of(name):
    """The Arguments of a program; None where there is none, or it does not load."""
    try:
        program = find_program(name)
        return None if program is None else program.parser()
    except Exception:       # what is wrong is told to who starts it
        return None


# --- Flags and operands ------------------------------------------------------------------------


def _arguments(shell, place, words):
    """What may follow the words of a command."""
    alias = getattr(shell, "aliases", {}).get(words[0])
    parser = _parser_of(alias[0] if alias else words[0])
    if parser is None:
        return _files(shell, place)
    option, operands = _taken_apart(parser, words[1:])
    if option is not None:
        return _values(shell, place, parser, [option])
    positional = [action for action in parser._actions if not action.option_strings]
    runs_command = any(_metavar(action).startswith("CMD") for action in positional)
    if runs_command and operands:
        return _arguments(shell, place, operands)
    if place.raw.startswith("-") and "--" not in words:
        return _flags(place, parser)
    if runs_command:
        return _commands(shell, place)
    return _values(shell, place, parser, positional)


def _taken_apart(parser, words):
    """(the option whose value comes next or None, the operands) of a program's arguments."""
    options = {name: action for action in parser._actions for name in action.option_strings}
    rest = list(words)
    operands = []
    while rest:
        word = rest.pop(0)
        if operands or not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        action = options.get(word)
        if word == "--":
            operands += rest
            break
        if action is not None and action.nargs is None:
            if not rest:
                return action, operands
            rest.pop(0)
    return None, operands


def _flags(place, parser):
    found = []
    formatter = parser._get_formatter()
    for action in parser._actions:
        text = "" if action.help in (None, "==SUPPRESS==") else formatter._expand_help(action)
        if action.help != "==SUPPRESS==":
            found += [(name, text) for name in action.option_strings]
    if "-SIG" in (parser.usage or ""):
        found += [(f"-{each.name[3:]}", signal.strsignal(each)) for each in signal.Signals]
    return [_word(place, name, text) for name, text in found if name.startswith(place.value)]


def _values(shell, place, parser, actions):
    """What the arguments `actions` may be."""
    said = " ".join([*map(_metavar, actions), parser.usage or ""])
    for action in actions:
        if action.choices is not None:
            return [_word(place, str(each)) for each in action.choices
                    if str(each).startswith(place.value)]
    if any(action.dest in ("program", "programs") for action in actions):
        return _programs(shell, place)
    found = []
    if "TID" in said or "%" in said:
        found += _jobs(shell, place)
    if "TID" in said:
        return found + _tids(shell, place)
    return found or _files(shell, place)


def _metavar(action):
    metavar = action.metavar
    return " ".join(metavar) if isinstance(metavar, tuple) else metavar or ""


# --- Tasks and jobs ----------------------------------------------------------------------------


def _jobs(shell, place):
    found = [(f"%{job.number}", job.text) for job in shell.jobs or ()]
    return [_word(place, name, text) for name, text in found if name.startswith(place.value)]


def _tids(shell, place):
    """The tasks whose tid, or name, begins with what is typed; the last of several tids."""
    before, comma, word = place.value.rpartition(",")
    system = shell.system
    tasks = system.tasks()
    if word[:1].isdigit():
        fitting = (each for each in tasks if _has_address(system, each, word))
    else:
        fitting = (each for each in tasks if each.name.startswith(word))
    return [_word(place, f"{before}{comma}{system.address(each)}", each.name)
            for each in islice(fitting, _MOST)]


def _has_address(system, task, prefix):
    if task.kernel is system.kernel:
        return str(task.tid).startswith(prefix)     # what nearly all are, without the calls
    return system.address(task).startswith(prefix)


# --- Files -------------------------------------------------------------------------------------


def _files(shell, place, fits=lambda name: True):
    """The files and folders that the word may become; folders, and the files that `fits`."""
    folder_raw, slash, name_raw = place.raw.rpartition("/")
    prefix = _meaning(name_raw, open_quote(folder_raw))
    folder = _expanded(shell, place.value.rpartition("/")[0] + slash)
    found = ((name, is_folder) for name, is_folder in _names(shell, folder)
             if name.startswith(prefix) and (is_folder or fits(name))
             and (prefix.startswith(".") or not name.startswith(".")))
    return [_file(place, folder_raw + slash, name, is_folder)
            for name, is_folder in nsmallest(_MOST, found)]


def _meaning(raw, quote):
    """What the last part of a word means, behind a quotation mark that may be open."""
    return place_of(f"{quote}{raw}").value if quote or raw else ""


def _file(place, folder_raw, name, is_folder):
    quote = open_quote(place.raw)
    opened_before = open_quote(folder_raw)
    text = (quote if quote and not opened_before else "") + quoted(name, quote)
    end = "/" if is_folder else f"{quote} "
    return Candidate(folder_raw + text + end, place.start)


def _expanded(shell, folder):
    """A folder's name as the shell will understand it."""
    def value(match):
        return str((shell.variables or {}).get(match[1] or match[2], ""))

    folder = re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, folder)
    return os.path.expanduser(folder)


def _listed(folder):
    """The (name, whether it is a folder) in a folder; nothing where it cannot be looked into."""
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, _is_folder(entry)) for entry in entries]
    except (OSError, ValueError):
        return []


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:
        return False


def _names(shell, folder):
    """The same of any folder: /proc has the tasks where the system's has its processes."""
    if folder == "/proc/":
        tasks = islice(shell.system.tasks(), _MOST)
        others = [entry for entry in _listed(folder) if not entry[0].isdigit()]
        return [(shell.system.address(task), True) for task in tasks] + others
    match = re.fullmatch(r"/proc/((?:\d+/)?\d+)/", folder)
    if match is not None and _is_task(shell, match[1]):
        return [(name, False) for name in _PROC_FILES]
    return _listed(os.path.join(shell.folder, folder))


def _is_task(shell, word):
    try:
        return shell.system.find(word) is not None
    except NoSuchTaskError:
        return False


# --- Words -------------------------------------------------------------------------------------


def _variables(shell, place, match):
    brace, prefix = match[1], match[2] or ""
    start = place.start + match.start()
    names = sorted(name for name in shell.variables or () if name.startswith(prefix))
    end = "}" if brace else ""
    return [Candidate(f"${brace}{name}{end}", start, _cut(str(shell.variables[name])))
            for name in names[:_MOST]]


def _word(place, word, description=""):
    quote = open_quote(place.raw)
    return Candidate(f"{quote}{quoted(word, quote)}{quote} ", place.start, _cut(description))


def _cut(text):
    text = " ".join((text or "").split())
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST - 1]}…"

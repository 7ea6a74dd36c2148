"""ps: list the tasks.

The columns keep the names and the order that Linux users know; what is new (SW, WAIT, WHERE
and BORN) is behind them. What is not known is shown as `-`.
"""

import json
import shutil
import sys

from tabulate import tabulate

from syscalls import Now, Tasks

from ..arguments import Arguments

SUMMARY = "list the tasks: states, switches, and the call each is blocked on"

DEFAULT = "tid,ptid,stat,ni,time,sw,wait,cmd"


def _stat(info):
    """The state letter, then `<` or `N` by nice value and `s` for the leader of a group."""
    nice = "<" if info.nice < 0 else "N" if info.nice > 0 else ""
    return info.state + nice + ("s" if info.group == info.tid else "")


def _time(info):
    """CPU time as minutes, seconds and hundredths; None where nobody counts it."""
    if info.cpu_time is None:
        return None
    minutes, seconds = divmod(info.cpu_time, 60)
    return f"{minutes:.0f}:{seconds:05.2f}"


def _elapsed(info, now):
    """How long ago the task was spawned, as [HH:]MM:SS."""
    minutes, seconds = divmod(int(now - info.created_at), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


# key -> (header, value of a TaskInfo at a moment; None is unknown)
KEYS = {
    "tid": ("TID", lambda info, now: info.tid),
    "ptid": ("PTID", lambda info, now: info.ptid),
    "pgid": ("PGID", lambda info, now: info.group),
    "s": ("S", lambda info, now: info.state),
    "stat": ("STAT", lambda info, now: _stat(info)),
    "ni": ("NI", lambda info, now: info.nice),
    "time": ("TIME", lambda info, now: _time(info)),
    "etime": ("ELAPSED", _elapsed),
    "sw": ("SW", lambda info, now: info.switches),
    "wait": ("WAIT", lambda info, now: info.wait or None),
    "kind": ("KIND", lambda info, now: info.kind),
    "born": ("BORN", lambda info, now: info.spawned_at or None),
    "cmd": ("CMD", lambda info, now: info.name),
}
_ALIASES = {"group": "pgid", "nice": "ni", "stime": "time", "comm": "cmd", "args": "cmd",
            "name": "cmd", "wchan": "wait", "state": "s"}


def main(shell, arguments):
    """ps [-o KEYS] [--json]"""
    parser = Arguments("ps", "List the tasks.", epilog=f"keys: {' '.join(KEYS)}")
    parser.add_argument("-o", metavar="KEYS", action="append", dest="keys",
                        help="the columns to show, separated by commas")
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects")
    options = parser.parse_args(arguments)
    keys = _chosen(parser, ",".join(options.keys or [DEFAULT]))
    infos = yield Tasks()
    now = yield Now()
    if options.json:
        rows = [{key: KEYS[key][1](info, now) for key in keys} for info in infos]
        shell.say(json.dumps(rows, indent=2))
    else:
        # As ps(1) does: a terminal gets lines that fit it, a pipe gets them whole.
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in table(keys, infos, now).splitlines():
            shell.say(line[:width])
    return 0


def _chosen(parser, words):
    keys = [_ALIASES.get(word, word) for word in words.replace(",", " ").split()]
    for key in keys:
        if key not in KEYS:
            parser.error(f"unknown key {key!r}; the keys are {' '.join(KEYS)}")
    if not keys:
        parser.error("-o takes at least one key")
    return keys


def table(keys, infos, now):
    """The tasks of `infos` in columns, a line a task."""
    rows = [
        ["-" if (value := KEYS[key][1](info, now)) is None else str(value) for key in keys]
        for info in infos
    ]
    left = {"stat", "s", "wait", "kind", "born", "cmd"}
    align = ["left" if key in left else "right" for key in keys]
    # The headers are a row like the others: as headers, tabulate would widen them.
    headers = [KEYS[key][0] for key in keys]
    return tabulate([headers, *rows], tablefmt="plain", colalign=align, disable_numparse=True)

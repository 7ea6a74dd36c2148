"""ps: list the tasks.

The forms are those of ps(1), and a short one of its own. All of it works in slices, and computes
only what the chosen columns show, so that a hundred thousand tasks are listed without holding up
any of them.
"""

import string
from operator import attrgetter
from textwrap import fill

from ...errors import NoSuchTaskError
from ..getopt import Getopt
from ..listing.columns import Table, write_json
from ..listing.ended import show_ended
from ..listing.keys import KEYS, find_key
from ..listing.moment import Moment
from ..listing.ordering import order_by, sortable
from ..listing.states import HELP
from ..pace import Pace
from ..rest import REST

_FORMS = {
    "own": "tid ptid stat ni time sw wait cmd",
    "user": "user tid pcpu pmem vsz rss tty stat start time args",
    "full": "uid tid ptid c stime tty cputime cmd",
    "long": "f s uid tid ptid c opri ni addr sz wchan tty cputime cmd",
    "long full": "f s uid tid ptid c opri ni addr sz wchan stime tty cputime cmd",
}
_BSD = set("auxwlfeg")      # the letters of `ps aux` and its like
_STYLES = {"!": ("red",), "T": ("yellow",), "t": ("yellow",), "R": ("bold",)}


def parser():
    parser = Getopt(
        "ps", "List the tasks.", usage="ps [aux | -ef | -l | -o KEYS] [--sort KEYS] [TID ...]",
        epilog=f"{fill('keys: ' + ' '.join(KEYS), 78)}\n\nSTAT, the state:\n{HELP}",
    )
    add = parser.add_argument
    add("-e", "-A", "-a", "-x", action="store_true", help="all tasks, which is the default")
    add("-f", action="store_true", help="the full form: UID TID PTID C STIME TTY TIME CMD")
    add("-l", action="store_true", help="the long form: F S UID TID PTID C PRI NI ...")
    add("-u", action="store_true", help="the form of `ps aux`: USER is the task's group")
    add("-o", metavar="KEYS", action="append", dest="keys",
        help="the columns to show, separated by commas; KEY=HEADER gives one another header")
    add("-p", metavar="TID,...", action="append", default=[], help="these tasks only")
    add("--sort", metavar="[-]KEY,...", action="append", default=[],
        help="sort by these keys; - is for descending")
    add("-Z", action="store_true", help="tasks that have been killed or have failed, and how")
    add("-w", action="count", default=0, help="do not cut lines at the terminal's width")
    add("--no-headers", "--no-heading", "--noheaders", action="store_true",
        help="print no line of headers")
    add("--json", action="store_true", help="print a JSON list of objects; times in seconds")
    add("word", nargs="*", metavar="aux|TID", help="the form of BSD; numbers are tids")
    return parser


def main(process, options):
    words = _operands(options)
    keys, headers = _chosen(options)
    order = _sort_keys(options)
    if options.Z:
        return (yield from show_ended(process, options, words))
    tasks, missing = _select(process.system, words)
    for text in missing:
        yield from process.complain(text)
    yield REST              # a long list takes as long as a slice of work
    moment = Moment(process.system, process.shell)
    if any(key.stuck for _, key in [*keys, *order]):
        yield from moment.find_deadlocks()
    for name, key in reversed(order):
        tasks = yield from _sorted(tasks, key, name.startswith("-"), moment)
    if options.json:
        yield from write_json(process, _objects(tasks, keys, moment, bool(words)))
    else:
        yield from _write_table(process, options, tasks, keys, headers, moment, bool(words))
    return 1 if missing and not tasks else 0


# --- What was asked for -------------------------------------------------------------------------


def _operands(options):
    """The tids that were named, with -p and without; the letters of BSD set their options."""
    tids = []
    for word in options.p:
        tids += word.replace(",", " ").split()
    for word in options.word:
        if word[:1] in string.digits:
            tids += word.replace(",", " ").split()
        elif set(word) <= _BSD:
            for letter in "ulf":
                setattr(options, letter, getattr(options, letter) or letter in word)
            options.w += word.count("w")
        else:
            parser().error(f"{word}: neither a tid nor letters as in `ps aux`")
    return tids


def _chosen(options):
    """The columns to show: (name, Key) of each, and its header."""
    if not options.keys:
        form = "user" if options.u else "long" if options.l else "full" if options.f else "own"
        if options.l and options.f:
            form = "long full"
        names = _FORMS[form].split()
        return [(name, KEYS[name]) for name in names], [KEYS[name].header for name in names]
    keys, headers = [], []
    for word in ",".join(options.keys).replace(" ", ",").split(","):
        name, equals, header = word.partition("=")
        if name:
            keys.append(_find(name))
            headers.append(header if equals else keys[-1][1].header)
    if not keys:
        parser().error("-o takes at least one key")
    return keys, headers


def _find(word):
    try:
        return find_key(word)
    except ValueError as error:
        parser().error(str(error))


def _sort_keys(options):
    """The keys of --sort, as (name, Key); the name of a descending one begins with `-`."""
    found = []
    for word in ",".join(options.sort).replace(" ", ",").split(","):
        if word.strip("+-"):
            name, key = _find(word.lstrip("+-"))
            found.append(("-" + name if word.startswith("-") else name, key))
    return found


def _select(system, tids):
    """The tasks with these tids, or all, and what is to be said of those that are not there."""
    if not tids:
        return system.tasks(), []
    found, missing = {}, []
    for tid in tids:
        try:
            found[system.find(tid)] = None
        except NoSuchTaskError as error:
            missing.append(str(error))
    return sorted(found, key=attrgetter("tid")), missing


# --- The answer ---------------------------------------------------------------------------------


def _value(key, task, moment):
    """What `key` tells of `task`; None where it cannot be told, because the task has gone on or
    ended meanwhile, or is of another make that knows nothing of the kind."""
    try:
        return key.value(task, moment)
    except (AttributeError, TypeError, KeyError):
        return None


def _sorted(tasks, key, descending, moment):
    pace, values = Pace(), []
    for task in tasks:
        values.append(sortable(_value(key, task, moment), key.left))
        if pace.is_over():
            yield REST
    order = yield from order_by(values, range(len(tasks)), descending)
    return [tasks[number] for number in order]


def _objects(tasks, keys, moment, ended_too):
    for task in tasks:
        if ended_too or not task.done():
            yield {name: _value(key, task, moment) for name, key in keys}


def _write_table(process, options, tasks, keys, headers, moment, ended_too):
    """Write the tasks that live, and those that have ended if they were named; a generator."""
    table = Table(key.column(header) for (_, key), header in zip(keys, headers, strict=True))
    columns = [(key.value, key.text) for _, key in keys]
    stat = next((number for number, (name, _) in enumerate(keys) if name in ("stat", "s")), None)
    paint = stat is not None and process.stdout.colors
    pace = Pace()
    for task in tasks:
        if not ended_too and task.done():
            continue
        cells = []
        for value_of, text_of in columns:
            try:        # as _value, without its call: this is done a million times
                value = value_of(task, moment)
            except (AttributeError, TypeError, KeyError):
                value = None
            cells.append("-" if value is None else text_of(value))
        table.add(cells, *(_style_of(cells[stat]) if paint else ()))
        if pace.is_over():
            yield REST
    shown = any(headers) and not options.no_headers
    yield from table.write(process, headers=shown, whole=bool(options.w))


def _style_of(stat):
    return _STYLES.get("!" if stat.endswith("!") else stat[:1], ())

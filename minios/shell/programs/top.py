"""top: the tasks that use the most CPU time, live.

At a terminal it draws anew every few seconds and hears single keys; elsewhere, or with -b, it
prints one screen after the other. The tasks' turns are counted while it runs.
"""

from syscalls import Now, Sleep

from ..arguments import Arguments
from ..listing.counting import counting
from ..listing.overview import HEAD, Overview
from ..listing.steering import HELP, obey
from ..tty.screen import Screen

_ORDERS = {"%cpu": "share", "pcpu": "share", "time+": "time", "time": "time",
           "tid": "tid", "pid": "tid"}
_LEAST = 0.02    # seconds in which a key is waited for, however short the delay
_ROWS, _COLUMNS = 50, 120       # of a screen that is printed


def parser():
    parser = Arguments("top", "Show what the tasks do, live.",
                       epilog="keys:\n" + HELP.partition("\n\n")[0])
    parser.add_argument("-b", action="store_true", help="print one screen after the other")
    parser.add_argument("-d", metavar="SECONDS", type=float, default=3.0,
                        help="seconds between two screens (3)")
    parser.add_argument("-n", metavar="N", type=int, help="end after so many screens")
    parser.add_argument("-o", metavar="KEY", default="%CPU", help="sort by %%CPU, TIME+ or TID")
    parser.add_argument("-p", metavar="TID,...", action="append", default=[],
                        help="these tasks only")
    parser.add_argument("--json", action="store_true", help="print a JSON object for each screen")
    return parser


def main(process, options):
    order = _ORDERS.get(options.o.lower())
    if order is None:
        parser().error(f"{options.o}: no key to sort by; they are %CPU, TIME+ and TID")
    if not 0 < options.d < float("inf"):
        parser().error(f"{options.d}: no delay; give seconds > 0")
    if options.n is not None and options.n < 1:
        parser().error(f"{options.n}: give a number of screens > 0")
    chosen = {process.system.find(word)
              for word in ",".join(options.p).replace(",", " ").split()}
    with counting(process.system) as counted:
        overview = Overview(process, counted, order, options.d, chosen)
        yield from overview.start()
        if options.b or options.json or process.terminal is None:
            return (yield from _print(overview, options))
        with process.terminal.keys() as keys:
            if keys is None:
                return (yield from _print(overview, options))
            with Screen(process.terminal) as screen:
                return (yield from _show(overview, screen, keys, options.n))


def _print(overview, options):
    """Print screens, of COLUMNS and LINES if the environment says so; a generator."""
    process, left = overview.process, options.n
    columns = _number(process, "COLUMNS", _COLUMNS)
    lines = _number(process, "LINES", _ROWS + HEAD)
    while True:
        yield from overview.look(max(0, lines - HEAD))
        if options.json:
            yield from process.say_json(overview.as_json())
        else:
            texts = [line if isinstance(line, str) else line[0]
                     for line in overview.lines(columns, lines)]
            yield from process.write("\n".join(text.rstrip() for text in texts) + "\n\n")
        if left is not None:
            left -= 1
            if not left:
                return 0
        yield Sleep(overview.delay)


def _number(process, name, usual):
    word = process.variables.get(name, "")
    return int(word) if word.isascii() and word.isdigit() and int(word) else usual


def _show(overview, screen, keys, left):
    """Draw until somebody says q, or `left` times; a generator."""
    while True:
        # More tasks than there is room for: the window may grow.
        yield from overview.look(2 * screen.size()[1])
        left = None if left is None else left - 1
        until = (yield Now()) + overview.delay
        while True:
            yield from screen.draw(overview.lines(*screen.size()))
            if left is not None and left <= 0:
                return 0
            seconds = until - (yield Now())
            key = yield from keys.get(max(_LEAST, seconds))
            if key is None:
                break
            if key == "q":
                return 0
            if (yield from obey(overview, screen, keys, key)):
                break
        if key is None and (yield Now()) < until - _LEAST:
            return 1        # the terminal has gone

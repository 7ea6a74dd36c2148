"""uptime: how long the kernel has run, how many tasks it has, and its load."""

import time

from ..arguments import Arguments
from ..listing.headline import uptime_line


def parser():
    parser = Arguments(
        "uptime", "Tell how long the kernel has run.",
        epilog="The load averages are the mean numbers of tasks that ran or were ready to, over "
               "the last 1, 5\nand 15 minutes.",
    )
    parser.add_argument("-p", "--pretty", action="store_true", help="in words")
    parser.add_argument("-s", "--since", action="store_true", help="since when")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    return parser


def main(process, options):
    system = process.system
    kernel = system.kernel
    up, tasks = kernel.now() - kernel.booted_at, len(system.tasks())
    since = time.time() - up
    if options.json:
        load = system.load()
        yield from process.say_json({
            "time": time.time(), "up": up, "since": since, "tasks": tasks,
            "load": None if load is None else list(load),
        })
    elif options.since:
        yield from process.say(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since)))
    elif options.pretty:
        yield from process.say(f"up {_in_words(int(up))}")
    else:
        yield from process.say(" " + uptime_line(system, tasks))
    return 0


def _in_words(seconds):
    """`2 days, 1 hour, 3 minutes`."""
    parts = []
    for length, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(f"{number} {name}{'' if number == 1 else 's'}")
    return ", ".join(parts) or "0 minutes"

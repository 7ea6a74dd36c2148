"""dmesg: the last lines of the kernel's log."""

import time

from syscalls import Sleep
from syscalls.log import recent

from ..arguments import Arguments
from ..listing.columns import printable, write_json
from ..listing.style import styled

_LOOK = 0.2         # seconds between two looks of -w
_LEVELS = {"emerg": "CRITICAL", "alert": "CRITICAL", "crit": "CRITICAL", "err": "ERROR",
           "warn": "WARNING", "notice": "INFO", "info": "INFO"}
_STYLES = {"CRITICAL": ("red", "bold"), "ERROR": ("red",), "WARNING": ("yellow",)}


def parser():
    parser = Arguments(
        "dmesg", "Print the last lines of the kernel's log, with seconds since it has booted.",
        epilog="The log is that of the logger `minios`; 512 lines of it are kept, those of level "
               "DEBUG are not.\nlevels: " + " ".join(_LEVELS),
    )
    parser.add_argument("-T", "--ctime", action="store_true", help="show the time of day instead")
    parser.add_argument("-w", "--follow", action="store_true",
                        help="wait for new lines; ^C ends it")
    parser.add_argument("-l", "--level", metavar="LEVEL,...", help="lines of these levels only")
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects")
    return parser


def main(process, options):
    levels = _chosen_levels(options)
    kernel = process.system.kernel
    lines = recent.copy()
    if options.json:
        yield from write_json(process, [_object(kernel, line) for line in _of(lines, levels)])
        return
    last = None
    while True:
        text = "".join(_shown(process, kernel, line, options.ctime) for line in _of(lines, levels))
        if text:
            yield from process.write(text)
        if not options.follow:
            return
        last = lines[-1] if lines else last
        yield Sleep(_LOOK)
        lines = _behind(last, recent.copy())


def _chosen_levels(options):
    """The levels to show, None for all."""
    if options.level is None:
        return None
    words = options.level.split(",")
    for word in words:
        if word not in _LEVELS:
            parser().error(f"unknown level {word!r}; the levels are {' '.join(_LEVELS)}")
    return {_LEVELS[word] for word in words}


def _of(lines, levels):
    return [line for line in lines if levels is None or line.level in levels]


def _behind(last, lines):
    """Those of `lines` that came behind the line `last`; all, where that is not kept any more."""
    found = []
    for line in reversed(lines):
        if line is last:
            break
        found.append(line)
    return found[::-1]


def _seconds(kernel, line):
    """When `line` was logged, in real seconds since the kernel has booted; None in virtual time."""
    return None if kernel.clock.jumps else line.monotonic - kernel.booted_at


def _shown(process, kernel, line, with_date):
    seconds = _seconds(kernel, line)
    if with_date:
        stamp = f"[{time.ctime(line.wall)}]"
    else:
        stamp = f"[{'-':>12}]" if seconds is None else f"[{seconds:12.6f}]"
    stamp = styled(process.stdout, stamp, "green")
    style = _STYLES.get(line.level, ())
    return "".join(f"{stamp} {styled(process.stdout, printable(each), *style)}\n"
                   for each in line.text.splitlines() or [""])


def _object(kernel, line):
    return {"seconds": _seconds(kernel, line), "time": line.wall, "level": line.level,
            "text": line.text}

"""watch: run a program again and again, and show what it prints."""

import time

from syscalls import Sleep

from ..arguments import Arguments
from ..process import Process
from ..streams import Output, as_bytes


def parser():
    parser = Arguments("watch", "Run a program again and again, and show what it prints; ^C ends.\n"
                                "A whole command line is to be quoted: watch 'ps | wc -l'.")
    parser.add_argument("-n", "--interval", type=float, default=2.0, metavar="SECONDS",
                        help="the time between two runs (default: 2)")
    parser.add_argument("-t", "--no-title", action="store_true", help="without the line on top")
    parser.add_argument("-g", "--chgexit", action="store_true", help="end when the output changes")
    parser.add_argument("command", nargs="...", metavar="CMD [ARG ...]")
    return parser


class _Collected(Output):
    """Keeps what is written, and looks like the screen that it will be shown on."""

    def __init__(self, screen):
        self.data = b""
        self.colors, self.columns = screen.colors, screen.columns

    def write(self, data):
        self.data += as_bytes(data)
        return
        yield


def main(process, options):
    if not options.command:
        parser().error("give a program to run")
    interval, before = max(0.1, options.interval), None
    while True:
        output = _Collected(process.stdout)
        inner = Process(process.shell, options.command[0], process.stdin, output, output,
                        process.job, process.variables)
        yield from process.shell.subshell(inner).execute(" ".join(options.command))
        yield from process.write(_screen(process, options, output.data))
        if options.chgexit and before not in (None, output.data):
            return 0
        before = output.data
        yield Sleep(interval)


def _screen(process, options, data):
    """What to write: on a terminal a screen, which takes the place of the last; else as it is."""
    title = f"Every {options.interval:.1f}s: {' '.join(options.command)}"
    if process.terminal is None:
        return data if options.no_title else title.encode() + b"\n\n" + data
    columns, height = process.terminal.size()
    now = time.strftime("%H:%M:%S")
    head = [] if options.no_title else [
        f"{title[:max(0, columns - 10)]:{max(0, columns - 9)}} {now}".encode(), b""]
    lines = [*head, *data.split(b"\n")][:height - 1]
    return b"\x1b[H" + b"".join(line + b"\x1b[K\n" for line in lines) + b"\x1b[J"

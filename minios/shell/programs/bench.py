"""bench: measure minios beside its peers, in processes of their own."""

import sys
from subprocess import PIPE, STDOUT

from ...lib.subprocesses import start_process
from ..arguments import Arguments


def parser():
    parser = Arguments("bench", "Measure minios beside asyncio, uvloop, curio, trio and gevent.",
                       usage="bench [NAME[:SIZE] ...] [--against PEER] [--rounds N] [--quick] "
                             "[--list]")
    parser.add_argument("argument", nargs="*", metavar="NAME")
    parser.add_argument("--against", metavar="PEER")
    parser.add_argument("--rounds", metavar="N")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    return parser


def main(process, options):
    if not process.system.is_local:
        process.demand("py")        # it would be a child of the program that is looked at
    words = list(options.argument)
    for name in ("against", "rounds"):
        if getattr(options, name) is not None:
            words += [f"--{name}", getattr(options, name)]
    words += [f"--{name}" for name in ("quick", "list") if getattr(options, name)]
    # In a process: it would hold this kernel for minutes, and measure it too.
    child = yield from start_process([sys.executable, "-m", "minios", "bench", *words],
                                     stdout=PIPE, stderr=STDOUT)
    with child:
        while data := (yield from child.stdout.read(65536)):
            yield from process.write(data)
        return (yield from child.wait())

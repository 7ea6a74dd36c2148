"""thaw: let the tasks go on that `freeze` has stopped."""

from ..arguments import Arguments
from ..inspection.freezing import thaw


def parser():
    return Arguments(
        "thaw", "Let the tasks go on that `freeze` has stopped.",
        epilog="Those that were stopped in another way stay so: `kill -CONT TID` continues one.",
    )


def main(process, options):
    process.demand("rw")
    n = yield from thaw(process.system)
    yield from process.say(f"{n} tasks go on" if n else "nothing was frozen")

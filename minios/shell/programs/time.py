"""time: run a program, and tell what time it took."""

from time import perf_counter

from ...kernel import Hooks
from ..arguments import Arguments
from ..running import status_of


def parser():
    parser = Arguments("time", "Run a program, and tell what time it and its tasks took.")
    parser.add_argument("-p", action="store_true", help="one plain line a figure, in seconds")
    parser.add_argument("command", nargs="...", metavar="CMD [ARG ...]")
    return parser


class _Family(Hooks):
    """Adds up what a task and all that descend from it have used."""

    def __init__(self, root):
        self.tids = {root.tid}
        self.cpu = self.waited = 0.0
        self.switches = 0

    def task_spawned(self, task):
        """A child of one of them is one of them."""
        if task.ptid in self.tids:
            self.tids.add(task.tid)

    def task_ended(self, task):
        """Its account is complete."""
        if task.tid in self.tids:
            account = task.account
            if account is not None:
                self.cpu += account.cpu
                self.waited += account.waited
            self.switches += task.switches


def main(process, options):
    if not options.command:
        parser().error("give a program to run")
    kernel = process.shell.kernel
    with process.system.accounting():
        task = yield from process.start(options.command)
        family, began = _Family(task), perf_counter()
        kernel.attach(family)
        try:
            status = yield from status_of(task, process.shell)
        finally:
            real = perf_counter() - began
            kernel.detach(family)
            task.kill()
    # The CPU time that a kernel counts is that of its thread, user's and system's in one.
    figures = [("real", real), ("user", family.cpu), ("sys", None), ("wait", family.waited)]
    lines = [f"{name}\t{_text(seconds, options.p)}" for name, seconds in figures]
    yield from process.stderr.write("\n".join(["", *lines, f"switches\t{family.switches}", ""]))
    return status


def _text(seconds, plain):
    if seconds is None:
        return "-"
    if plain:
        return f"{seconds:.2f}"
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:.0f}m{seconds:.3f}s"

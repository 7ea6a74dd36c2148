"""freeze: stop all tasks but the shell, to look around; `thaw` lets them go on."""

from syscalls import GetTask

from ..arguments import Arguments
from ..inspection.freezing import freeze, frozen


def parser():
    return Arguments(
        "freeze", "Stop all tasks but those of this shell; `thaw` lets them go on.",
        epilog="What is no task is not stopped: callbacks of an event loop, and threads. The wait "
               "of a stopped\ntask goes on, and so does time: it hears of what was due when it "
               "goes on.",
    )


def main(process, options):
    process.demand("rw")
    system = process.system
    spared = (yield from _groups_of_shell()) if system.is_local else set()
    stopped, others = yield from freeze(system, lambda task: task.group in spared)
    text = f"{stopped} tasks are stopped"
    if not stopped and (before := len(frozen(system))):
        text = f"{before} tasks are stopped already"
    yield from process.say(text + "; `thaw` lets them go on")
    if others:
        yield from process.complain("not stopped: callbacks of the event loop, and asyncio tasks "
                                    "that are not minios's own")


def _groups_of_shell():
    """The groups of the calling task and of all those that it comes from: the shell's are among
    them."""
    task, groups = (yield GetTask()), set()
    while task is not None:
        groups.add(task.group)
        task = task.parent
    return groups

"""trace: a timeline of tasks, for Perfetto and chrome://tracing."""

from _thread import get_ident

from syscalls import GetTask, Park

from ...trace.recorder import Recorder
from ..arguments import Arguments
from ..running import status_of

_MAX_SIZE = 1000.0      # megabytes


def parser():
    parser = Arguments("trace", "Write a timeline of tasks, which Perfetto opens.",
                       epilog="Without CMD, all tasks are recorded until ^C.")
    parser.add_argument("-o", metavar="FILE", default="trace.json",
                        help="the file to write (default trace.json)")
    parser.add_argument("--perfetto", action="store_true",
                        help="in the form that Perfetto opens, which is the only one")
    parser.add_argument("--max-events", type=int, metavar="N", help="stop after so many events")
    parser.add_argument("--max-size", type=float, metavar="MB", default=_MAX_SIZE,
                        help="stop at so many megabytes (default 1000)")
    parser.add_argument("command", nargs="...", metavar="CMD [ARG ...]",
                        help="start this program, and record it and its children")
    return parser


def main(process, options):
    if options.max_size <= 0 or (options.max_events is not None and options.max_events <= 0):
        parser().error("a limit is a number above 0")
    if not process.system.is_local:
        process.demand("rw")        # it is the looked-at program that writes the file
    task = yield GetTask()
    roots, command, status = set(), None, 0
    wanted = (lambda each: each.tid in roots) if options.command else _others(process, task)
    file = open(process.path(options.o), "w", encoding="utf-8")
    recorder = Recorder(file, options.max_events, int(options.max_size * 1e6), wanted)
    undo = []
    try:
        if options.command:
            command = yield from process.start(options.command)
            roots.add(command.tid)
            undo.append(recorder.observe(command.kernel))
            status = yield from status_of(command, process.shell)
        else:
            for kernel in process.system.kernels():
                end = yield from process.system.call(recorder.observe, kernel, kernel=kernel)
                undo.append(_in_thread(kernel, end))
            yield from _until_interrupted(task, process.system.kernels())
    finally:
        for end in undo:
            end()
        if command is not None:
            command.kill()
        recorder.stop()
    if recorder.file.cut is not None:
        yield from process.complain(f"{options.o}: cut off at {recorder.file.cut}")
    yield from process.complain(f"{options.o}: {recorder.file.events:,} events, "
                                f"{recorder.file.bytes / 1e6:.1f} MB")
    return status


def _others(process, task):
    """What tells the tasks of the program that is looked at from the shell's own."""
    own = {task.group}
    shell = getattr(process.shell, "task", None)
    if shell is not None:
        own.add(shell.group)
    return lambda each: each.kernel is not task.kernel or each.group not in own


def _until_interrupted(task, observed):
    """Wait for ^C; a generator."""
    held = any(kernel is not task.kernel for kernel in observed)
    if held:
        task.kernel.hold()      # others go on, in threads of their own: no deadlock
    try:
        yield Park(task)
    except KeyboardInterrupt:
        pass
    finally:
        if held:
            task.kernel.release()


def _in_thread(kernel, function):
    """`function`, called in the thread of `kernel`, at once where that is this one."""
    def call():
        if kernel.thread in (None, get_ident()):
            function()
        else:
            kernel.call_from_thread(function)

    return call

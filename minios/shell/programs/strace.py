"""strace: the system calls of tasks as they make them, in the form of strace(1).

What is observed is attached to the kernel of the traced tasks, which may run in another thread, and
detached whenever this program ends, by SIGKILL too. What it prints never traces itself.
"""

import signal
from _thread import get_ident

from syscalls import GetTask, Park

from ...errors import NoSuchTaskError
from ...kernel.task import BaseTask
from ...trace.backlog import Backlog
from ...trace.counting import SORTS, Counts, count_table
from ...trace.injection import Injection
from ...trace.lines import Lines
from ...trace.selection import Selection
from ...trace.strace import NOTE, InjectingStrace, Strace
from ..arguments import Arguments
from ..running import status_of

_ROOM = 20_000      # events that wait to be printed; what comes beyond them is lost
_PIECE = 256        # events that are printed in one turn

_EPILOG = """\
Without -p and CMD, all tasks are traced but the shell's own.

expressions of -e:
  trace=recv,send     these calls; %network %file %desc %process %signal %clock %ipc name
                      several, ! in front of the first means all but these
  inject=recv:error=ECONNRESET:when=3+
                      lets calls fail: when=3 (the third alone), 3+, 3+2, 3..6, 3..9+2
"""


def parser():
    parser = Arguments("strace", "Print the system calls of tasks as they make them.",
                       epilog=_EPILOG)
    parser.add_argument("-f", action="store_true", help="also the children that they spawn")
    parser.add_argument("-p", action="append", metavar="TID", default=[],
                        help="trace this task, until it ends or ^C; several, with commas or -p")
    parser.add_argument("-e", action="append", metavar="EXPR", default=[],
                        help="trace=SET or inject=SET:error=ERRNO[:when=N]: see below")
    parser.add_argument("-T", action="store_true", help="print how long each call took")
    parser.add_argument("-r", action="store_true", help="print the time since the last line")
    parser.add_argument("-t", action="count", default=0,
                        help="print the time of day; -tt with microseconds, -ttt since 1970")
    parser.add_argument("-c", action="store_true", help="only count calls, time and errors")
    parser.add_argument("-C", action="store_true", help="count, and print the calls too")
    parser.add_argument("-w", action="store_true",
                        help="count the time from a call to its answer, not the kernel's for it")
    parser.add_argument("-S", metavar="SORTBY", default="time", choices=[*SORTS],
                        help="sort the counts by time, calls, errors, name or nothing")
    parser.add_argument("-o", metavar="FILE", help="print to a file")
    parser.add_argument("-s", metavar="N", type=int, default=32,
                        help="show so many bytes of a payload (default 32)")
    parser.add_argument("command", nargs="...", metavar="CMD [ARG ...]",
                        help="start this program and trace it")
    return parser


def main(process, options):
    calls, injections = _expressions(process, options)
    task = yield GetTask()
    tasks = [_find(process, word) for words in options.p for word in words.split(",")]
    output = process.stderr
    if options.o is not None:
        output = yield from process.open_output(options.o)
    command = None
    tracing = _Tracing(process, task, options, calls, injections, output)
    try:
        if options.command:
            command = yield from process.start(options.command)
            tasks.append(command)
        yield from tracing.attach(tasks)
        status = yield from tracing.run(command)
        if command is not None:
            status = yield from status_of(command, process.shell)
        return status
    finally:
        tracing.detach()
        if command is not None:
            command.kill()
        if output is not process.stderr:
            output.close()


def _expressions(process, options):
    """The Selection and the Injections that the options ask for."""
    calls, injections = Selection(), []
    try:
        for expression in options.e:
            key, equals, value = expression.partition("=")
            if not equals:
                key, value = "trace", expression
            if key in ("trace", "t"):
                calls = Selection(value)
            elif key in ("inject", "fault"):
                injections.append(Injection(value))
            else:
                raise ValueError(f"invalid -e '{expression}': give trace=SET or inject=SET:...")
    except ValueError as error:
        parser().error(str(error))
    if options.s < 0:
        parser().error(f"invalid -s '{options.s}': give a number >= 0")
    if injections:
        process.demand("rw")
    return calls, injections


def _find(process, word):
    try:
        task = process.find_task(word)
    except NoSuchTaskError as error:
        raise NoSuchTaskError(f"attach: {error}") from None
    if task.done():
        raise NoSuchTaskError(f"attach: {word}: the task has ended")
    if not isinstance(task, BaseTask):
        raise NoSuchTaskError(
            f"attach: {word}: asyncio itself runs this task, and its steps are no turns; "
            "where native tasks are on, they can be traced"
        )
    return task


class _Tracing:
    """One run of strace: what is attached where, and what is printed of it."""

    def __init__(self, process, task, options, calls, injections, output):
        self._process, self._task, self._options = process, task, options
        self._calls, self._injections, self._output = calls, injections, output
        self._attached = []             # (kernel, hooks)
        self._running = set()           # hooks whose tasks have not all ended
        self._prints = options.C or not options.c
        self._backlog = Backlog(_ROOM, self._wake)
        self._held = False
        self._lines = Lines(0.0)        # until it is known by which clock

    # --- Attaching -----------------------------------------------------------------------

    def attach(self, tasks):
        """Begin: with `tasks`, or, without any, with all of them; a generator."""
        system = self._process.system
        if tasks:
            groups = {}
            for task in tasks:
                groups.setdefault(task.kernel, []).append(task)
        else:
            groups = dict.fromkeys(system.kernels())
        if any(kernel.thread not in (None, get_ident()) for kernel in groups):
            self._task.kernel.hold()    # the events come from another thread: no deadlock
            self._held = True
        for kernel, chosen in groups.items():
            hooks = self._make_hooks(kernel, chosen)
            self._attached.append((kernel, hooks))
            self._running.add(hooks)
            yield from system.call(kernel.attach, hooks, kernel=kernel)
        some = next(iter(groups))
        self._lines = Lines(_epoch(some), stamps=self._options.t, relative=self._options.r,
                            durations=self._options.T, to_file=self._options.o is not None)

    def _make_hooks(self, kernel, tasks):
        options, prefix = self._options, self._prefix(kernel)
        given = {
            "calls": self._calls, "follow": options.f, "sample": options.s, "prefix": prefix,
            "ignored": self._ignored_on(kernel), "finished": lambda: self._finished(hooks),
        }
        put = self._backlog.put if self._prints else None
        if self._injections:
            hooks = InjectingStrace(put, tasks, injections=self._injections, **given)
        else:
            hooks = Strace(put, tasks, **given)
        return hooks

    def _prefix(self, kernel):
        for prefix, other in list(self._process.system.programs.items()):
            if other is kernel:
                return f"{prefix}/"
        return ""

    def _ignored_on(self, kernel):
        """What tells this program, its shell and their groups from all other tasks."""
        if self._task.kernel is not kernel:
            return None
        own = {self._task.group}
        shell = getattr(self._process.shell, "task", None)
        if shell is not None:
            own.add(shell.group)
        return lambda task: task.group in own

    def detach(self):
        """Let go, at once: also where this task is being closed and may not yield."""
        for kernel, hooks in self._attached:
            if kernel.thread in (None, get_ident()):
                kernel.detach(hooks)
            else:
                kernel.call_from_thread(kernel.detach, hooks)
        self._attached, attached = [], self._attached
        if self._held:
            self._held = False
            self._task.kernel.release()
        return attached

    def _finished(self, hooks):
        self._running.discard(hooks)
        if not self._running:
            self._backlog.close()

    def _wake(self):
        """In the thread of an observed kernel: there is something to print."""
        home = self._task.kernel
        if home.thread == get_ident():
            home.parking.wake(self._backlog, None, None)
        else:
            home.call_from_thread(home.parking.wake, self._backlog, None, None)

    # --- Printing ------------------------------------------------------------------------

    def run(self, command):
        """Print until all that is traced has ended, or ^C; a generator."""
        try:
            yield from self._print_all(command)
        except KeyboardInterrupt:
            attached = self.detach()
            if command is not None:
                command.kill(signal.SIGINT)
        else:
            attached = self.detach()
        yield from self._print_waiting()
        yield from self._write(self._lines.cut("detached"))
        if self._backlog.lost:
            yield from self._process.complain(f"{self._backlog.lost} lines lost")
        if self._options.c or self._options.C:
            counts = Counts()
            for _, hooks in attached:
                counts.add(hooks.counts)
            yield from self._write(count_table(counts, self._options.S, self._options.w))
        return 0

    def _print_all(self, command):
        while True:
            try:
                yield from self._print_waiting()
                if self._backlog.closed:
                    return
                if self._backlog.is_empty():
                    yield Park(self._backlog)
            except KeyboardInterrupt:
                if command is None or command.done():
                    raise
                command.kill(signal.SIGINT)     # its end is traced too; a second ^C ends both
                command = None

    def _print_waiting(self):
        while events := self._backlog.take(_PIECE):
            text = []
            for event in events:
                if event[0] == NOTE:
                    yield from self._write("".join(text) + self._lines.cut())
                    text = []
                    yield from self._process.complain(event[5])
                else:
                    text.append(self._lines.text(event))
            yield from self._write("".join(text))

    def _write(self, text):
        if text:
            yield from self._output.write(text)


def _epoch(kernel):
    """What to add to the kernel's clock to get the time of day."""
    from time import time

    return time() - kernel.now()

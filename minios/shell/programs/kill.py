"""kill: send a signal to tasks."""

import signal

from ...errors import NoSuchTaskError
from ..arguments import Arguments
from ..system import KernelBusyError

_STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class _KillArguments(Arguments):
    """Finds the signal first, which looks like options that argparse does not know."""

    def parse_args(self, arguments):
        signum, rest = _take_signal(self, list(arguments))
        # A group's number, -7, is an operand.
        operands = [word for word in rest if word[:1] != "-" or word[1:2].isdigit()]
        options = super().parse_args([word for word in rest if word not in operands])
        options.signum, options.task = signum, operands
        return options


def parser():
    parser = _KillArguments(
        "kill", "Send a signal to tasks: TERM, or the one given.",
        usage="kill [-l [NUMBER]] [-SIG | -s SIG | -n NUMBER] TID|%%JOB|-GROUP ...",
        epilog="TERM cancels, INT raises KeyboardInterrupt, KILL closes, STOP stops and CONT goes "
               "on, QUIT prints\nthe stack; 0 only asks whether it is there. SIG is a name or a "
               "number. A task that holds the CPU\nhears of a signal when it yields, and of KILL "
               "at once where its kernel runs in the main thread.",
    )
    parser.add_argument("-l", "-L", "--list", action="store_true", help="list the signals")
    return parser


def main(process, options):
    if options.list:
        for line in _listing(options.task):
            yield from process.say(line)
        return 0
    if not options.task:
        parser().error("give at least one TID")
    failures = 0
    for word in options.task:
        try:
            yield from _send(process, word, options.signum)
        except (NoSuchTaskError, KernelBusyError) as error:
            yield from process.complain(str(error))
            failures += 1
    return 1 if failures else 0


def _send(process, word, signum):
    shell = process.shell
    if word.startswith("%"):
        job = shell.jobs.find(word)
        if signum in _STOPS:
            shell.stop_job(job, signum)
        elif signum == signal.SIGCONT:
            shell.continue_job(job)
        else:
            shell.signal_job(job, signum)
        return
    process.demand("rw")        # one's own jobs are one's own
    if word.startswith("-"):
        yield from _send_to_group(process, word, signum)
        return
    task = process.system.find(word)
    if task.kind == "loop" and signum:
        raise NoSuchTaskError(f"{word}: an event loop takes no signals: it ends with its program")
    if task is shell.task and signum in _STOPS:
        yield from process.complain(f"task {word} is this shell, and nobody could continue it")
        raise NoSuchTaskError(f"{word}: not stopped")
    if not (yield from process.system.kill(task, signum)):
        raise NoSuchTaskError(f"{word}: no such task")


def _send_to_group(process, word, signum):
    system, found = process.system, False
    group = system.find(word[1:])
    for task in system.tasks():
        if task.kernel is group.kernel and task.group == group.tid:
            found |= yield from system.kill(task, signum)
    if not found:
        raise NoSuchTaskError(f"{word}: no such group")


def _listing(words):
    """The names of all signals, or, for numbers and names, the other of the two (kill -l 15)."""
    if not words:
        return [f"{number.value:2}) {number.name}" for number in signal.Signals]
    found = []
    for word in words:
        number = _number(parser(), str(int(word) % 128) if word.isdigit() else word)
        name = signal.Signals(number).name.removeprefix("SIG")
        found.append(name if word.isdigit() else str(int(number)))
    return found


def _take_signal(parser, arguments):
    """The signal of `-9`, `-KILL`, `-SIGKILL` or `-s KILL`, and the arguments behind it."""
    first = arguments[0] if arguments else ""
    if first in ("-s", "-n", "--signal"):
        if len(arguments) < 2:
            parser.error(f"{first} wants a signal behind it")
        return _number(parser, arguments[1]), arguments[2:]
    if first == "--":
        return signal.SIGTERM, arguments[1:]
    if first.startswith("-") and first not in ("-l", "-L", "--list", "-h", "--help"):
        rest = arguments[1:]
        return _number(parser, first[1:]), rest[1:] if rest[:1] == ["--"] else rest
    return signal.SIGTERM, arguments


def _number(parser, word):
    if word.isdigit():
        if word == "0" or int(word) in set(signal.Signals):
            return int(word)
    else:
        name = word.upper().removeprefix("SIG")
        if f"SIG{name}" in signal.Signals.__members__:
            return signal.Signals[f"SIG{name}"]
    parser.error(f"{word}: no such signal; kill -l lists them")

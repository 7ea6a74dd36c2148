"""kill: send a signal to tasks."""

import signal

from syscalls import Kill

from ..arguments import Arguments

SUMMARY = "send a signal to a task: kill [-SIG] TID, kill -l"


_STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def main(shell, arguments):
    """kill [-l] [-SIG] TID|%JOB ..."""
    parser = Arguments(
        "kill", "Send a signal to tasks (default: TERM).", usage="kill [-l] [-SIG] TID|%%JOB ...",
        epilog="TERM cancels, INT raises KeyboardInterrupt, KILL closes, STOP stops and CONT "
               "goes on, QUIT prints the stack. SIG is a name or a number.",
    )
    parser.add_argument("-l", action="store_true", help="list the signals")
    parser.add_argument("task", nargs="*", metavar="TID", help="a task's id, or %%1 for a job")
    signum, arguments = _take_signal(parser, arguments)
    options = parser.parse_args(arguments)
    if options.l:
        names = (f"{number.value:2}) {number.name}" for number in signal.Signals)
        shell.say("\n".join(names))
        return 0
    if not options.task:
        parser.error("give at least one TID")
    failures = 0
    for word in options.task:
        failures += not (yield from _send(shell, word, signum))
    return 1 if failures else 0


def _send(shell, word, signum):
    try:
        target = shell.jobs.find(word)
    except ValueError as error:
        shell.complain(f"kill: {error}")
        return False
    if target in (1, shell.kernel.main_task) and signum in _STOPS:
        shell.complain("kill: task 1 is this shell, and nobody could continue it")
        return False
    found = yield Kill(target, signum)
    if not found:
        shell.complain(f"kill: {word}: no such task")
    return found


def _take_signal(parser, arguments):
    """The signal of `-9`, `-KILL`, `-SIGKILL` or `-s KILL`, and the arguments behind it."""
    if arguments[:1] == ["-s"] and len(arguments) > 1:
        return _number(parser, arguments[1]), arguments[2:]
    if arguments and arguments[0].startswith("-") and arguments[0] not in ("-l", "-h", "--help"):
        return _number(parser, arguments[0][1:]), arguments[1:]
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

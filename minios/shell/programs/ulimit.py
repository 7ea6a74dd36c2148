"""ulimit: show or set the limits of the kernel."""

import math
import resource

from ..arguments import Arguments

# option -> what it is, and its unit
_KINDS = {
    "n": "open files", "q": "ready queue (tasks)", "t": "cpu time (seconds)",
    "u": "max user tasks", "y": "longest turn (seconds)",
}


def parser():
    parser = Arguments("ulimit", "Show or set the limits of the kernel.")
    parser.add_argument("-a", action="store_true", help="all of them")
    parser.add_argument("-n", action="store_true", help="descriptors")
    parser.add_argument("-u", action="store_true", help="tasks that may be alive (the default)")
    parser.add_argument("-t", action="store_true", help="CPU time of a task: there is no limit")
    parser.add_argument("-q", action="store_true", help="ready tasks: there is no limit")
    parser.add_argument("-y", action="store_true",
                        help="seconds that a task may hold the CPU before it is reported")
    parser.add_argument("limit", nargs="?", help="the new limit, a number or `unlimited`")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    return parser


def main(process, options):
    kernel = process.system.kernel
    chosen = [letter for letter in _KINDS if getattr(options, letter)] or ["u"]
    if options.a:
        chosen = list(_KINDS)
    if options.limit is not None:
        process.demand("rw")
        for letter in chosen:
            yield from process.system.call(_set, kernel, letter, _value(options.limit))
        return 0
    if options.json:
        yield from process.say_json({_KINDS[letter]: _get(kernel, letter) for letter in chosen})
    elif len(chosen) == 1:
        yield from process.say(_text(_get(kernel, chosen[0])))
    else:
        for letter in chosen:
            yield from process.say(f"{_KINDS[letter]:<24} (-{letter}) "
                                   f"{_text(_get(kernel, letter))}")
    return 0


def _get(kernel, letter):
    """The limit; None where there is none."""
    if letter == "n":
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return None if soft == resource.RLIM_INFINITY else soft
    if letter == "u":
        return kernel.max_tasks
    if letter == "y":
        return None if math.isinf(kernel.slow_turn) else kernel.slow_turn
    return None


def _set(kernel, letter, value):
    if letter == "n":
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        soft = hard if value is None else int(value)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        except ValueError as error:
            raise OSError(1, f"open files: cannot modify limit: {error}") from None
    elif letter == "u":
        if value is not None and (value < 1 or value != int(value)):
            parser().error("the number of tasks is a whole number > 0, or unlimited")
        kernel.max_tasks = None if value is None else int(value)
    elif letter == "y":
        if value is not None and not value > 0:
            parser().error("the longest turn is a number of seconds > 0, or unlimited")
        kernel.slow_turn = math.inf if value is None else value
    else:
        parser().error(f"-{letter} cannot be set: there is no such limit yet")


def _value(word):
    if word == "unlimited":
        return None
    try:
        return float(word)
    except ValueError:
        parser().error(f"{word}: no number; give one, or unlimited")


def _text(value):
    return "unlimited" if value is None else f"{value:g}"

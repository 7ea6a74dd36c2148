"""help: list the programs, or show how to use one."""

from ..arguments import Arguments
from ..pace import Pace
from ..rest import REST
from . import find_program, program_names

_GROUPS = {
    "Look": "ps top pstree where why deadlocks lsof strace trace slow dmesg free uptime watch time",
    "Steer": "kill nice renice freeze thaw ulimit py",
    "Jobs": "run demos jobs fg bg wait exit",
    "Text": "cat grep cut sort uniq head tail wc tee tr echo printf seq",
}
_BEHIND = """\
A FILE.py alone is the same as run FILE.py. Between programs: | > >> < 2> && || ; and & for the
background. $NAME, $?, *.py, 'quotes' and # comments are as in sh; ^C interrupts, ^Z stops (then
fg or bg), ^D leaves. `help PROGRAM` or `PROGRAM --help` tells more.
What is stuck? `ps`, then `why TID`. What eats the CPU? `top`. To end it: `kill TID`."""


def parser():
    parser = Arguments("help", "List the programs, or show how to use one.")
    parser.add_argument("program", nargs="?")
    return parser


def main(process, options):
    if options.program is not None:
        program = find_program(options.program)
        if program is None:
            yield from process.complain(f"{options.program}: no such program")
            return 1
        yield from process.write(program.parser().format_help())
        return 0
    names, pace = program_names(), Pace()
    for title, words in [*_GROUPS.items(), ("Others", None)]:
        group = names[:] if words is None else [word for word in words.split() if word in names]
        lines = [f"{title}:"]
        for name in group:
            names.remove(name)
            lines.append(f"  {name:10} {_summary(name)}")
            if pace.is_over():
                yield REST
        yield from process.say("\n".join(lines))
    yield from process.say(_BEHIND)
    return 0


def _summary(name):
    """What a program is for, in a line."""
    try:
        return find_program(name).parser().summary
    except Exception as error:      # one of another package's
        return f"(cannot be loaded: {error})"

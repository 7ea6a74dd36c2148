"""py: a Python prompt inside the kernel."""

from ...errors import KernelError
from ..arguments import Arguments
from ..inspection.evaluation import Evaluation

_BANNER = ("Python inside the kernel: kernel, tasks(), task(tid), system, minios, syscalls.\n"
           "`await` works; ^D leaves.")
_INTERRUPTED = 130


def parser():
    parser = Arguments(
        "py", "Run Python code inside the kernel: a prompt, or -c CODE.",
        epilog="The code runs in the thread of the kernel, between two turns of its tasks, and "
               "holds them up;\nwith an `await` at its top level it is a task. ^C ends what it "
               "waits for, ^D the prompt.\nNames: kernel, tasks(), task(tid), system, minios, "
               "syscalls; _ is the last value.",
    )
    parser.add_argument("-c", metavar="CODE", dest="code",
                        help="run this code, and show the value of its last expression")
    return parser


def main(process, options):
    process.demand("py")
    evaluation = Evaluation(process.system)
    try:
        if options.code is not None:
            return (yield from _run(process, evaluation, options.code))
        if process.terminal is not None and process.stdin.isatty():
            return (yield from _prompt(process, evaluation))
        return (yield from _read_input(process, evaluation))
    except SystemExit as leave:
        if leave.code is None or isinstance(leave.code, int):
            return (leave.code or 0) & 0xFF
        yield from process.stderr.write(f"{leave.code}\n")
        return 1


def _run(process, evaluation, source):
    """Run a statement and show what comes of it; returns 1 if it failed. A generator."""
    try:
        output, error = yield from evaluation.run(source)
    except KernelError as busy:
        output, error = "", f"{busy}\n"
    if output:
        yield from process.write(output)
    if error is None:
        return 0
    yield from process.stderr.write(error)
    return 1


def _prompt(process, evaluation):
    """Statements that are typed at the terminal, until ^D; a generator."""
    yield from process.say(_BANNER)
    lines = []
    while True:
        try:
            line = yield from process.terminal.read_line("... " if lines else ">>> ")
            if line is None:
                return 0
            lines.append(line)
            source = "\n".join(lines)
            if evaluation.is_incomplete(source):
                continue
            lines = []
            if source.strip():
                yield from _run(process, evaluation, source)
        except KeyboardInterrupt:
            yield from process.stderr.write("\nKeyboardInterrupt\n")
            if not lines:
                return _INTERRUPTED
            lines = []


def _read_input(process, evaluation):
    """Statements of standard input, up to the first that fails; a generator."""
    lines = []
    while True:
        line = yield from process.stdin.readline()
        if line:
            lines.append(line.decode(errors="replace").rstrip("\r\n"))
            source = "\n".join(lines)
            if evaluation.is_incomplete(source):
                continue
        else:
            source = "\n".join(lines)
        lines = []
        if source.strip() and (yield from _run(process, evaluation, source)):
            return 1
        if not line:
            return 0

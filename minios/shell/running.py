"""Running a program as a task, from its arguments to its exit status."""

from syscalls import Wait

from ..errors import KernelError, TaskKilledError
from .arguments import Leave

__all__ = ["exit_status", "run_program", "status_of"]

_BROKEN_PIPE = 141      # 128 + SIGPIPE


def run_program(program, process, arguments):
    """Parse the arguments, run the program and close its streams; returns its exit status. A
    generator; what it raises besides is a mistake of the program's."""
    try:
        options = program.parser().parse_args(arguments)
        status = yield from program.main(process, options)
        return 0 if status is None else status
    except Leave as leave:
        yield from _last_words(process.stdout if not leave.status else process.stderr, leave.message)
        return leave.status
    except BrokenPipeError:
        return _BROKEN_PIPE
    except PermissionError as error:
        yield from _last_words(process.stderr, f"{process.name}: {error.strerror or error}\n")
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        text = error.strerror or str(error)
        yield from _last_words(process.stderr, f"{process.name}: {where}{text}\n")
        return 1
    except TaskKilledError:
        raise
    except KernelError as error:
        yield from _last_words(process.stderr, f"{process.name}: {error}\n")
        return 1


def _last_words(output, text):
    try:
        if text:
            yield from output.write(text)
    except OSError:
        pass        # nobody reads them


def status_of(task, shell):
    """Wait for `task`; its exit status: what it returned if that is a number, 0 for anything
    else, 128+n where signal n ended it, 1 where it failed. A generator."""
    try:
        result = yield Wait(task)
    except TaskKilledError as killed:
        return 128 + killed.signum
    except SystemExit as leave:
        return (yield from exit_status(leave.code, shell))
    except Exception as error:
        yield from shell.show_error(error)     # one of the task's own
        return 1
    return result if isinstance(result, int) else 0


def exit_status(code, shell):
    """The exit status for what SystemExit was given: a number, None, or a message to print."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    yield from shell.complain(str(code))
    return 1

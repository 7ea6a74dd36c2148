"""Running a program as a task, from its arguments to its exit status."""

import traceback

from syscalls import Wait

from ..errors import KernelError, TaskKilledError
from .arguments import Leave

__all__ = ["exit_status", "run_program", "status_of"]

_BROKEN_PIPE = 141      # 128 + SIGPIPE


def run_program(program, process, arguments):
    """Parse the arguments and run the program; returns its exit status. A generator, which raises
    nothing but what a signal has thrown, and SystemExit."""
    try:
        options = program.parser().parse_args(arguments)
        status = yield from program.main(process, options)
        return 0 if status is None else status
    except Leave as leave:
        output = process.stderr if leave.status else process.stdout
        yield from _last_words(output, leave.message)
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
    except Exception as error:
        # A mistake of the program's: it is shown here, since nobody may wait for the task.
        error.__traceback__ = error.__traceback__.tb_next
        yield from _last_words(process.stderr, "".join(traceback.format_exception(error)))
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
        status, text = exit_status(leave.code)
        if text:
            yield from shell.complain(text.rstrip())
        return status
    except Exception as error:
        # One of the task's own: it waits for nobody else to be shown.
        yield from shell.complain("".join(traceback.format_exception(error)).rstrip())
        return 1
    return result if isinstance(result, int) else 0


def exit_status(code):
    """What SystemExit was given (a number, None, or a message) as (exit status, message or "")."""
    if code is None:
        return 0, ""
    if isinstance(code, int):
        return code & 0xFF, ""
    return 1, f"{code}\n"

"""Jobs: what the shell has started. `%1` names one, as in sh(1)."""

import sys
import traceback
from typing import NamedTuple

from syscalls import Wait

from ..errors import TaskKilledError
from ..kernel import Task

__all__ = ["Job", "Jobs", "exit_status", "status_of"]


class Job(NamedTuple):
    """One job: its number, its task (the leader of its group) and its command line."""

    number: int
    task: Task
    command: str


class Jobs:
    """The jobs of one shell that have not been reported as ended."""

    def __init__(self):
        self._jobs = {}

    def add(self, task, command):
        """Enter a task; returns its Job."""
        number = max(self._jobs, default=0) + 1
        job = self._jobs[number] = Job(number, task, command)
        return job

    def __iter__(self):
        return iter(self._jobs.values())

    def take_ended(self):
        """The jobs that have ended since the last time; they are jobs no more."""
        ended = [job for job in self if job.task.done()]
        for job in ended:
            del self._jobs[job.number]
        return ended

    def find(self, word):
        """The task that `%1` or a tid names: a Task, or a number for the kernel to look up.

        Raises ValueError.
        """
        if word.startswith("%"):
            number = int(word[1:]) if word[1:].isdigit() else -1
            if number not in self._jobs:
                raise ValueError(f"{word}: no such job")
            return self._jobs[number].task
        if not word.isdigit():
            raise ValueError(f"{word}: give a tid or a job, as in %1")
        return int(word)


def status_of(task):
    """Wait for `task`; its exit status: what it returned if that is a number, 0 for anything
    else, 128+n where signal n ended it, 1 where it failed. Use it with `yield from`."""
    try:
        result = yield Wait(task)
    except TaskKilledError as killed:
        return 128 + killed.signum
    except SystemExit as leave:
        return exit_status(leave.code)
    except Exception as error:
        # One of the task's own: it waits for nobody else to be shown.
        traceback.print_exception(error)
        return 1
    return result if isinstance(result, int) else 0


def exit_status(code):
    """The exit status for what SystemExit was given: a number, None, or a message to print."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr, flush=True)
    return 1

"""Jobs: what the shell has started. `%1` names one, as in sh(1).

A job is a pipeline, or a list of them that runs in the background: a task for each program, all in
one group, whose leader is the first. Signals go to the whole job.
"""

import signal

from ..errors import NoSuchTaskError, TaskKilledError

__all__ = ["Job", "Jobs"]


class Job:
    """One job: its number (0 while it has none), its tasks, and how it was written."""

    def __init__(self, text, background=False):
        self.number, self.text = 0, text
        self.background = background    # the terminal is not its own
        self.tasks = []             # one for each program of the pipeline
        self.started = []           # what those have started, as `time` and `xargs` do
        self.stopped = False
        self.holds_keys = False     # a program of it reads single keys

    @property
    def leader(self):
        """The first of its tasks, whose tid is its group."""
        return self.tasks[0]

    @property
    def group(self):
        """The tid of its group; None before the first task."""
        return self.tasks[0].tid if self.tasks else None

    def programs(self):
        """The tasks of all programs that have not ended, those of the pipeline last."""
        return [task for task in [*self.started, *self.tasks] if not task.done()]

    def done(self):
        """Whether all of its tasks have ended."""
        return all(task.done() for task in self.tasks)

    def state(self):
        """`Running`, `Stopped`, or how it ended: `Done`, `Exit 3`, `Terminated`, or what was
        raised."""
        if not self.done():
            return "Stopped" if self.stopped else "Running"
        error = self.tasks[-1].exception()
        if isinstance(error, TaskKilledError):
            return signal.strsignal(error.signum)
        if error is not None:
            return f"{type(error).__name__}: {error}"
        status = self.tasks[-1].result()
        return f"Exit {status}" if isinstance(status, int) and status else "Done"


class Jobs:
    """The jobs of one shell, until it has told of their end."""

    def __init__(self):
        self._jobs = {}
        self._recent = []       # the numbers, the current job (%+) last, the one before (%-)

    def __iter__(self):
        return iter(list(self._jobs.values()))

    def add(self, job):
        """Enter a job, and let it be the current one."""
        if not job.number:
            job.number = max(self._jobs, default=0) + 1
            self._jobs[job.number] = job
        self.touch(job)

    def touch(self, job):
        """It is the current one from now on."""
        self._recent = [number for number in self._recent if number != job.number]
        self._recent.append(job.number)

    def remove(self, job):
        """It is a job no more."""
        self._jobs.pop(job.number, None)
        self._recent = [number for number in self._recent if number != job.number]

    def take_ended(self):
        """The jobs that have ended since the last time; they are jobs no more."""
        return [(self.line(job), self.remove(job))[0] for job in self if job.done()]

    def find(self, word):
        """The Job that `%1`, `%+`, `%%`, `%-`, `%name` or `%?text` names. Raises
        NoSuchTaskError."""
        name = word.removeprefix("%")
        current = self._recent[::-1]
        found = None
        if name in ("", "+", "%"):
            found = current[:1]
        elif name == "-":
            found = current[1:2] or current[:1]
        elif name.isdigit():
            found = [int(name)]
        elif name.startswith("?"):
            found = [job.number for job in self if name[1:] in job.text]
        else:
            found = [job.number for job in self if job.text.startswith(name)]
        if len(found) > 1:
            raise NoSuchTaskError(f"{word}: several jobs fit; give a number, as `jobs` shows it")
        if not found or found[0] not in self._jobs:
            raise NoSuchTaskError(f"{word}: no such job")
        return self._jobs[found[0]]

    def line(self, job, with_tid=False):
        """The job as `jobs` shows it: `[1]+  Running                 cmd &`."""
        mark = "+" if self._recent[-1:] == [job.number] else (
            "-" if self._recent[-2:-1] == [job.number] else " ")
        state = job.state()
        behind = " &" if state == "Running" else ""
        tid = f"{job.group:>5} " if with_tid else ""
        return f"[{job.number}]{mark} {tid} {state:<22}  {job.text}{behind}"

"""Process: what a program of the shell is given, as the system gives a process its own.

A program is a module with two functions: `parser()` returns its Arguments, and `main(process,
options)` is a generator function that runs as a task of its own and returns the exit status
(None is 0). What it raises is its end: OSError and the errors of the kernel are reported as a line
under its name, status 1; BrokenPipeError, when nobody reads any more what it writes, is 141 in
silence, as SIGPIPE has it.
"""

import json
import os
import re
from contextlib import contextmanager

from syscalls import GetTask, Spawn

from .inspection.procfs import open_proc
from .streams import FileInput, FileOutput, TextInput

__all__ = ["Process"]


class Process:
    """One program that runs: its name, its standard streams, and the shell that started it."""

    def __init__(self, shell, name, stdin, stdout, stderr, job=None, variables=None):
        self.shell, self.name, self.job = shell, name, job
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        # Those of the shell, and what stood before the command: NAME=VALUE program.
        self.variables = {**shell.variables, **(variables or {})}

    @property
    def system(self):
        """The kernels that are looked at: see system.py."""
        return self.shell.system

    @property
    def terminal(self):
        """The shell's Terminal; None where standard output does not go there."""
        return self.shell.terminal if self.stdout.isatty() else None

    # --- Output --------------------------------------------------------------------------

    def write(self, data):
        """Write bytes or text to standard output; a generator."""
        yield from self.stdout.write(data)

    def say(self, text):
        """Write a line to standard output; a generator."""
        yield from self.stdout.write(f"{text}\n")

    def complain(self, text):
        """Write a line to standard error, under the program's name; a generator."""
        yield from self.stderr.write(f"{self.name}: {text}\n")

    def say_json(self, value):
        """Write `value` as JSON: what every lister does for --json; a generator."""
        yield from self.say(json.dumps(value, indent=2, default=str))

    # --- Files ---------------------------------------------------------------------------

    def path(self, word):
        """The path that a word means: relative ones are in the shell's folder."""
        return os.path.join(self.shell.folder, os.path.expanduser(word))

    def open_input(self, word):
        """Open a file to read from; `-` is standard input, `/proc/TID/...` what the kernel tells
        of a task. An Input; a generator. Raises OSError."""
        if word == "-":
            return self.stdin
        text = open_proc(self.system, word)
        if text is not None:
            return TextInput(text, word)
        self._check_foreign(word)
        with _named(word):
            return (yield from FileInput.open(self.path(word), word))

    def open_output(self, word, append=False):
        """Open a file to write to. An Output; a generator. Raises OSError."""
        if not self.system.is_local and word != os.devnull:
            self.demand("rw")       # it is the looked-at program that writes
        with _named(word):
            return (yield from FileOutput.open(self.path(word), append))

    def _check_foreign(self, word):
        """In a console: what is the descriptors of the program that is looked at wants `rw`."""
        path = os.path.normpath(self.path(word))
        if not self.system.is_local and re.match(r"/dev/(std|fd\b|tty)|/proc/(self|\d+)/fd", path):
            self.demand("rw")

    # --- Tasks ---------------------------------------------------------------------------

    def start(self, words):
        """Start another program with the same streams, as a task of the same job. Returns the
        Task, which has not run yet; a generator. `status_of(task, shell)` waits for it."""
        caller = yield GetTask()
        child = Process(self.shell, words[0], self.stdin, self.stdout, self.stderr, self.job,
                        self.variables)
        task = yield Spawn(self.shell.run_words(child, list(words)), name=" ".join(words))
        task.group = caller.group
        if self.job is not None:
            self.job.started.append(task)
        return task

    def find_task(self, word):
        """The Task that `7`, `2/5` or `%1` names. Raises NoSuchTaskError."""
        if word.startswith("%"):
            return self.shell.jobs.find(word).leader
        return self.system.find(word)

    def demand(self, right):
        """Raise PermissionError, which says how to get it, unless `right` ("rw", "py") is given."""
        self.system.demand(right)


@contextmanager
def _named(word):
    """An OSError inside names the file as it was written."""
    try:
        yield
    except OSError as error:
        error.filename = word
        raise

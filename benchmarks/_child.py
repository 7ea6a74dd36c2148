"""What the scenarios of faults.py share: child processes that are asked and measured, and rows.

A server and its load run in processes of their own, so that what is measured is the server's.
A child is asked on its standard input, a line each, and answers on its standard output, a line of
JSON each; it ends when its input does.
"""

import json
import os
import subprocess
import sys
from collections import namedtuple

__all__ = ["Child", "Row", "answer_questions", "percentile", "raise_descriptor_limit"]

Row = namedtuple("Row", "scenario done figure target met")
Row.__doc__ = """A line of the table; `met` is a bool, or None where there is no target."""

_TICKS = os.sysconf("SC_CLK_TCK")


class Child:
    """`python SCRIPT ARGUMENT ...` with a conversation; a context manager."""

    def __init__(self, script, *arguments, **options):
        self._process = subprocess.Popen(
            [sys.executable, script, *map(str, arguments)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1, **options,
        )
        self.pid = self._process.pid

    def hear(self):
        """The next answer. Raises EOFError if the child has ended instead."""
        line = self._process.stdout.readline()
        if not line:
            raise EOFError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(line)

    def ask(self, question):
        """Ask, and wait for the answer."""
        self.tell(question)
        return self.hear()

    def tell(self, line):
        """Say something that is not answered."""
        self._process.stdin.write(f"{line}\n")

    def cpu_time(self):
        """Seconds of CPU that the child has used so far (proc(5))."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def answer_questions(greeting, answers=None):
    """In a child, a routine: say `greeting`, and answer each line with what the function in
    `answers` under its first word returns, until the input ends."""
    import minios

    with (yield from minios.open_stdin()) as questions:
        print(json.dumps(greeting), flush=True)
        while line := (yield from questions.readline()):
            word, *arguments = line.decode().split()
            answer = answers[word](*arguments)
            if hasattr(answer, "send"):
                answer = yield from answer
            print(json.dumps(answer), flush=True)


def raise_descriptor_limit(number):
    """Let this process and its children have `number` descriptors, if the system allows it."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def percentile(figures, part):
    """The figure below which `part` (0 to 1) of `figures` are."""
    return sorted(figures)[min(len(figures) - 1, int(part * len(figures)))]

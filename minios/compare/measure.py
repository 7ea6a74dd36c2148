"""Run a program in a fresh interpreter, and bring back what it printed and what it took."""

import json
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from signal import Signals

__all__ = ["TIMEOUT", "Run", "run_program"]

TIMEOUT = 30.0      # seconds; the examples take a fraction of one


class Run(namedtuple("Run", "file output errors problem turns wall cpu")):
    """What came of the program in `file` (a Path).

    `output` and `errors` are what it wrote to stdout and stderr. `problem` says how it failed,
    a sentence without its subject, empty if it did not. `turns`, and the times `wall` and
    `cpu` in milliseconds, are None where it ended before it could tell.
    """

    __slots__ = ()

    def source(self):
        """The text of the program."""
        return text_of(self.file.read_bytes())

    def as_data(self, with_source=True):
        """All of it in what JSON can express."""
        data = {"file": str(self.file)}
        if with_source:
            data["source"] = self.source()
        return data | {
            "output": self.output,
            "errors": self.errors,
            "problem": self.problem or None,
            "turns": self.turns,
            "wall_ms": self.wall,
            "cpu_ms": self.cpu,
        }


def run_program(file, timeout=TIMEOUT):
    """Run the Python program `file` for at most `timeout` seconds. Returns a Run."""
    reading, writing = os.pipe()
    # The figures are in the pipe when the program has ended, or never will be: a process
    # that it left behind may hold the other end open, and is not waited for.
    os.set_blocking(reading, False)
    with os.fdopen(reading, "rb", buffering=0) as figures:
        try:
            output, errors, problem = run_and_wait(file, writing, timeout)
        finally:
            os.close(writing)
        measured = json.loads(figures.read() or "{}")
    wall, cpu = (1000 * measured[key] if measured else None for key in ("wall", "cpu"))
    return Run(
        file, text_of(output), text_of(errors), problem, measured.get("turns"), wall, cpu
    )


def run_and_wait(file, descriptor, timeout):
    """The bytes that the program wrote to stdout and stderr, and its problem."""
    runner = Path(__file__).with_name("runner.py")
    command = [sys.executable, "-P", str(runner), str(descriptor), str(file)]
    try:
        done = subprocess.run(
            command, pass_fds=[descriptor], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=timeout, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
    except subprocess.TimeoutExpired as late:
        problem = f"did not end within {timeout:g} seconds, and was killed"
        return late.stdout or b"", late.stderr or b"", problem
    return done.stdout, done.stderr, problem_of(done.returncode)


def problem_of(status):
    """What an exit status says, as a sentence without its subject; empty for 0."""
    if status < 0:
        try:
            name = Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"was killed by {name}"
    return f"failed with exit status {status}" if status else ""


def text_of(written):
    """Bytes as text; what is no UTF-8 stays visible."""
    return written.decode("utf-8", errors="backslashreplace")

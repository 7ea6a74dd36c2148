"""What the tests share: the command, results that nobody has measured, and processes' ends."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from minios.benchmarks.rounds import Job, Result
from minios.benchmarks.serving import Figure
from minios.benchmarks.works import Work

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def bench(tmp_path):
    """`minios bench ARGUMENT ...` in a folder of its own; a CompletedProcess.

    `modules` is a folder whose modules come before all others.
    """

    def bench(*arguments, modules=None):
        path = [str(ROOT)] if modules is None else [str(modules), str(ROOT)]
        return subprocess.run(
            [sys.executable, "-P", "-m", "minios", "bench", *arguments], capture_output=True,
            text=True, cwd=tmp_path, timeout=240,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        )

    return bench


@pytest.fixture
def result():
    """A Result, as if it had been measured."""

    def result(name, size, by, *values, rate=None, problem=None):
        result = Result(Job(Work(name), by, size))
        result.figures += [Figure(value, rate) for value in values]
        result.problem = problem
        return result

    return result


class Lifeline:
    """A FIFO at `path`: a process that has it open for writing, and has written, is alive."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait_until_held(self):
        assert self._read() == b"held"

    def wait_until_cut(self):
        """Wait until nobody has it open any more."""
        assert self._read() == b""

    def _read(self):
        assert select.select([self._reader], [], [], 10)[0], "nothing happens to it"
        return os.read(self._reader, 4)

    def close(self):
        os.close(self._reader)


@pytest.fixture
def lifeline(tmp_path):
    lifeline = Lifeline(tmp_path / "lifeline")
    yield lifeline
    lifeline.close()

"""A folder of its own for the sockets of each test, and programs to be looked into."""

import shutil
import tempfile

import pytest

from .peer import Process, Program


@pytest.fixture(autouse=True)
def runtime(monkeypatch):
    """The runtime directory of the user, empty."""
    folder = tempfile.mkdtemp(prefix="minios-test-")     # short: a socket's path has a limit
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def program():
    """Make a kernel in a thread of this process, which has a console."""
    made = []

    def program(*routines, **options):
        made.append(Program(*routines, **options))
        return made[-1]

    yield program
    for each in made:
        each.end()


@pytest.fixture
def process(tmp_path):
    """Make a program in a process of its own."""
    made = []

    def process(text, **options):
        made.append(Process(tmp_path, text, **options))
        return made[-1]

    yield process
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()

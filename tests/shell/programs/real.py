"""The programs of this machine, to compare with: in the C locale, without anybody's settings."""

import os
import shutil
import subprocess

import pytest
from hypothesis import settings

from tests.shell.programs_harness import run_bytes

# The same examples each time.
compared = settings(derandomize=True, deadline=None, max_examples=100)


def needs(name):
    """A mark for tests that need the program `name` of GNU."""
    return pytest.mark.skipif(not _is_gnu(name), reason=f"there is no {name} of GNU here")


def assert_same(*argv, stdin=b"", folder=".", errors=False):
    """Our program and the machine's write the same, and end with the same status.

    `errors`: what they complain of is compared as well.
    """
    real = subprocess.run(
        argv, executable=shutil.which(argv[0]), input=stdin, capture_output=True, cwd=folder,
        timeout=60, env={"LC_ALL": "C", "PATH": os.environ["PATH"]}, check=False,
    )
    status, out, err = run_bytes(*argv, stdin=stdin, folder=folder)
    assert (status, out) == (real.returncode, real.stdout), real.stderr
    if errors:
        assert err == real.stderr


def _is_gnu(name):
    path = shutil.which(name)
    if path is None:
        return False
    done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    return b"GNU" in done.stdout

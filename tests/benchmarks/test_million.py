"""A million tasks: a tenth of them here."""

import re
import subprocess
import sys

from .conftest import ROOT


def test_a_hundred_thousand_sleeping_tasks_wake_in_order_within_their_memory():
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "million.py", "100000"], capture_output=True,
        text=True, timeout=120,
    )
    assert done.returncode == 0 and "woken in order: True" in done.stdout
    mebibytes = int(re.search(r"peak (\d+) MiB", done.stdout).group(1))
    assert mebibytes < 1024 / 10 + 30       # a tenth of the million's, and the interpreter

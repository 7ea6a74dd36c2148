"""13_troubles: what the shell finds in it."""

import re
import subprocess
import sys

import pytest

from .conftest import EXAMPLES


@pytest.fixture(scope="module")
def findings():
    """What a session of the shell has said about the program."""
    commands = [
        f"run {EXAMPLES / '13_troubles.py'} &", "sleep 1", "deadlocks", "echo deadlocks said $?",
        "ps -o tid,stat,cmd", "pstree -w", "ps -o cmd --sort=-time",
        "kill %1", "wait",
    ]
    return subprocess.run(
        [sys.executable, "-m", "minios", "-c", "\n".join(commands)], capture_output=True, text=True,
        timeout=60,
    ).stdout


def test_the_circle_is_named_with_the_lines_where_the_forks_were_taken(findings):
    circle = re.search(r"deadlock: (\d+) -> (\d+) -> (\d+) -> \1\n", findings)
    assert circle and len(set(circle.groups())) == 3
    assert findings.count("taken by task") == 3
    assert len(re.findall(r"taken by task \d+ at .*13_troubles.py:\d+: with \(yield from left\)",
                          findings)) == 3
    assert "deadlocks said 1" in findings


def test_ps_marks_the_three_diners_and_nobody_else(findings):
    marked = re.findall(r"(?m)^ *\d+ \w+!\S* +(\w+)$", findings)
    assert sorted(marked) == ["Aristotle", "Hypatia", "Zeno"]


def test_the_glutton_is_first_by_time(findings):
    rows = re.search(r"(?m)^CMD\n(.*)$", findings)
    assert rows.group(1) == "glutton"


def test_the_forgotten_guest_waits_for_an_event_that_nobody_sets(findings):
    assert re.search(r"guest\(\d+\) Park\(<Event not set>\)", findings)

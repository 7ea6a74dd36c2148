"""slow: the turns in which tasks held the CPU the longest."""

import json
import re
import time

import pytest

import minios
from minios.kernel.log import SlowTurn, slow_turns
from syscalls import Sleep

from ..elsewhere import elsewhere
from ..programs_harness import run


@pytest.fixture(autouse=True)
def no_reports():
    slow_turns.clear()
    yield
    slow_turns.clear()


def unwatched():
    """A kernel of which nothing is reported, on a busy machine either."""
    return minios.Kernel(slow_turn=float("inf"))


def hogs():
    yield
    deadline = time.monotonic() + 20
    while not slow_turns and time.monotonic() < deadline:
        pass
    yield Sleep(1000)


def test_what_the_watchdog_has_reported_is_shown_with_the_stack():
    kernel = minios.Kernel(slow_turn=0.02)
    status, out, err = run("slow", kernel=kernel, background=[hogs()])
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d task 2 \(hogs\) held the CPU for more than 0.02 s:", lines[0])
    assert "in hogs" in lines[1] and "kernel.py" not in out


def test_without_any_it_says_so_and_that_nobody_counts():
    assert run("slow", kernel=unwatched()) == (
        0, "no slow turns were reported; nobody counts the turns of the tasks\n", "")


def test_where_turns_are_counted_the_longest_are_shown_first():
    from minios.trace import Accounting

    def burns(seconds):
        yield
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass
        yield Sleep(1000)

    kernel = unwatched()
    kernel.attach(Accounting())
    status, out, err = run("slow", "-n", "2", kernel=kernel,
                           background=[burns(0.002), burns(0.03), burns(0.012)])
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["LONGEST", "TID", "TURNS", "ENDED-AT", "CMD"]
    assert [line[1] for line in lines[1:]] == ["3", "4"]
    assert 0.03 <= float(lines[1][0]) < 20 and lines[1][3].startswith(__file__)


def test_n_limits_the_reports_to_the_last():
    for number in range(5):
        slow_turns.append(SlowTurn(f"callback {number}", 0.5, ["  a line\n"]))
    out = run("slow", "-n", "2", kernel=unwatched())[1]
    assert "callback 3 held" in out and "callback 4 held" in out and "callback 2" not in out
    assert "held" not in run("slow", "-n", "0", kernel=unwatched())[1]
    assert run("slow", "-n", "-1", kernel=unwatched())[0] == 2


def test_json_has_the_reports():
    slow_turns.append(SlowTurn("a callback", 0.5, ["  a line\n"]))
    (row,) = json.loads(run("slow", "--json", kernel=unwatched())[1])
    assert row["tid"] is None and row["name"] == "a callback" and row["more_than"] == 0.5


def test_a_report_of_another_thread_is_shown():
    with elsewhere(hogs(), slow_turn=0.02) as system:
        deadline = time.monotonic() + 20
        while not slow_turns and time.monotonic() < deadline:
            time.sleep(0.005)
        out = run("slow", system=system)[1]
    assert "task 2 (hogs) held the CPU" in out


def test_only_the_last_reports_are_kept():
    for _ in range(100):
        slow_turns.append(SlowTurn("a callback", 0.5, []))
    assert len(slow_turns) == 32

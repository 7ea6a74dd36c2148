"""uptime: how long the kernel has run, how many tasks it has, and its load."""

import json
import re

import pytest

import minios
from minios.shell.listing.times import age_text, cpu_text, cputime_text, up_text
from minios.shell.system import System
from minios.sim import VirtualClock
from syscalls import Sleep

from ..programs_harness import run


def uptime(*arguments, seconds=0, load=None, tasks=0):
    """What uptime prints on a kernel that has been up for so long."""
    kernel = minios.Kernel(clock=VirtualClock())
    kernel.clock.advance(seconds)
    system = System(kernel)
    system.load = lambda: load
    status, out, err = run("uptime", *arguments, kernel=kernel, system=system,
                           background=[sleeper() for _ in range(tasks)])
    assert (status, err) == (0, "")
    return out


def sleeper():
    yield Sleep(1e9)


def test_the_line_is_that_of_uptime_with_the_tasks_in_the_place_of_the_users():
    text = uptime(seconds=200, load=(0.021, 1.0, 12.345), tasks=3)
    assert re.fullmatch(
        r" \d\d:\d\d:\d\d up 3 min,  4 tasks,  load average: 0\.02, 1\.00, 12\.35\n", text)


def test_an_unknown_load_is_no_number():
    assert uptime().endswith(" up 0 min,  1 task,  load average: -, -, -\n")


@pytest.mark.parametrize(("seconds", "text"), [
    (59, "0 min"), (3599, "59 min"), (3900, " 1:05"), (86_399, "23:59"), (86_400, "1 day, 0 min"),
    (2 * 86_400 + 3900, "2 days,  1:05"),
])
def test_the_time_it_is_up_is_in_minutes_then_hours_then_days(seconds, text):
    assert up_text(seconds) == text
    assert f" up {text},  1 task," in uptime(seconds=seconds)


def test_it_can_be_told_in_words_as_a_date_and_as_json():
    assert uptime("-p", seconds=86_400 + 2 * 3600 + 60) == "up 1 day, 2 hours, 1 minute\n"
    assert uptime("-p") == "up 0 minutes\n"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", uptime("-s"))
    found = json.loads(uptime("--json", seconds=200, load=(0.5, 0.25, 0.125), tasks=1))
    assert (found["up"], found["tasks"], found["load"]) == (200.0, 2, [0.5, 0.25, 0.125])
    assert found["time"] - found["since"] == pytest.approx(200, abs=1)


def test_times_of_the_cpu_and_ages_are_written_as_in_ps_and_top():
    assert [cpu_text(each) for each in (0, 1.5, 59.996, 754.25)] == (
        ["0:00.00", "0:01.50", "1:00.00", "12:34.25"])
    assert [cputime_text(each) for each in (1.9, 3725, 90_000)] == (
        ["00:00:01", "01:02:05", "1-01:00:00"])
    assert [age_text(each) for each in (0, 65, 3725, 90_000)] == (
        ["00:00", "01:05", "01:02:05", "1-01:00:00"])

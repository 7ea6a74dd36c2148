"""dmesg: the last lines of the kernel's log."""

import json
import re
import time

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import Sleep
from syscalls.log import log, recent

from ..elsewhere import elsewhere
from ..programs_harness import TypedTerminal
from ..programs_harness import run as run_program


@pytest.fixture(autouse=True)
def empty_log():
    recent.clear()
    yield
    recent.clear()


def unwatched(**options):
    """A kernel of which the watchdog reports nothing, on a busy machine either."""
    return minios.Kernel(slow_turn=float("inf"), **options)


def run(*argv, **options):
    options.setdefault("kernel", unwatched())
    return run_program(*argv, **options)


def fails():
    yield
    raise ValueError("a wrong value")


def test_an_error_that_nobody_waits_for_is_shown_with_the_seconds_since_boot():
    status, out, err = run("dmesg", background=[fails(), fails()])
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(
        r"\[    0\.\d{6}\] task 2 \(fails\), spawned at \S+, failed and nobody waits for it: "
        r"ValueError: a wrong value", lines[0])


def test_t_shows_the_time_of_day():
    log("WARNING", "something of %s", "note")
    line = run("dmesg", "-T")[1]
    match = re.fullmatch(r"\[(.{24})\] something of note\n", line)
    logged = time.mktime(time.strptime(match.group(1)))
    assert 0 <= time.time() - logged < 60


def test_a_line_of_several_is_stamped_on_each():
    log("WARNING", "one\ntwo")
    assert re.fullmatch(r"\[[ \d.-]+\] one\n\[[ \d.-]+\] two\n", run("dmesg")[1])


def test_levels_can_be_chosen():
    for level in ("ERROR", "WARNING", "INFO", "DEBUG"):
        log(level, "a line of level %s", level)
    assert run("dmesg", "-l", "err,info")[1].count("\n") == 2
    assert "WARNING" in run("dmesg", "-l", "warn")[1]
    assert "DEBUG" not in run("dmesg")[1]
    status, _, err = run("dmesg", "-l", "loud")
    assert status == 2 and "unknown level 'loud'; the levels are" in err


def test_in_virtual_time_the_seconds_are_unknown():
    log("ERROR", "a line")
    kernel = unwatched(clock=VirtualClock())
    assert run("dmesg", kernel=kernel)[1] == "[           -] a line\n"


def test_errors_are_red_where_there_are_colours():
    log("ERROR", "an error")
    terminal = TypedTerminal(colors=True)
    run("dmesg", terminal=terminal)
    assert "\x1b[31man error\x1b[0m" in terminal.text


def test_what_would_move_the_cursor_is_shown_as_text():
    log("ERROR", "clear \x1b[2J")
    assert run("dmesg")[1].endswith("] clear \\x1b[2J\n")


def test_json_has_the_level_and_both_times():
    log("ERROR", "a line", error=ValueError("v"))
    (row,) = json.loads(run("dmesg", "--json")[1])
    assert row["level"] == "ERROR" and row["text"] == "a line: ValueError: v"
    assert abs(row["time"] - time.time()) < 60 and isinstance(row["seconds"], float)


def test_w_waits_for_new_lines_and_shows_each_once():
    log("ERROR", "before")
    kernel = unwatched(clock=VirtualClock())

    def logs():
        yield Sleep(1)
        log("ERROR", "first")
        log("ERROR", "second")
        yield Sleep(1)
        for _ in range(600):        # more than are kept
            log("ERROR", "many")
        yield Sleep(1)
        kernel.kill(1, 2)

    terminal = TypedTerminal()
    with pytest.raises((KeyboardInterrupt, minios.TaskKilledError)):
        run("dmesg", "-w", kernel=kernel, background=[logs()], terminal=terminal)
    text = terminal.text
    assert [text.count(word) for word in ("before", "first", "second")] == [1, 1, 1]
    assert text.count("many") == 512


def test_the_log_of_a_kernel_in_another_thread_is_shown():
    with elsewhere(fails()) as system:
        out = run("dmesg", system=system)[1]
    assert "ValueError: a wrong value" in out

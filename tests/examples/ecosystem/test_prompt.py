"""prompt.py, at a terminal."""

import re
import signal
from contextlib import closing

import pytest

from .terminal import Terminal

pytest.importorskip("prompt_toolkit", reason="NOT TESTED: prompt_toolkit is not installed")

PROGRAM = "ecosystem/prompt.py"
CTRL_C, CTRL_D, LEFT = "\x03", "\x04", "\x1b[D"


@pytest.fixture
def terminal():
    """The program, which has shown its first prompt."""
    with closing(Terminal(PROGRAM)) as terminal:
        terminal.wait_for("alarm>")
        yield terminal


def enter(terminal, line):
    """Type the rest of a line."""
    terminal.type(line + "\r")
    assert_shows(terminal, line)


def assert_shows(terminal, line):
    """Wait for a line of output, and for the prompt: where there is none, ^C is a signal."""
    terminal.wait_for(rf"{re.escape(line)}\n")
    terminal.wait_for("alarm>")


def assert_leaves(terminal, alarms):
    terminal.type(CTRL_D)
    terminal.wait_for(f"bye; alarms that were still to come: {alarms}\n")
    assert terminal.finish() == 0
    assert terminal.settings() == terminal.settings_before
    assert "Traceback" not in terminal.screen


def test_an_alarm_goes_off_while_the_next_line_is_typed(terminal):
    enter(terminal, "0.3 tea")
    terminal.type("0 half a li")
    terminal.wait_for(r"\* tea\n")
    terminal.wait_for("alarm> *0 half a li")     # drawn again, below what was printed
    enter(terminal, "ne")
    assert_shows(terminal, "* half a line")
    assert_leaves(terminal, 0)


def test_alarms_go_off_in_the_order_of_their_times(terminal):
    enter(terminal, "0.8 second")
    enter(terminal, "1000 never")
    enter(terminal, "0 first")
    assert_shows(terminal, "* first")
    assert_shows(terminal, "* second")
    assert_leaves(terminal, 1)


def test_a_line_can_be_edited(terminal):
    terminal.type("0 tee" + LEFT + "\x7fa" + "\x1b[F" + "\x7fpot\r")    # backspace; the end key
    assert_shows(terminal, "* tapot")
    assert_leaves(terminal, 0)


def test_ctrl_c_throws_the_line_away_and_alarms_go_on(terminal):
    enter(terminal, "1 tea")
    terminal.type("0 coffee" + CTRL_C)
    assert_shows(terminal, "(Ctrl-D leaves)")
    assert_shows(terminal, "* tea")
    assert_leaves(terminal, 0)
    assert "* coffee" not in terminal.screen


def test_a_sigint_from_elsewhere_is_a_ctrl_c_too(terminal):
    terminal.process.send_signal(signal.SIGINT)
    assert_shows(terminal, "(Ctrl-D leaves)")
    assert_leaves(terminal, 0)


@pytest.mark.parametrize("line", ["soon tea", "5", "-1 tea", "inf tea", "nan tea"])
def test_a_line_that_makes_no_sense_is_refused(terminal, line):
    terminal.type(f"{line}\r")
    assert_shows(terminal, "SECONDS TEXT, please")
    assert_leaves(terminal, 0)


def test_ctrl_d_leaves_only_from_an_empty_line(terminal):
    enter(terminal, "1000 tea")
    terminal.type("x" + CTRL_D)
    terminal.type("\x7f")
    assert_leaves(terminal, 1)

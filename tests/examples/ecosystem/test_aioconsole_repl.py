"""aioconsole_repl.py, at a terminal and through pipes."""

import re
import subprocess
import sys
from contextlib import closing

import pytest

from ..conftest import EXAMPLES, PATIENCE
from .terminal import Terminal

pytest.importorskip("aioconsole", reason="NOT TESTED: aioconsole is not installed")

PROGRAM = "ecosystem/aioconsole_repl.py"
PROMPT, CTRL_C, CTRL_D = r"\n>>> ", "\x03", "\x04"


@pytest.fixture
def terminal():
    """The program, which has shown its first prompt."""
    with closing(Terminal(PROGRAM)) as terminal:
        terminal.wait_for(PROMPT)
        yield terminal


@pytest.fixture
def ask(terminal):
    """Type a line of Python; what is shown until the next prompt."""

    def ask(line):
        terminal.type(line + "\n")
        return terminal.wait_for(r"(?ms)\n(.*?)^>>> ").group(1)

    return ask


def assert_leaves(terminal):
    terminal.wait_for("the field is left alone with -?[0-9]+ blades of grass\n")
    assert terminal.finish() == 0
    assert terminal.settings() == terminal.settings_before
    assert "Exception in callback" not in terminal.screen


def test_the_tasks_go_on_while_nobody_types(terminal):
    terminal.type("field['grass'] = 0\n")
    terminal.wait_for("Flopsy starves\n")
    terminal.type(CTRL_D)
    assert_leaves(terminal)


def test_what_runs_can_be_looked_at_and_changed(terminal, ask):
    assert int(ask("field['grass']")) <= 1000
    listing = ask("await ps()")
    assert re.search(r"(?m)^ +\d+ S generator  grass +Sleep\(0\.1\)$", listing)
    assert re.search(r"(?m)^ +\d+ S generator  Flopsy +Sleep\(0\.05\)$", listing)
    assert ask("field['grass'] += 1000000") == ""
    assert int(ask("field['grass']")) > 1_000_000
    terminal.type(CTRL_D)
    assert_leaves(terminal)


def test_calls_futures_and_tasks_can_be_awaited(terminal, ask):
    assert ask("await Sleep(0.01)") == ""
    assert ask("await asyncio.sleep(0.01, 'slept')") == "'slept'\n"
    assert ask("await spawn(rabbit('Cotton', 1000000))") == "Cotton starves\n0\n"
    assert ask("await asyncio.gather(Sleep(0.01), spawn(rabbit('Mopsy', 1000000)))") == (
        "Mopsy starves\n[None, 0]\n"
    )
    terminal.type(CTRL_D)
    assert_leaves(terminal)


def test_a_task_that_is_killed_is_gone(terminal, ask):
    assert ask("cotton = spawn(rabbit('Cotton', 0), 'Cotton')") == ""
    assert " Cotton " in ask("await ps()")
    assert ask("cotton.kill()") == "True\n"
    assert re.search("CancelledError|TaskKilledError", ask("await cotton"))
    assert " Cotton " not in ask("await ps()")
    terminal.type(CTRL_D)
    assert_leaves(terminal)


def test_an_error_ends_the_line_and_not_the_console(terminal, ask):
    assert ask("1 / 0").endswith("ZeroDivisionError: division by zero\n")
    assert "SyntaxError" in ask("what this")
    assert ask("6 * 7") == "42\n"
    terminal.type("exit()\n")
    assert_leaves(terminal)


@pytest.mark.parametrize("waiting", ["Sleep(1000)", "asyncio.sleep(1000)", "spawn(rabbit('x', 0))"])
def test_ctrl_c_interrupts_what_is_awaited(terminal, ask, waiting):
    terminal.type(f"print('be' + 'gins'); await {waiting}\n")
    terminal.wait_for("\nbegins\n")
    terminal.type(CTRL_C)
    terminal.wait_for("CancelledError")
    terminal.wait_for(PROMPT)
    assert ask("6 * 7") == "42\n"
    terminal.type(CTRL_D)
    assert_leaves(terminal)


def test_ctrl_c_at_the_prompt_gives_a_new_one(terminal, ask):
    terminal.type(CTRL_C)
    terminal.wait_for("\nKeyboardInterrupt\n>>> ")
    assert ask("6 * 7") == "42\n"
    terminal.type(CTRL_D)
    assert_leaves(terminal)


def test_it_reads_a_pipe_too():
    done = subprocess.run(
        [sys.executable, EXAMPLES / PROGRAM], input="field['grass'] = 0\nawait Sleep(0.1)\n",
        capture_output=True, text=True, timeout=PATIENCE,
    )
    assert done.returncode == 0
    assert re.fullmatch(
        r"Flopsy starves\nthe field is left alone with \d+ blades of grass\n", done.stdout
    )
    assert "Traceback" not in done.stderr

"""A person at the shell's real terminal, with everything in its place."""

import os
import sys

import pytest

from .screen import Screen


@pytest.fixture
def screen(tmp_path):
    """A shell at a terminal that has shown its first prompt, in a folder of its own."""
    screen = Screen([sys.executable, "-m", "minios"], cwd=tmp_path,
                    XDG_STATE_HOME=str(tmp_path / "state"))
    screen.wait_for(r"^minios\$$")
    yield screen
    screen.close()


def run(screen, line, shown=r"^minios\$$"):
    """Type a line, and wait for what it shows and the next prompt."""
    screen.type(f"clear; {line}\r")
    screen.wait_for(shown)


def test_tab_completes_programs_flags_tids_and_files(screen, tmp_path):
    (tmp_path / "a file.txt").write_text("found\n")
    screen.type("deadl\t")
    screen.wait_for(r"^minios\$ deadlocks")
    screen.type("\x03")
    screen.wait_for(r"^minios\$$")
    screen.type("ps --so\t")
    screen.wait_for(r"^minios\$ ps --sort")
    screen.type("\x03")
    screen.wait_for(r"^minios\$$")
    screen.type("cat a\t")
    screen.wait_for(r"cat .*file\.txt")
    screen.type("\r")
    screen.wait_for("^found$")


def test_ctrl_c_clears_the_line_and_the_next_is_carried_out(screen):
    screen.type("echo never")
    screen.wait_for("never$")
    screen.type("\x03")
    screen.wait_for(r"\nminios\$$")
    screen.type("echo $?\r")
    screen.wait_for("^130$")


def test_ctrl_z_stops_top_and_fg_gives_it_the_keys_and_the_screen_back(screen):
    screen.type("top\r")
    screen.wait_for("TID USER")
    screen.type("\x1a")
    screen.wait_for(r"\[1\]\+ +Stopped +top")
    screen.wait_for(r"^minios\$$")
    screen.type("echo in between\r")
    screen.wait_for(r"^in between\nminios\$\Z")
    screen.type("fg\r")
    screen.wait_for("TID USER")
    screen.type("q")
    screen.wait_for(r"^in between\nminios\$ fg\ntop\nminios\$\Z")
    screen.type("echo back\r")
    screen.wait_for("^back$")


def test_top_fits_itself_to_the_window(screen):
    screen.type("top -d 60\r")
    screen.wait_for("TID USER")
    screen.resize(60, 9)
    screen.wait_for(r"TID USER.*\n")
    assert all(len(line) <= 60 for line in screen.lines) and len(screen.lines) <= 9
    screen.resize(130, 30)
    screen.wait_for("SCHEDp99")
    screen.type("q")
    screen.wait_for(r"minios\$")


def test_a_paste_of_10_000_characters_is_one_command(screen):
    screen.paste("echo " + "x" * 10_000 + " | wc -c")
    screen.type("\r")
    screen.wait_for("^10001$")


def test_a_binary_file_passes_through_a_pipeline(screen, tmp_path):
    data = os.urandom(1 << 20)
    (tmp_path / "binary").write_bytes(data)
    run(screen, "cat binary | cat | wc -c", rf"^{len(data)}$")


def test_a_background_program_prints_above_what_is_being_typed(screen, tmp_path):
    (tmp_path / "ticks.py").write_text(
        "import minios\nfrom syscalls import Sleep\n\ndef main():\n"
        "    for n in range(10_000):\n        print('tick', n)\n        yield Sleep(0.05)\n\n"
        "minios.run(main())\n"
    )
    screen.type("ticks.py &\r")
    screen.wait_for("^tick 2$")
    screen.type("echo typed")
    screen.wait_for(r"^minios\$ echo typed\Z")
    seen = screen.text
    screen.wait_for(r"^tick \d\d$")
    assert "echo typed" in seen and not any(
        "tick" in line and "echo" in line for line in screen.lines)
    screen.type("\r")
    screen.wait_for("^typed$")
    screen.type("kill %1; wait\r")
    screen.wait_for("Terminated")

"""The line editor, at a real terminal: what is typed, and what others write meanwhile."""

import os
import re
import signal
import stat
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from minios.shell.tty.history import HistoryFile, history_path

from ..screen import Screen

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start(tmp_path):
    """Start the small shell of prompted.py, at a terminal."""
    screens = []

    def start(**options):
        options = {"XDG_STATE_HOME": str(tmp_path / "state"), **options}
        screen = Screen([sys.executable, "-m", "tests.shell.prompted"], cwd=ROOT, **options)
        screens.append(screen)
        screen.wait_for(r"^\$$")
        return screen

    yield start
    for screen in screens:
        screen.close()


@pytest.fixture
def screen(start):
    return start()


# --- Editing -----------------------------------------------------------------------------------


def test_a_line_is_edited_and_read(screen):
    screen.type("hxllo")
    screen.type("\033[D\033[D\033[D\b" "e\r")      # left, left, left, backspace
    screen.wait_for("^got 'hello'$")


def test_home_end_and_the_keys_of_emacs_move_the_cursor(screen):
    screen.type("bc\x01a\x05d\033[Hx\033[Fy\r")
    screen.wait_for("^got 'xabcdy'$")


def test_text_of_all_the_world_is_read(screen):
    screen.type("grüße 日本 𝄞\r")
    screen.wait_for("^got 'grüße 日")


def test_ctrl_c_clears_the_line_and_says_nothing(screen):
    screen.type("half")
    screen.wait_for(r"^\$ half$")
    screen.type("\x03")
    screen.wait_for(r"^\$ half\n\$$")
    screen.run("whole")
    assert screen.lines == ["$ half", "$ whole", "got 'whole'", "$"]


def test_sigint_from_elsewhere_does_the_same(screen):
    pid = pid_of(screen)
    screen.type("half")
    screen.wait_for(r"^\$ half$")
    os.kill(pid, signal.SIGINT)
    screen.wait_for(r"^\$ half\n\$$")


def test_two_at_once_do_no_harm(screen):
    for i in range(20):
        screen.type(f"line {i}")
        screen.wait_for(rf"^\$ line {i}$")
        screen.signal(signal.SIGINT)
        screen.signal(signal.SIGINT)
        screen.wait_for(rf"^\$ line {i}\n(\$\n)*\$\Z")
    screen.type("hello\r")
    if "got" not in screen.wait_for(r"(^\$|got) '?hello'?\n\$\Z")[0]:
        # The last one has hit it.
        screen.type("hello\r")
        screen.wait_for("^got 'hello'$")


def test_ctrl_d_ends_at_an_empty_line_and_deletes_in_another(screen):
    screen.type("abc\x01\x04\r")
    screen.wait_for(r"^got 'bc'\n\$$")
    screen.type("\x04")
    assert screen.wait_for_end() == 0
    assert screen.lines[-1] == "bye"


def test_ctrl_z_does_nothing(screen):
    screen.type("a\x1ab\r")
    screen.wait_for("^got 'ab'$")


def test_ctrl_l_clears_the_screen(screen):
    screen.run("hello")
    screen.type("ab\x0c")
    screen.wait_until(lambda: screen.lines == ["$ ab"])


def test_the_end_of_the_terminal_is_the_end_of_input(screen):
    pid = pid_of(screen)
    os.close(screen.process.child_fd)
    while screen.process.isalive():
        pass
    screen.process.closed = True
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_is_typed_ahead_is_a_programs_input_or_the_next_line(screen):
    screen.type("flood 20\rread\rfor the program\rfor the prompt\r")
    screen.wait_for(r"^read b'for the program\\n'\n\$ for the prompt\ngot 'for the prompt'$")


def test_ctrl_c_that_is_typed_ahead_is_for_the_program(screen):
    screen.type("flood 1000000\rthrown away\x03hello\r")
    screen.wait_for("^got 'hello'$")
    assert "thrown" not in screen.text


def test_the_end_of_input_may_be_typed_ahead(screen):
    screen.type("read\r\x04hello\r")
    screen.wait_for(r"^read b''\n\$ hello\ngot 'hello'$")


# --- Pasting -----------------------------------------------------------------------------------


def test_a_paste_of_10_000_characters_is_one_line_until_enter_is_typed(screen):
    screen.paste("exit\r" + "x" * 9_995)
    screen.type("\r")
    screen.wait_for("^got 10000 characters$")


def test_a_paste_of_many_lines_is_carried_out_when_enter_is_typed(screen):
    screen.paste("exit\rexit\r\n" * 10)
    screen.wait_for("exit")
    screen.type("\r")
    screen.wait_for("^got 'exit" + r"\\nexit")


def test_10_000_characters_that_are_typed_arrive_too(screen):
    screen.type("y" * 10_000 + "\r")
    screen.wait_for("^got 10000 characters$")


def test_a_paste_stays_one_while_others_write(screen):
    screen.type("ticks 20\r")
    for _ in range(10):
        screen.paste("a\rb")
    screen.wait_for("^ticks are over$")
    screen.type("\r")
    screen.wait_for(r"^got 'a\\nb" + r"a\\nb" * 9 + "'$")


# --- Completion --------------------------------------------------------------------------------


def test_tab_completes_what_is_unique(screen):
    screen.type("histo\t")
    screen.wait_for(r"^\$ history$")
    screen.type("x\r")
    screen.wait_for("^got 'history x'$")


def test_tab_offers_what_there_is_and_enter_takes_one(screen):
    screen.type("hel\t")
    screen.wait_for("^ +help +about help *\n +hello world +about hello world")
    screen.type("\t\t")
    screen.wait_for(r"^\$ hello world$")
    screen.type("\r")
    screen.wait_until(lambda: screen.lines[-1] == "$ hello world")     # the menu has gone
    screen.type("\r")
    screen.wait_for("^got 'hello world '$")


def test_the_menu_fits_at_the_bottom_of_the_screen(screen):
    for i in range(32):
        screen.type(f"line {i}\r")
    screen.wait_for(r"^got 'line 31'\n\$$")
    screen.type("h\t")
    screen.wait_for("about history")
    screen.type("\x03")
    screen.wait_for(r"^\$ h\n\$\Z")
    screen.run("end")
    assert screen.lines[-2:] == ["got 'end'", "$"]


# --- History -----------------------------------------------------------------------------------


def test_the_history_is_kept_from_one_run_to_the_next(start, tmp_path):
    first = start()
    first.run("alpha one")
    first.run("beta two")
    first.type("\x04")
    first.wait_for_end()
    second = start()
    second.type("\033[A\033[A\r")
    second.wait_for(r"^got 'alpha one'\n\$$")
    second.type("\x12bet")
    second.wait_for("beta two")
    second.type("\r")
    second.wait_for("^got 'beta two'$")
    path = tmp_path / "state" / "minios" / "history"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().split("\n")[:2] == ["alpha one", "beta two"]


@pytest.mark.parametrize("state", ["/proc/nowhere", "/dev/null"])
def test_a_home_that_cannot_be_written_bothers_nobody(start, state):
    screen = start(XDG_STATE_HOME=state)
    screen.run("alpha")
    screen.run("beta")
    screen.type("\033[A\033[A\r")
    screen.wait_for(r"got 'beta'\n\$ alpha\ngot 'alpha'\n\$$")


def test_the_history_file_keeps_any_line_as_it_was(tmp_path):
    lines = ["a", "b\\n c", "two\nlines", "é 日", "back\\slash", "\\"]
    file = HistoryFile(str(tmp_path / "deep" / "history"))
    for line in lines:
        assert file.append(line)
    assert HistoryFile(str(tmp_path / "deep" / "history")).load() == lines


def test_a_line_that_repeats_or_begins_with_a_space_is_not_kept(tmp_path):
    file = HistoryFile(str(tmp_path / "history"))
    kept = [line for line in ["a", "a", " secret", "", "  ", "b", "a"] if file.append(line)]
    assert kept == ["a", "b", "a"] == file.load()


def test_a_history_that_has_grown_too_long_is_cut(tmp_path):
    path = tmp_path / "history"
    path.write_text("".join(f"line {i}\n" for i in range(10_000)))
    assert HistoryFile(str(path)).load()[-1] == "line 9999"
    assert len(path.read_text().splitlines()) == 2000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["history"]


def test_a_history_file_that_is_none_is_left_alone(tmp_path):
    os.mkfifo(tmp_path / "history")
    file = HistoryFile(str(tmp_path / "history"))
    file.append("a")
    assert file.load() == []
    assert stat.S_ISFIFO((tmp_path / "history").stat().st_mode)


def test_the_history_is_where_the_user_keeps_such_things(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert history_path() == "/state/minios/history"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/me")
    assert history_path() == "/home/me/.local/state/minios/history"


# --- What others write meanwhile -----------------------------------------------------------------


def test_output_of_the_background_appears_above_the_line_that_is_edited(screen):
    screen.type("ticks 5\r")
    for character in "half a line":
        screen.type(character)
    screen.wait_for(r"^ticks are over\n\$ half a line$")
    expected = [f"{what} {i}" for i in range(5) for what in ("tick", "log", "thread", "wrote")]
    above = screen.lines[screen.lines.index("tick 0"):-2]
    assert above == expected
    screen.type("\r")
    screen.wait_for("^got 'half a line'$")


def test_much_output_neither_gets_lost_nor_out_of_order(screen):
    screen.type("ticks 200\r")
    screen.wait_for(r"^ticks are over\n\$$")
    seen = [line for line in screen.scrolled + screen.lines
            if re.match(r"(tick|log|thread|wrote) \d", line)]
    assert seen == [f"{what} {i}" for i in range(200)
                    for what in ("tick", "log", "thread", "wrote")]


def test_who_writes_very_much_waits_and_all_of_it_is_seen(screen):
    screen.type("pour 4500\rab")
    screen.wait_for(r"^poured\n\$ ab$")
    screen.type("\r")
    screen.wait_for("^got 'ab'$")
    shown = screen.scrolled + screen.lines
    for start in ("pour", "thread pour"):
        seen = [line for line in shown if re.fullmatch(rf"{start} \d+", line)]
        assert seen == [f"{start} {i}" for i in range(4500)]


def test_a_line_that_grows_is_shown_above_the_prompt(screen):
    screen.type("dots 30\rabc")
    screen.wait_for(r"^\.{30}\|\n\$ abc$")
    screen.type("\r")
    screen.wait_for(r"^\.{30}\|\n\$ abc\ngot 'abc'\n\$$")


def test_a_task_that_hogs_the_cpu_garbles_nothing(screen):
    screen.type("hog\r")
    screen.type("abc")
    screen.wait_for(r"^hog 0\nhog 1\nhog 2\nhog 3\nhog 4\n\$ abc$")
    screen.type("d\r")
    screen.wait_for("^got 'abcd'$")


def test_the_last_words_before_the_end_are_seen(screen):
    screen.type("last 500\r")
    assert screen.wait_for_end() == 3
    seen = [line for line in screen.scrolled + screen.lines if line.startswith("last ")]
    assert seen == [f"last {i}" for i in range(500)]
    assert screen.lines[-1] == "bye"


def test_the_prompt_begins_a_line_of_its_own(screen):
    screen.run("partial")
    assert screen.lines == ["$ partial", "no newline", "$"]


def test_at_a_terminal_of_another_width_too(start):
    screen = start(columns=33)
    screen.run("partial")
    assert screen.lines == ["$ partial", "no newline", "$"]


# --- The window ----------------------------------------------------------------------------------


def test_the_line_follows_the_window(screen):
    screen.type("x" * 90)
    screen.wait_for(r"^\$ x{90}$")
    screen.resize(60, 20)
    screen.wait_for(r"^\$ x{58}\n?x{32}$")
    screen.resize(100, 30)
    screen.type("y")
    screen.wait_for(r"^\$ x{90}y$")
    screen.type("\r")
    screen.wait_for(f"got '{'x' * 90}y'")


def test_after_the_whole_process_was_stopped_the_line_is_edited_on(screen):
    raw = screen.modes()
    screen.type("half")
    screen.wait_for(r"^\$ half$")
    screen.signal(signal.SIGSTOP)
    while state_of(screen.process.pid) != "T":
        pass
    cooked = [*raw[:6], raw[6]]
    cooked[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(screen.process.child_fd, termios.TCSANOW, cooked)
    screen.signal(signal.SIGCONT)
    screen.wait_for(r"^\$ half\n\$ half$")
    assert screen.modes() == raw
    screen.type(" a line\r")
    screen.wait_for("^got 'half a line'$")


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


# --- Colours -------------------------------------------------------------------------------------


def test_the_prompt_is_coloured(screen):
    assert screen.color_at(0, 0) == "green"


def test_no_color_is_heeded(start):
    screen = start(NO_COLOR="1")
    assert screen.color_at(0, 0) == "default"
    assert not re.search(rb"\033\[[0-9;]*3[0-9]m", screen.raw)


# --- The kernel ----------------------------------------------------------------------------------


def test_when_the_line_has_been_read_nothing_of_the_editor_is_left_running(screen):
    screen.run("hello")
    screen.run("tasks")
    tasks = [line for line in screen.lines if line.startswith("task ")]
    assert [line for line in tasks if "loop" in line] == [
        "task [event loop] 0 callbacks, 0 timers, 1 descriptors loop"]
    assert len(tasks) == 2      # and the shell


def test_the_signal_handlers_and_the_kernels_wakeup_are_as_before(screen):
    screen.run("hello")
    screen.run("handlers")
    assert any(re.match("wakeup True winch .*SIG_DFL", line) for line in screen.lines)


def test_waiting_at_the_prompt_is_no_deadlock_and_costs_nothing(screen):
    pid = pid_of(screen)
    before = cpu_time(pid)
    screen._read(1.0)
    screen.run("hello")
    assert cpu_time(pid) - before < 0.5


def pid_of(screen):
    screen.type("pid\r")
    pid = int(screen.wait_for(r"^pid (\d+)\n\$$")[1])
    screen.type("\x0c")
    screen.wait_until(lambda: screen.lines == ["$"])
    return pid


def cpu_time(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- Without ---------------------------------------------------------------------------------


def test_without_prompt_toolkit_lines_are_plain(start, tmp_path):
    (tmp_path / "prompt_toolkit.py").write_text("raise ImportError('not here')")
    screen = start(PYTHONPATH=str(tmp_path))
    screen.run("hello")
    assert "got 'hello'" in screen.text
    assert b"\033[?2004h" not in screen.raw


def test_a_dumb_terminal_gets_plain_lines(start):
    screen = start(TERM="dumb")
    screen.run("hello")
    screen.run("partial")
    assert b"\033" not in screen.raw


def test_prompt_toolkit_is_not_loaded_where_no_terminal_is():
    code = ("import sys, minios; from minios.shell.tty.prompt import make_terminal;"
            "make_terminal(minios.Kernel()); print('prompt_toolkit' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True,
                          check=True, cwd=ROOT)
    assert done.stdout == "False\n"


def test_ctrl_c_in_a_search_gives_it_up_with_its_line(screen):
    screen.type("first\r")
    screen.wait_for(r"^got 'first'$")
    screen.type("\x12fir")
    screen.wait_for("reverse")
    screen.type("\x03")
    screen.wait_for(r"\$\Z")
    screen.type("second\r")
    screen.wait_for(r"^got 'second'$")

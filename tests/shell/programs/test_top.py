"""top: screens that are printed, the live one and its keys, and what is measured."""

import json
import re
import signal
import sys
import threading

import pytest

import minios
from minios.shell.listing.activity import Activity
from minios.shell.listing.counting import counting
from minios.shell.listing.hogs import Hogs
from minios.shell.system import System
from minios.shell.tty.screen import Screen
from minios.sim import VirtualClock
from syscalls import Kill, SetName, Sleep, Spawn, Wait

from .. import screen as real
from ..programs_harness import TypedTerminal, run

TITLES = "TID USER PR NI S %CPU TIME+ COMMAND SW/s SCHEDp99 WCHAN".split()


def sleeper(name="sleeper"):
    yield SetName(name)
    yield Sleep(1e6)


def ticker(seconds=0.07):
    while True:
        yield Sleep(seconds)


def busy():
    """Uses time: that of a virtual clock stands still in a turn, and is moved by hand."""
    while True:
        minios.current_kernel().clock.advance(0.01)
        yield Sleep(0.1)


def top(*arguments, background=None, status=0, **options):
    """What top prints."""
    if background is None:
        background = [sleeper("one"), ticker()]
    kernel = options.setdefault("kernel", minios.Kernel(clock=VirtualClock()))
    got, out, err = run("top", *arguments, background=background, **options)
    assert (got, err) == (status, "")
    assert kernel.accounting is None        # it has been detached again
    return out


def at_terminal(typed, *arguments, background=None, **options):
    """The terminal after top has run there."""
    terminal = TypedTerminal(typed, **options)
    top(*arguments, background=background, terminal=terminal)
    assert terminal.data.endswith(b"\x1b[?25h\x1b[?1049l") and not terminal.reads_keys
    return terminal


def frames(terminal):
    """What was drawn, frame by frame, as lists of lines."""
    found = []
    for frame in terminal.text.split("\x1b[H")[2:]:
        text = re.split(r"\x1b\[(?:\?|\d+;1H)", re.sub(r"\x1b\[[KJ]", "", frame))[0]
        found.append([line.rstrip() for line in text.split("\r\n")])
    return found


def commands(lines):
    """The names of the tasks, in the order in which they are shown."""
    return [line.split()[7] for line in lines[6:] if line]


# --- Printed screens ----------------------------------------------------------------------------


def test_a_screen_has_the_head_of_top_and_its_columns():
    lines = top("-b", "-n", "1").splitlines()
    assert lines[0].startswith("top - ") and "up 0 min,  load average: " in lines[0]
    assert lines[1] == ("Tasks:   3 total,   1 running,   2 sleeping,   0 stopped,   0 zombie")
    assert lines[2].startswith("%Loop: ") and lines[2].count(",") == 3
    assert lines[5].split() == TITLES
    assert sorted(commands(lines)) == ["one", "ticker", "top"]


def test_without_a_terminal_it_prints_as_many_screens_as_asked_for():
    assert top("-n", "3").count("top - ") == 3


def test_tasks_that_had_turns_come_before_those_that_had_none():
    background = [sleeper("one"), ticker(0.01), sleeper("two")]
    lines = top("-b", "-n", "1", background=background).splitlines()
    names = commands(lines)
    assert names.index("ticker") < names.index("one") < names.index("two")
    row = next(line.split() for line in lines if " ticker " in line)
    assert (row[0], row[1], row[4], row[10]) == ("3", "1", "S", "Sleep")
    assert 90 <= int(row[8]) <= 110


def test_stopped_and_ended_tasks_are_counted():
    def stopper():
        task = yield Spawn(sleeper())
        yield Spawn(ender())
        yield
        yield Kill(task, signal.SIGSTOP)
        yield Sleep(1e6)

    def ender():
        return 1
        yield

    assert top("-b", "-n", "1", background=[stopper()]).splitlines()[1] == (
        "Tasks:   3 total,   1 running,   1 sleeping,   1 stopped,   1 zombie")


def test_tasks_are_limited_to_those_named():
    background = [sleeper("one"), sleeper("two"), sleeper("three")]
    lines = top("-b", "-n", "1", "-p", "2,4", background=background).splitlines()
    assert commands(lines) == ["one", "three"]
    assert lines[1].startswith("Tasks:   4 total")


def test_json_has_the_numbers():
    found = json.loads(top("--json", "-n", "1", "-o", "tid"))
    assert found["tasks"]["total"] == 3
    assert set(found["loop"]) == {"user", "kernel", "poll", "idle"}
    assert [row["command"] for row in found["rows"]] == ["ticker", "one", "top"]
    assert [name.upper() for name in found["rows"][0]] == [name.upper() for name in TITLES]


def test_lines_and_columns_of_the_environment_are_the_size_of_a_screen(monkeypatch):
    monkeypatch.setenv("LINES", "8")
    monkeypatch.setenv("COLUMNS", "200")
    lines = top("-b", "-n", "1", background=[sleeper() for _ in range(20)]).splitlines()
    assert len(commands(lines)) == 2 and len(lines[5]) > 120


@pytest.mark.parametrize(("arguments", "message"), [
    (["-o", "nonsense"], "top: nonsense: no key to sort by; they are %CPU, TIME+ and TID"),
    (["-d", "0"], "top: 0.0: no delay; give seconds > 0"),
    (["-d", "nan"], "top: nan: no delay; give seconds > 0"),
    (["-n", "0"], "top: 0: give a number of screens > 0"),
])
def test_wrong_options_are_usage_errors(arguments, message):
    status, out, err = run("top", *arguments)
    assert (status, out) == (2, "") and err.startswith(message)


def test_a_tid_that_is_not_there_is_told():
    assert run("top", "-p", "99") == (1, "", "top: 99: no such task\n")


# --- At a terminal ------------------------------------------------------------------------------


def test_it_draws_in_place_and_gives_the_screen_back():
    terminal = at_terminal([None, None, "q"])
    assert terminal.text.startswith("\x1b[?1049h\x1b[?25l")
    assert len(frames(terminal)) == 3
    assert "\n" not in terminal.text.replace("\r\n", "")


def test_no_line_is_wider_than_the_screen_and_no_frame_higher():
    terminal = at_terminal([None, "q"], columns=40, lines=10,
                           background=[sleeper("x" * 100) for _ in range(30)])
    for lines in frames(terminal):
        assert len(lines) <= 10 and max(map(len, lines)) <= 40


def test_a_resize_draws_anew_at_the_new_size():
    def resize():
        terminal.columns, terminal.lines = 120, 12

    terminal = TypedTerminal([resize, "resize", "q"], lines=8)
    top(terminal=terminal, background=[sleeper() for _ in range(30)])
    first, second = frames(terminal)
    assert (len(first), len(second)) == (8, 12)
    assert len(second[5]) > len(first[5])


def test_keys_choose_the_order():
    typed = [None, "T", "N", "P", "q"]
    terminal = at_terminal(typed, background=[ticker(), sleeper("one"), sleeper("two")])
    shown = [commands(lines) for lines in frames(terminal)]
    assert shown[3] == ["two", "one", "ticker", "top"]      # N
    assert shown[2][-2:] == ["one", "two"]                  # T: they have used nothing
    assert shown[4] != shown[3]


def test_space_looks_again_at_once_and_unknown_keys_do_nothing():
    now = []

    def look():
        now.append(terminal.kernel.now())

    kernel = minios.Kernel(clock=VirtualClock())
    terminal = TypedTerminal([look, " ", look, "z", look, "q"])
    terminal.kernel = kernel
    top(terminal=terminal, kernel=kernel)
    assert now == [now[0]] * 3 and len(frames(terminal)) == 3


def test_help_is_shown_until_a_key_is_typed():
    terminal = at_terminal(["h", "x", "q"])
    shown = frames(terminal)
    assert shown[1][0] == "  q  quit                    P  sort by %CPU"
    assert shown[2][0].startswith("top - ")


def test_a_filter_shows_the_tasks_that_have_a_text_in_their_name_and_an_empty_one_all():
    typed = ["f", *"onx", "backspace", "enter", "f", "enter", "q"]
    shown = frames(at_terminal(typed, background=[sleeper("one"), sleeper("two")]))
    assert commands(shown[1]) == ["one"]
    assert shown[1][3] == "with 'on' in their names"
    assert sorted(commands(shown[2])) == ["one", "top", "two"]


def test_escape_leaves_a_question_as_if_it_had_not_been_asked():
    shown = frames(at_terminal(["f", "x", "escape", "q"]))
    assert sorted(commands(shown[1])) == ["one", "ticker", "top"]


def test_k_kills_the_task_that_is_named_with_the_signal_that_is():
    ended = []

    def victim():
        try:
            yield Sleep(1e6)
        finally:
            ended.append("victim")

    typed = ["k", "2", "enter", *"int", "enter", None, "q"]
    shown = frames(at_terminal(typed, background=[victim(), sleeper("two")]))
    assert ended == ["victim"]
    assert "sent SIGINT to task 2 (victim)" in [lines[4] for lines in shown]
    assert sorted(commands(shown[-1])) == ["top", "two"]


@pytest.mark.parametrize(("typed", "message"), [
    (["k", "9", "9", "enter"], "99: no such task"),
    (["k", "x", "enter"], "x: no tid; give one as ps shows it"),
    (["k", "2", "enter", *"foo", "enter"], "foo: no such signal; kill -l lists them"),
    (["r", "2", "enter", *"much", "enter"], "much: no nice value; give a number from -20 to 19"),
    (["d", *"-1", "enter"], "-1: no delay; give seconds > 0"),
])
def test_what_is_wrong_is_said_on_a_line_of_the_screen(typed, message):
    assert frames(at_terminal([*typed, "q"]))[-1][4] == message


def test_r_changes_the_nice_value():
    shown = frames(at_terminal(["r", "2", "enter", "5", "enter", "q"]))
    assert shown[-1][4] == "task 2 (one) has the nice value 5"
    row = next(line.split() for line in shown[-1] if line.split()[7:8] == ["one"])
    assert row[2:4] == ["25", "5"]


def test_where_only_looking_is_allowed_nothing_is_killed_and_it_says_how_it_would_be():
    kernel = minios.Kernel(clock=VirtualClock())
    terminal = TypedTerminal(["k", "2", "enter", "enter", "r", "2", "enter", "1", "enter", "q"])
    top(terminal=terminal, kernel=kernel, system=System(kernel, rights=()))
    messages = [lines[4] for lines in frames(terminal)]
    assert messages[1].startswith("only looking is allowed here") and messages[2] == messages[1]


def test_the_delay_can_be_changed():
    now = []

    def look():
        now.append(kernel.now())

    kernel = minios.Kernel(clock=VirtualClock())
    terminal = TypedTerminal(["d", "9", "enter", look, None, look, "q"])
    top(terminal=terminal, kernel=kernel)
    assert now[1] - now[0] == pytest.approx(9)


def test_it_ends_after_so_many_screens():
    assert len(frames(at_terminal([None, None], "-n", "3"))) == 3


def test_a_terminal_that_has_gone_ends_it():
    class Gone(TypedTerminal):
        def get(self, seconds=None):
            return None
            yield

    terminal = Gone()
    top(terminal=terminal, status=1)
    assert len(frames(terminal)) == 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_screen_is_given_back_when_it_is_killed(signum):
    def killer():
        yield Sleep(4)
        yield Kill(1, signum)

    kernel = minios.Kernel(clock=VirtualClock())
    terminal = TypedTerminal([None] * 5)
    with pytest.raises((minios.TaskKilledError, KeyboardInterrupt)):
        run("top", kernel=kernel, background=[killer()], terminal=terminal)
    assert terminal.data.endswith(b"\x1b[?25h\x1b[?1049l") and not terminal.reads_keys
    assert kernel.accounting is None


def test_the_screen_is_given_back_when_writing_fails():
    class Broken(TypedTerminal):
        def write(self, data, error=False):
            raise OSError(5, "Input/output error")
            yield

    terminal = Broken()
    status, _, err = run("top", terminal=terminal)
    assert (status, err) == (1, "top: Input/output error\n")
    assert terminal.data.endswith(b"\x1b[?25h\x1b[?1049l")


def test_a_full_line_is_not_cleared_behind_its_end():
    terminal = TypedTerminal(columns=10, lines=2)
    minios.run(Screen(terminal).draw(["x" * 10, ("ab", "reverse"), "out of sight"]))
    assert terminal.text == "\x1b[?25l\x1b[H" + "x" * 10 + "\r\nab" + " " * 8


# --- What is measured ---------------------------------------------------------------------------


def measured(main):
    """Run `main(kernel, activity)`, a generator function, with an Activity."""
    kernel = minios.Kernel(clock=VirtualClock())

    def routine():
        with counting(System(kernel)) as counted:
            yield from main(kernel, Activity(System(kernel), counted))

    kernel.run(routine())


def row_of(activity, task):
    return next(row for row in activity.rows if row.task is task)


def test_what_was_used_before_the_last_look_is_not_counted_again():
    def main(kernel, activity):
        task = kernel.spawn(ticker(1.0))
        yield from activity.start()
        yield Sleep(10.5)
        yield from activity.look(10)
        first = row_of(activity, task)
        yield Sleep(4)
        yield from activity.look(10)
        second = row_of(activity, task)
        assert first.rate == pytest.approx(11 / 10.5) and second.rate == pytest.approx(1.0)
        task.kill(9)

    measured(main)


def test_what_others_had_counted_before_it_began_is_not_new():
    def main(kernel, _):        # somebody counts already
        task = kernel.spawn(ticker(1.0))
        yield Sleep(100.5)
        with counting(System(kernel)) as counted:
            activity = Activity(System(kernel), counted)
            yield from activity.start()
            yield Sleep(2)
            yield from activity.look(10)
        assert row_of(activity, task).rate == pytest.approx(1.0)
        task.kill(9)

    measured(main)


def test_of_many_that_were_active_those_that_used_most_come_first_and_others_fill_the_rest():
    def main(kernel, activity):
        tickers = [kernel.spawn(ticker(1.0)) for _ in range(300)]
        idle = [kernel.spawn(sleeper()) for _ in range(10)]
        yield Sleep(0.5)
        yield from activity.start()
        yield Sleep(1)
        yield from activity.look(20)
        shares = [row.share for row in activity.rows]
        assert len(shares) == 20 and shares == sorted(shares, reverse=True)
        assert {row.task for row in activity.rows} <= {*tickers, kernel.main_task}
        yield from activity.look(305)       # nobody has had a turn since
        assert [row.task for row in activity.rows][1:] == kernel.all_tasks()[1:305]
        yield from activity.look(10, "tid")
        assert [row.task for row in activity.rows] == idle[::-1]
        for task in [*tickers, *idle]:
            task.kill(9)

    measured(main)


def test_the_shares_of_the_loop_s_time_are_those_since_the_last_look():
    def main(kernel, activity):
        task = kernel.spawn(busy())
        yield from activity.start()
        yield Sleep(1.05)
        yield from activity.look(5)
        assert activity.shares["user"] == pytest.approx(0.1, abs=0.02)
        assert activity.shares["idle"] == pytest.approx(0.9, abs=0.02)
        task.kill(9)
        yield
        yield from activity.look(5)
        yield Sleep(10)
        yield from activity.look(5)
        assert activity.shares["user"] == pytest.approx(0, abs=0.001)

    measured(main)


def test_a_task_that_has_ended_is_kept_by_nobody():
    import gc
    import weakref

    def main(kernel, activity):
        def ender():
            yield Sleep(1)

        task = weakref.ref(kernel.spawn(ender()))
        yield from activity.look(5)
        yield Sleep(0.5)
        yield from activity.look(5)
        yield Wait(task())
        yield Sleep(1)
        yield from activity.look(5)
        gc.collect()
        assert task() is None

    measured(main)


# --- A task that holds the CPU ------------------------------------------------------------------


def test_a_task_that_holds_the_cpu_is_named_with_its_line():
    kernel, started, stop = minios.Kernel(), threading.Event(), threading.Event()

    def hog():
        started.set()
        stop.wait()         # the line
        yield

    thread = threading.Thread(target=kernel.run, args=[hog()], kwargs={"name": "hog"})
    thread.start()
    try:
        assert started.wait(30)
        hogs = Hogs(System(kernel))
        assert hogs.look() == []            # one look tells nothing
        line, = hogs.look()
    finally:
        stop.set()
        thread.join()
    assert line.startswith("task 1 (hog) has held the CPU for 0.")
    assert hogs.look() == []


def test_top_shows_on_a_line_of_its_own_which_task_holds_the_cpu():
    other, started, stop = minios.Kernel(), threading.Event(), threading.Event()

    def hog():
        yield Spawn(sleeper("one"))
        started.set()
        stop.wait()
        yield

    thread = threading.Thread(target=other.run, args=[hog()])
    thread.start()
    try:
        assert started.wait(30)
        lines = top("-b", "-n", "1", system=System(other), background=[]).splitlines()
    finally:
        stop.set()
        thread.join()
    who, where = lines[3].split(" at ")
    assert re.fullmatch(r"task 1 \(hog\) has held the CPU for \d+\.\d s", who)
    assert re.search(r"threading.py:\d+$", where)
    assert commands(lines) == ["hog", "sleeper"]
    assert lines[6].split()[4] == "R" and other.accounting is None


def test_on_the_kernel_that_it_runs_on_nobody_else_holds_the_cpu():
    def main():
        hogs = Hogs(System(minios.current_kernel()))
        found = [hogs.look(), hogs.look()]
        yield
        return found

    assert minios.run(main()) == [[], []]


# --- At a real terminal -------------------------------------------------------------------------

PROGRAM = """
import minios
from syscalls import Sleep, Spawn

def sleeper():
    yield Sleep(1000)

def main():
    for number in range(40):
        yield Spawn(sleeper(), name=f"sleeper{number}")
    yield Sleep(1000)

minios.run(main())
"""


def test_at_a_real_terminal_it_follows_the_window_asks_and_gives_the_screen_back(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    screen = real.Screen([sys.executable, "-m", "minios"], cwd=tmp_path, columns=90, rows=24,
                             XDG_STATE_HOME=str(tmp_path), HOME=str(tmp_path))
    try:
        screen.wait_for(r"\$ ?$")
        screen.type("run program.py &\r")
        screen.wait_for(r"^\[1\] \d+")
        screen.type("top -d 1000\r")
        screen.wait_until(lambda: len(screen.lines) == 24, "a full screen")
        assert screen.lines[5].split() == TITLES
        narrow = screen.lines[5].index("WCHAN")
        screen.resize(120, 12)
        screen.wait_until(lambda: screen.lines[5:] and screen.lines[5].find("WCHAN") > narrow
                          and len(screen.lines) == 12, "a wider one of 12 lines")
        assert screen.lines[0].startswith("top - ")
        screen.type("k")
        screen.wait_for(r"^Kill task \[")
        screen.type("99999\r")
        screen.wait_for(r"^99999: no such task$")
        screen.type("q")
        screen.wait_for(r"\$ ?\Z")
        assert "minios$ top -d 1000" in screen.text and "SCHEDp99" not in screen.text
        screen.type("top\r")
        screen.wait_for("SCHEDp99")
        screen.type("\x03")
        screen.wait_for(r"\$ ?\Z")
        assert "SCHEDp99" not in screen.text
    finally:
        screen.close()

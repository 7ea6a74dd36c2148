"""ps: the forms, the columns, the order, and tasks by the thousand."""

import json
import re
import threading

import pytest

import minios
from minios.shell.system import System
from minios.sim import VirtualClock
from syscalls import Kill, SetName, Sleep, Spawn, Wait

from ..programs_harness import TypedTerminal, run


def kernel():
    return minios.Kernel(clock=VirtualClock())


def sleeper(name="sleeper", seconds=1000):
    yield SetName(name)
    yield Sleep(seconds)


def ps(*arguments, background=None, status=0, **options):
    """The lines that ps prints."""
    if background is None:
        background = [sleeper("one"), sleeper("two")]
    options.setdefault("kernel", kernel())
    got, out, err = run("ps", *arguments, background=background, **options)
    assert (got, err) == (status, "")
    return out.splitlines()


def cells(line, n):
    return line.split(None, n)


# --- Forms --------------------------------------------------------------------------------------


def test_the_own_form_is_short():
    lines = ps()
    assert re.fullmatch(r"  1    0 Rs    0    -  \d -           ps", lines.pop(1))
    assert lines == [
        "TID PTID STAT NI TIME SW WAIT        CMD",
        "  2    1 S     0    -  2 Sleep(1000) one",
        "  3    1 S     0    -  2 Sleep(1000) two",
    ]


@pytest.mark.parametrize(("arguments", "headers"), [
    (["aux"], "USER TID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"),
    (["-aux"], "USER TID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"),
    (["-ef"], "UID TID PTID C STIME TTY TIME CMD"),
    (["-e"], "TID PTID STAT NI TIME SW WAIT CMD"),
    (["-l"], "F S UID TID PTID C PRI NI ADDR SZ WCHAN TTY TIME CMD"),
    (["-elf"], "F S UID TID PTID C PRI NI ADDR SZ WCHAN STIME TTY TIME CMD"),
])
def test_the_forms_of_ps_have_its_columns(arguments, headers):
    lines = ps(*arguments)
    assert lines[0].split() == headers.split()
    assert [len(line.split()) for line in lines[1:]] == [len(headers.split())] * 3


def test_aux_has_the_group_for_a_user_and_the_size_of_the_frames():
    fields = ps("aux", kernel=minios.Kernel())[2].split()
    assert fields[:2] == ["1", "2"] and fields[4:6] == ["-", "1"] and fields[-1] == "one"
    assert re.fullmatch(r"\d\d:\d\d", fields[8])


def test_a_child_names_its_parent():
    def parent():
        yield Wait((yield Spawn(sleeper("child"))))

    assert [line.split()[1:3] for line in ps("-ef", background=[parent()])] == [
        ["TID", "PTID"], ["1", "0"], ["2", "1"], ["3", "2"]]


# --- Columns ------------------------------------------------------------------------------------


def test_columns_are_chosen_with_one_option_or_several():
    assert ps("-o", "tid,cmd", "-o", "ni")[:2] == ["TID CMD NI", "  1 ps   0"]
    assert ps("-o", "pid ppid %cpu")[0].split() == ["TID", "PTID", "%CPU"]


def test_a_column_may_have_another_header_and_where_none_has_one_there_is_no_line_of_them():
    assert ps("-o", "tid=NUMBER,cmd=")[0] == "NUMBER"
    assert ps("-o", "tid=,cmd=", "2") == ["2 one"]


def test_headers_are_left_out_when_asked_for():
    assert ps("--no-headers", "-o", "cmd") == ["ps", "one", "two"]


def test_an_unknown_key_is_a_usage_error_that_names_the_keys():
    for arguments in (["-o", "nonsense"], ["--sort", "nonsense"]):
        status, out, err = run("ps", *arguments)
        assert (status, out) == (2, "")
        assert "ps: unknown key 'nonsense'; the keys are tid ptid" in err
    assert run("ps", "-o", ",")[0] == 2


def test_json_has_numbers_for_numbers_and_null_for_what_is_unknown():
    rows = json.loads("\n".join(ps("--json", "-o", "tid,stat,wait,time,dl,cmd")))
    assert rows == [
        {"tid": 1, "stat": "Rs", "wait": None, "time": None, "dl": None, "cmd": "ps"},
        {"tid": 2, "stat": "S", "wait": "Sleep(1000)", "time": None, "dl": 1000.0, "cmd": "one"},
        {"tid": 3, "stat": "S", "wait": "Sleep(1000)", "time": None, "dl": 1000.0, "cmd": "two"},
    ]


def test_a_name_cannot_steer_the_terminal():
    lines = ps("-o", "cmd=", background=[sleeper("\x1b[2Jx\ny")])
    assert lines == ["ps", "\\x1b[2Jx\\ny"]


# --- Which tasks, in which order ----------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["3", "2"], ["-p", "3,2"], ["-p", "2", "-p", "3"], ["2,3"]])
def test_numbers_are_the_tids_of_the_tasks_to_list(arguments):
    assert [line.split()[0] for line in ps("-o", "tid=", *arguments)] == ["2", "3"]


def test_a_tid_that_is_not_there_is_told_and_the_others_are_listed():
    status, out, err = run("ps", "-o", "tid=", "2", "99", background=[sleeper()], kernel=kernel())
    assert (status, out, err) == (0, "2\n", "ps: 99: no such task\n")
    status, out, err = run("ps", "99")
    assert (status, out.split()[0], err) == (1, "TID", "ps: 99: no such task\n")


def test_a_task_that_has_ended_is_listed_where_it_is_named():
    def ender():
        return 3
        yield

    assert ps("-o", "tid,stat,cmd", "2", background=[ender()])[1:] == ["  2 Z    ender"]
    assert len(ps("-o", "tid", background=[ender()])) == 2      # the header, and ps


def test_a_word_that_is_neither_a_tid_nor_a_form_is_a_usage_error():
    status, _, err = run("ps", "foo")
    assert status == 2 and "ps: foo: neither a tid nor letters as in `ps aux`" in err


def test_tasks_are_sorted_by_keys_up_and_down():
    background = [sleeper("b"), sleeper("a"), sleeper("b")]
    assert ps("-o", "cmd=,tid=", "--sort", "cmd,-tid", background=background) == [
        "a  3", "b  4", "b  2", "ps 1"]
    background = [sleeper("b"), sleeper("a"), sleeper("b")]
    assert ps("-o", "tid=", "--sort", "-tid", background=background) == ["4", "3", "2", "1"]
    assert ps("-o", "tid=", "--sort=+tid")[0] == "1"


def test_thousands_of_tasks_are_sorted():
    background = [sleeper(f"{number * 7919 % 3000:04}") for number in range(3000)]
    lines = ps("--sort", "-cmd", "-o", "cmd=", background=background)
    assert lines == ["ps", *(f"{number:04}" for number in reversed(range(3000)))]


# --- States -------------------------------------------------------------------------------------


def test_tasks_that_wait_for_each_other_have_an_exclamation_mark():
    def waiter(tid):
        yield
        yield
        yield Wait(tid)

    lines = ps("-o", "tid=,stat=,wfor=", background=[waiter(3), waiter(2), waiter(2)])
    assert lines[1:] == ["2 S! task 3", "3 S! task 2", "4 S  task 2"]
    # Whoever is asked for, those that he waits for have a part in it.
    assert ps("-o", "stat=", "2", background=[waiter(3), waiter(2)]) == ["S!"]


# --- Ended tasks --------------------------------------------------------------------------------


def failing():
    raise ValueError("no such thing")
    yield


def killer():
    task = yield Spawn(sleeper("victim"))
    yield
    yield Kill(task, 9)
    yield Sleep(1000)


@pytest.mark.filterwarnings("ignore")
def test_ended_tasks_are_listed_with_status_killer_place_and_traceback():
    lines = ps("-Z", background=[killer(), failing(), sleeper(), sleeper()])
    assert lines[0].split() == "TID PTID ENDED STATUS SIGNAL KILLER PLACE CMD".split()
    by_tid = {line.split()[0]: line.split() for line in lines[1:3]}
    assert by_tid["3"] == ["3", "1", "-", "1", "-", "-", "-", "failing"]
    victim = by_tid["6"]
    assert victim[:6] == ["6", "2", "-", "137", "KILL", "2"]
    place = killer.__code__.co_firstlineno + 3
    assert victim[6] == f"{__file__}:{place}" and victim[7] == "victim"
    story = lines[lines.index("task 3 (failing): ValueError: no such thing"):]
    assert story[1].startswith("  spawned at ")
    assert f"  {__file__}:{failing.__code__.co_firstlineno + 1} in failing" in story


@pytest.mark.filterwarnings("ignore")
def test_ended_tasks_can_be_named_and_are_there_as_json():
    rows = json.loads("\n".join(ps("-Z", "--json", "2", background=[failing(), killer()])))
    assert [(row["tid"], row["status"], row["error"], row["killer"]) for row in rows] == [
        (2, 1, "ValueError: no such thing", None)]
    assert "in failing" in rows[0]["trace"][-1]
    assert run("ps", "-Z", "7")[0] == 1


def test_where_nothing_has_gone_wrong_there_are_no_ended_tasks():
    assert len(ps("-Z")) == 1


# --- At a terminal ------------------------------------------------------------------------------


def at_terminal(*arguments, columns=60, colors=False, background=()):
    terminal = TypedTerminal(columns=columns, colors=colors)
    run("ps", *arguments, background=background, kernel=kernel(), terminal=terminal)
    return terminal.text.splitlines()


def test_a_terminal_gets_lines_that_fit_it_unless_it_is_to_get_them_whole():
    background = [sleeper("x" * 200)]
    assert max(map(len, at_terminal(background=background))) == 60
    background = [sleeper("x" * 200)]
    assert max(map(len, at_terminal("-w", background=background))) > 200


def test_colors_tell_the_states_where_there_are_colors():
    lines = at_terminal("-o", "tid,stat", colors=True, background=[sleeper()])
    assert lines == ["\x1b[1mTID STAT\x1b[0m", "\x1b[1m  1 Rs\x1b[0m", "  2 S"]
    assert "\x1b" not in "".join(at_terminal("-o", "tid,stat"))


# --- Without holding up anybody -----------------------------------------------------------------


def test_the_others_have_many_turns_while_thousands_are_listed():
    turns = []

    def other():
        while True:
            turns.append(None)
            yield Sleep(0)

    background = [sleeper() for _ in range(20_000)]
    lines = ps(background=[*background, other()])
    assert len(lines) == 20_003
    assert len(turns) > 20_000 + 20     # the harness lets everybody have a turn for each


def test_what_cannot_be_told_any_more_of_a_task_is_unknown():
    looked_at = kernel()

    class Vanishing:
        """A task that goes on or ends between two looks at it."""

        kernel, tid, call, nice = looked_at, 7, None, 0

        def done(self):
            return False

    system = System(looked_at)
    system.tasks = lambda: [Vanishing()]
    status, out, err = run("ps", "-o", "tid=,ni=,cmd=,sw=,where=", kernel=looked_at, system=system)
    assert (status, out, err) == (0, "7 0 - - -\n", "")


def test_tasks_that_end_while_the_others_are_listed_are_left_out():
    looked_at = kernel()
    task = looked_at.spawn(sleeper())
    system = System(looked_at)
    system.tasks = lambda: [task]

    def ender():
        yield Kill(task, 9)

    assert ps("-o", "tid=", kernel=looked_at, system=system, background=[ender()]) == []


def test_a_kernel_of_another_thread_is_listed_while_a_task_holds_its_cpu():
    other, started, stop = minios.Kernel(), threading.Event(), threading.Event()

    def hog():
        yield Spawn(sleeper("one"))
        yield Sleep(0.001)
        started.set()
        stop.wait()
        yield

    thread = threading.Thread(target=other.run, args=[hog()])
    thread.start()
    try:
        assert started.wait(30)
        lines = ps("-o", "tid=,stat=,cmd=,where=", system=System(other), background=[])
    finally:
        stop.set()
        thread.join()
    assert lines[0].split()[:3] == ["1", "Rs", "hog"]
    assert "threading.py:" in lines[0]      # the innermost frame: it waits there
    assert lines[1].split()[:3] == ["2", "S", "one"]

"""deadlocks: the circles, and the lines where each lock was taken."""

import json

import minios
from syscalls import Sleep, Wait, WaitAny

from ..elsewhere import elsewhere, three_locks
from ..programs_harness import run


def test_a_deadlock_of_three_locks_is_shown_with_the_lines_where_each_was_taken():
    routines, taken, waits = three_locks()
    status, out, err = run("deadlocks", background=routines)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "deadlock: 2 -> 3 -> 4 -> 2"
    for tid, holder in ((2, 3), (3, 4), (4, 2)):
        here = lines.index(f"  task {tid} (taker) waits in Park(<Lock held by task {holder}>)")
        assert lines[here + 1].endswith(f":{waits}: with (yield from second):")
        assert lines[here + 2].startswith(f"    taken by task {holder} at ")
        assert lines[here + 2].endswith(f":{taken}: with (yield from first):")
    assert len(lines) == 10


def test_without_any_it_says_so_and_its_status_is_0():
    def sleeper():
        yield Sleep(1000)

    assert run("deadlocks", background=[sleeper()]) == (0, "no deadlocks\n", "")


def test_json_has_the_same_facts():
    routines, taken, _ = three_locks()
    status, out, _ = run("deadlocks", "--json", background=routines)
    (circle,) = json.loads(out)
    assert status == 1
    assert [task["tid"] for task in circle["tasks"]] == [2, 3, 4]
    assert [task["for"][0]["tid"] for task in circle["tasks"]] == [3, 4, 2]
    assert all(task["for"][0]["taken_at"].endswith(f":{taken}") for task in circle["tasks"])
    assert run("deadlocks", "--json") == (0, "[]\n", "")


def test_two_circles_are_shown_one_below_the_other():
    first, second = three_locks()[0], three_locks()[0]
    out = run("deadlocks", background=first + second)[1]
    assert out.count("deadlock: ") == 2
    assert out.startswith("deadlock: 2 -> 3 -> 4 -> 2\n") and "\n\ndeadlock: 5 -> 6 -> 7" in out


def test_one_who_waits_behind_a_circle_is_not_in_it():
    def waits():
        yield Wait(2)

    out = run("deadlocks", background=three_locks()[0] + [waits()])[1]
    assert "waits" in out and "task 5" not in out


def test_who_could_be_woken_by_another_is_in_no_deadlock():
    def sleeper():
        yield Sleep(1000)

    def waits_for_both():
        yield WaitAny([2, 4])       # task 4 waits for this one, and task 2 will end

    def waits():
        yield Wait(3)

    assert run("deadlocks", background=[sleeper(), waits_for_both(), waits()])[0] == 0


def test_a_deadlock_in_another_thread_is_shown():
    routines, taken, _ = three_locks()
    with elsewhere(*routines) as system:
        status, out, _ = run("deadlocks", system=system)
    assert status == 1 and out.count(f":{taken}: with (yield from first):") == 3


def test_ps_marks_those_on_the_circle():
    out = run("ps", background=three_locks()[0])[1]
    assert [line.split()[2] for line in out.splitlines()[2:]] == ["S!", "S!", "S!"]


def test_a_circle_of_ten_thousand_tasks_is_shown():
    n = 10_000

    def link(tid):
        yield Wait(tid)

    # Task 1 is the program; those of the circle are 2 to n + 1.
    routines = [link(3 + number if number < n - 1 else 2) for number in range(n)]
    status, out, _ = run("deadlocks", background=routines, kernel=minios.Kernel(grace=0))
    assert status == 1 and out.count(" waits in Wait(task ") == n

"""pstree: the spawn tree and the wait-for graph, in pstree's own drawing."""

import json

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import Park, SetName, Sleep, Spawn, Wait

from ..elsewhere import elsewhere, three_locks
from ..programs_harness import TypedTerminal, run


def sleeper():
    yield Sleep(1000)


def parent(*names, child=None):
    """A task named by the first of `names`, with a child for each of the others."""
    yield SetName(names[0])
    for name in names[1:]:
        yield Spawn(sleeper(), name=name)
    if child is not None:
        yield Spawn(child)
    yield Sleep(1000)


def pstree(*arguments, background, status=0, clock=None, **options):
    """The lines that pstree prints; its own task is `pstree`, and the parent of all."""
    options.setdefault("kernel", minios.Kernel(clock=VirtualClock()))
    got, out, err = run("pstree", *arguments, background=[*background, *settled()], **options)
    assert (got, err) == (status, "")
    return out.splitlines()


def settle():
    return
    yield


def settled():
    """Routines that are waited for, so that the others have had a few turns more."""
    return [settle() for _ in range(10)]


# --- Who has spawned whom -----------------------------------------------------------------------


def test_identical_children_are_one_entry():
    assert pstree("2", "-U", background=[parent("top", "worker", "worker", "worker")]) == [
        "top───3*[worker]",
    ]


def test_several_children_hang_on_one_line_sorted_by_name():
    tree = parent("top", "zeta", "alpha", child=parent("middle", "leaf", "leaf"))
    assert pstree("2", "-U", background=[tree]) == [
        "top─┬─alpha",
        "    ├─middle───2*[leaf]",
        "    └─zeta",
    ]


def test_below_a_middle_entry_the_line_goes_on():
    tree = parent("top", "zeta", child=parent("middle", "a", "b"))
    assert pstree("2", "-U", background=[tree]) == [
        "top─┬─middle─┬─a",
        "    │        └─b",
        "    └─zeta",
    ]


def test_n_sorts_by_tid():
    assert pstree("2", "-Un", background=[parent("top", "zeta", "alpha")]) == [
        "top─┬─zeta",
        "    └─alpha",
    ]


def test_p_shows_tids_and_makes_each_task_an_entry():
    assert pstree("2", "-pU", background=[parent("top", "w", "w")]) == [
        "top(2)─┬─w(13)",
        "       └─w(14)",
    ]


def test_a_shows_the_call_and_gives_each_task_a_line():
    assert pstree("2", "-apU", background=[parent("top", "w", child=parent("x", "y"))]) == [
        "top,2 Sleep(1000)",
        "  ├─w,13 Sleep(1000)",
        "  └─x,14 Sleep(1000)",
        "      └─y,15 Sleep(1000)",
    ]


def test_it_draws_in_ascii_when_asked():
    assert pstree("2", "-A", background=[parent("top", "a", child=parent("b", "c", "d"))]) == [
        "top-+-a",
        "    `-b-+-c",
        "        `-d",
    ]


def test_without_a_tid_it_shows_all_roots():
    assert pstree("-A", background=[sleeper()]) == ["pstree---sleeper"]


def test_a_task_whose_parent_has_ended_is_a_root():
    def short():
        yield Spawn(sleeper(), name="orphan")

    assert pstree("-A", background=[short()]) == ["orphan", "pstree"]


def test_lines_are_cut_at_the_width_of_the_screen_but_for_l():
    tree = [parent("a" * 50, "b" * 50)]
    terminal = TypedTerminal(columns=60)
    status, _, err = run("pstree", "-U", "2", background=[*tree, *settled()], terminal=terminal)
    assert (status, err) == (0, "")
    assert terminal.text.splitlines() == ["a" * 50 + "───" + "b" * 6 + "+"]
    terminal = TypedTerminal(columns=60)
    tree = [parent("a" * 50, "b" * 50)]
    run("pstree", "-lU", "2", background=[*tree, *settled()], terminal=terminal)
    assert terminal.text.splitlines() == ["a" * 50 + "───" + "b" * 50]


def test_the_way_to_a_task_stands_out_with_h():
    terminal = TypedTerminal(columns=80, colors=True)
    run("pstree", "-U", "-H", "13", background=[parent("top", "a", "b"), *settled()],
        terminal=terminal)
    text = terminal.text
    assert "\x1b[1mtop\x1b[0m" in text and "\x1b[1ma\x1b[0m" in text and "\x1b[1mb" not in text


def test_names_that_would_move_the_cursor_are_shown_as_text():
    (line,) = pstree("2", "-U", background=[parent("top", "a\x1b[2Jb\n")])
    assert line == "top───a\\x1b[2Jb\\n"


def test_an_unknown_task_is_one_line():
    assert run("pstree", "99") == (1, "", "pstree: 99: no such task\n")


def test_json_is_a_flat_list_with_parents_first():
    lines = pstree("--json", "2", background=[parent("top", "a", child=parent("b", "c"))])
    rows = json.loads("\n".join(lines))
    assert [(row["tid"], row["ptid"], row["name"]) for row in rows] == [
        (2, 1, "top"), (13, 2, "a"), (14, 2, "b"), (15, 14, "c"),
    ]
    assert rows[0]["wait"] == "Sleep(1000)" and rows[0]["state"] == "S"


def test_a_chain_of_ten_thousand_is_drawn():
    def chain(n):
        if n:
            yield Spawn(chain(n - 1), name="c")
        yield Sleep(1000)

    def turns():
        return [settle() for _ in range(20_100)]

    (line,) = pstree("-lA", "2", background=[chain(10_000), *turns()])
    assert line == "chain" + "---c" * 10_000
    (line,) = pstree("-A", "2", background=[chain(10_000), *turns()])
    assert len(line) == 132 and line.endswith("---c--+")
    lines = pstree("-aA", "2", background=[chain(10_000), *turns()])
    assert len(lines) == 10_001 and max(map(len, lines)) == 132


@pytest.mark.parametrize("arguments", [[], ["-p"], ["-w"], ["--json"]])
def test_a_hundred_thousand_children_let_others_run_in_between(arguments):
    kernel = minios.Kernel(grace=0)
    task = kernel.spawn(sleeper())
    for _ in range(20_000):
        kernel.spawn(waits_for(task))
    turns = []

    def other():
        while True:
            turns.append(None)
            yield Sleep(0)

    status, out, err = run("pstree", *arguments, kernel=kernel, background=[other()])
    assert (status, err) == (0, "")
    assert len(turns) > 5


def waits_for(task):
    yield Wait(task)


# --- Who waits for whom -------------------------------------------------------------------------


def test_a_deadlock_of_three_locks_is_a_circle_with_the_lines_where_each_was_taken():
    routines, taken, _ = three_locks()
    lines = pstree("-wU", "-l", background=routines)
    assert [line.partition("),")[0] for line in lines] == [
        "taker(2) Park(<Lock held by task 3>)",
        "  └─taker(4) Park(<Lock held by task 2>",
        "      └─taker(3) Park(<Lock held by task 4>",
        "          └─↺ 2 Park(<Lock held by task 3>",
    ]
    assert all(line.endswith(f"elsewhere.py:{taken}") for line in lines[1:])


def test_below_each_task_are_those_that_wait_for_it():
    def waits(tid):
        yield Wait(tid)

    assert pstree("-wA", background=[sleeper(), waits(2), waits(3), waits(2)]) == [
        "sleeper(2) Sleep(1000)",
        "  |-waits(3) Wait(task 2)",
        "  |   `-waits(4) Wait(task 3)",
        "  `-waits(5) Wait(task 2)",
    ]


def test_a_channel_without_owner_is_a_root():
    def parks():
        yield Park("a channel")

    assert pstree("-wA", background=[parks(), parks()]) == [
        "'a channel'",
        "  |-parks(2) Park('a channel')",
        "  `-parks(3) Park('a channel')",
    ]


def test_one_who_waits_for_several_is_shown_whole_only_once():
    def group():
        with minios.TaskGroup() as group:
            group.spawn(sleeper())
            group.spawn(sleeper())
            yield from group.join()

    def waits():
        yield Wait(2)

    lines = pstree("-wA", background=[group(), waits()])
    assert len([line for line in lines if "waits(3)" in line]) == 1
    assert len([line for line in lines if "group(2)" in line]) == 2
    assert sum(line.endswith("...") for line in lines) == 1


def test_json_of_the_graph_has_the_edges():
    routines, taken, _ = three_locks()
    rows = json.loads("\n".join(pstree("-w", "--json", background=routines)))
    assert [(row["tid"], row["for"][0]["tid"], row["circle"]) for row in rows] == [
        (2, 3, True), (3, 4, True), (4, 2, True),
    ]
    assert rows[0]["for"][0]["taken_at"].endswith(f":{taken}")


def test_a_kernel_in_another_thread_is_shown():
    with elsewhere(*three_locks()[0]) as system:
        tree = run("pstree", "-pA", system=system)[1]
        waits = run("pstree", "-wU", system=system)[1]
    assert tree.splitlines()[0].startswith("main(1)-+-taker(2)") and "↺ 2" in waits

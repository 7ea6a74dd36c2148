"""where: the whole stack of a task, from the same thread and from another."""

import json
import re

import minios
from syscalls import Await, Park, Sleep

from ..elsewhere import elsewhere, hogged
from ..programs_harness import run


def inner():
    yield Sleep(1000)


def middle():
    secret = "a local value"
    yield from inner()
    return secret


def outer():
    yield middle()          # the trampoline


async def native():
    await Sleep(1000)


def where(*arguments, background=(), status=0, **options):
    got, out, err = run("where", *arguments, background=background, **options)
    assert (got, err) == (status, "")
    return out


def line_of(function, offset=1):
    return function.__code__.co_firstlineno + offset


def test_the_stack_goes_through_yield_from_and_the_trampoline_outermost_first():
    lines = where("2", background=[outer()]).splitlines()
    assert re.fullmatch(r"task 2 \(outer\), S, spawned at \S+programs_harness.py:\d+", lines[0])
    assert lines[1:] == [
        f'  File "{__file__}", line {line_of(outer)}, in outer',
        "    yield middle()          # the trampoline",
        f'  File "{__file__}", line {line_of(middle, 2)}, in middle',
        "    yield from inner()",
        f'  File "{__file__}", line {line_of(inner)}, in inner',
        "    yield Sleep(1000)",
        "  waits in Sleep(1000)",
    ]


def test_the_stack_of_a_coroutine_goes_through_await():
    async def awaits():
        await native()

    out = where("2", background=[awaits()])
    assert out.index("await native()") < out.index("await Sleep(1000)")


def test_an_asyncio_task_has_a_stack_too():
    async def waits_in_asyncio():
        import asyncio
        await asyncio.sleep(1000)

    def main():
        yield Await(waits_in_asyncio())

    out = where("2", "3", background=[main()])
    assert "yield Await(waits_in_asyncio())" in out and "await asyncio.sleep(1000)" in out


def test_several_tasks_are_shown_one_below_the_other():
    out = where("2", "3", background=[outer(), inner()])
    assert out.count("spawned at") == 2 and "\n\ntask 3 (inner)" in out


def test_locals_are_shown_with_l_shortened_and_safely():
    class Bad:
        def __repr__(self):
            raise ValueError("no repr")

    def routine():
        bad, long, name = Bad(), "x" * 10_000, "a\x1b[31m"
        yield Sleep(1000)
        return bad, long, name

    out = where("-l", "2", background=[routine()])
    assert "bad = <Bad" in out and "xxx...xxx" in out and "\x1b" not in out
    assert max(map(len, out.splitlines())) < 300


def test_an_unknown_task_is_one_line_and_the_others_are_shown():
    status, out, err = run("where", "77", "2", "x", background=[inner()])
    assert status == 1
    assert err == "where: 77: no such task\nwhere: x: no tid; give one as ps shows it\n"
    assert "yield Sleep(1000)" in out


def test_a_task_that_has_ended_is_said_to_have():
    def short():
        return
        yield

    assert "task 2 (short) has ended; `why 2` tells how\n" == where("2", background=[short()])


def test_json_has_the_same_facts():
    (task,) = json.loads(where("--json", "-l", "2", background=[outer()]))
    assert task["tid"] == 2 and task["state"] == "S" and task["wait"] == "Sleep(1000)"
    assert [place["function"] for place in task["stack"]] == ["outer", "middle", "inner"]
    assert task["stack"][1]["locals"] == {"secret": "'a local value'"}
    assert task["stack"][2]["source"] == "yield Sleep(1000)"


def test_ten_thousand_routines_deep_is_shown_whole():
    def deep(n):
        if n:
            yield deep(n - 1)
        yield Park("the end of it")

    out = where("2", background=[deep(10_000)])
    assert out.count("in deep") == 10_001 or out.count("deep\n") >= 10_001


def test_a_task_of_another_thread_is_shown():
    with elsewhere(outer()) as system:
        out = where("2", system=system)
    assert out.count("File") == 3 and "waits in Sleep(1000)" in out


def test_the_line_of_a_task_that_holds_the_cpu_of_another_thread_is_shown():
    with hogged() as (system, hog):
        out = where("2", system=system)
        (task,) = json.loads(where("--json", "2", system=system))
    assert out.startswith("task 2 (routine), R")
    last = task["stack"][-1]
    if last["function"].endswith("is_set"):     # it has just called that
        last = task["stack"][-2]
    assert last["function"] == "Hog.routine" and last["line"] in hog.line()
    assert task["wait"] is None and "kernel.py" not in out


def test_it_shows_a_task_while_that_ends_and_others_run(monkeypatch):
    kernel = minios.Kernel()

    def busy():
        for _ in range(50):
            yield

    status, out, err = run("where", *map(str, range(2, 12)), kernel=kernel,
                           background=[busy() for _ in range(10)])
    assert status == 0 and err == "" and out.count("task ") == 10

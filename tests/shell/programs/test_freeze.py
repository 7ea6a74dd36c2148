"""freeze and thaw: the world stands still, but for the shell."""

import pytest

import minios
from minios.shell.system import System
from syscalls import Kill, Sleep, Spawn

from ..elsewhere import elsewhere
from ..programs_harness import Collected, Process, Shell, Terminal, TextInput, run


def world(kernel, main):
    """Run `main(run)` on `kernel`; `run(*argv)` runs a program of a shell there, and returns its
    (status, output)."""
    out = Collected()
    shell = Shell(kernel, System(kernel), Terminal(), ".")

    def run(*argv):
        from minios.shell.programs import find_program
        from minios.shell.running import run_program

        out.data = b""
        process = Process(shell, argv[0], TextInput(b"", "-"), out, out)
        status = yield from run_program(find_program(argv[0]), process, list(argv[1:]))
        return status, out.text

    return kernel.run(main(run))


def counting(counts, number, group):
    """A task of a job of its own, that counts its turns."""
    minios.current_task().group = group
    while True:
        counts[number] += 1
        yield Sleep(1)


def test_all_tasks_but_those_of_the_shell_are_stopped_until_thaw(kernel):
    counts = [0, 0, 0]

    def helper():
        while True:
            counts[2] += 1
            yield Sleep(1)

    def main(run):
        for number in range(2):
            yield Spawn(counting(counts, number, 100 + number))
        yield Spawn(helper())           # of the shell's own group
        yield Sleep(2.5)
        assert (yield from run("freeze")) == (
            0, "2 tasks are stopped; `thaw` lets them go on\n")
        before = list(counts)
        yield Sleep(10)
        assert counts[:2] == before[:2] and counts[2] > before[2]
        assert (yield from run("thaw")) == (0, "2 tasks go on\n")
        yield Sleep(2.5)
        assert counts[0] > before[0] and counts[1] > before[1]

    world(kernel, main)


def test_a_second_freeze_is_harmless_and_so_is_a_second_thaw(kernel):
    counts = [0]

    def main(run):
        yield Spawn(counting(counts, 0, 100))
        yield Sleep(1)
        yield from run("freeze")
        assert (yield from run("freeze")) == (
            0, "1 tasks are stopped already; `thaw` lets them go on\n")
        assert (yield from run("thaw")) == (0, "1 tasks go on\n")
        assert (yield from run("thaw")) == (0, "nothing was frozen\n")
        before = counts[0]
        yield Sleep(3)
        assert counts[0] > before

    world(kernel, main)


def test_what_was_stopped_before_stays_so(kernel):
    counts = [0, 0]

    def main(run):
        first = yield Spawn(counting(counts, 0, 100))
        yield Spawn(counting(counts, 1, 101))
        yield Sleep(1)
        yield Kill(first, 19)
        yield from run("freeze")
        yield from run("thaw")
        assert first.state == "T"
        yield Kill(first, 18)

    world(kernel, main)


def test_one_that_ended_or_was_continued_meanwhile_does_no_harm(kernel):
    counts = [0, 0, 0]

    def main(run):
        tasks = []
        for number in range(3):
            tasks.append((yield Spawn(counting(counts, number, 100))))
        yield Sleep(1)
        yield from run("freeze")
        yield Kill(tasks[0], 9)
        yield Kill(tasks[1], 18)
        assert (yield from run("thaw")) == (0, "1 tasks go on\n")

    world(kernel, main)


def test_another_shell_can_let_them_go_on(kernel):
    counts = [0]

    def main(run):
        yield Spawn(counting(counts, 0, 100))
        yield Sleep(1)
        yield from run("freeze")
        shell = Shell(kernel, System(kernel), Terminal(), ".")
        out = Collected()
        from minios.shell.programs import thaw
        yield from thaw.main(Process(shell, "thaw", TextInput(b"", "-"), out, out), None)
        assert out.text == "1 tasks go on\n"

    world(kernel, main)


def test_thousands_are_stopped_in_slices(kernel):
    n, turns = 3000, []

    def sleeper():
        minios.current_task().group = 100
        yield Sleep(1000)

    def ticks():
        while True:
            turns.append(None)
            yield

    def main(run):
        for _ in range(n):
            yield Spawn(sleeper())
        yield Sleep(1)
        yield Spawn(ticks())            # of the shell's own group
        before = len(turns)
        assert (yield from run("freeze"))[1].startswith(f"{n} tasks are stopped")
        assert len(turns) > before + 5
        assert (yield from run("thaw")) == (0, f"{n} tasks go on\n")

    world(kernel, main)


def test_a_kernel_in_another_thread_stops_as_a_whole():
    counts = [0]

    def counts_on():
        while True:
            counts[0] += 1
            yield Sleep(0)

    with elsewhere(counts_on()) as system:
        status, out, err = run("freeze", system=system)
        assert (status, err) == (0, "") and out.startswith("2 tasks are stopped")
        before = counts[0]
        states = [task.state for task in system.tasks()]
        assert run("ps", system=system)[0] == 0
        assert counts[0] <= before + 1 and states == ["T", "T"]
        assert run("thaw", system=system)[1] == "2 tasks go on\n"


@pytest.mark.parametrize("program", ["freeze", "thaw"])
def test_who_may_only_look_may_not_stop_the_world(program, kernel):
    status, out, err = run(program, kernel=kernel, system=System(kernel, rights=()))
    assert status == 1 and out == "" and err.startswith(f"{program}: only looking is allowed here")

"""trace: the program of the shell that writes a timeline."""

import json

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import Kill, Sleep, Spawn, Wait
from tests.shell.programs.test_strace import World
from tests.shell.programs_harness import run


@pytest.fixture
def kernel():
    return minios.Kernel(clock=VirtualClock())


def turns(path):
    return {event["tid"] for event in json.loads(path.read_text()) if event["ph"] == "X"}


def test_a_command_and_nothing_else_is_recorded(kernel, tmp_path):
    world = World(kernel)
    world.shell.folder = str(tmp_path)

    def other():
        yield Sleep(1)

    def main():
        yield Spawn(other())
        task = world.start("trace", "-o", "x.json", "--perfetto", "worker")
        return (yield Wait(task))

    assert kernel.run(main()) == 7
    assert turns(tmp_path / "x.json") == {4}
    assert world.err.text.startswith("trace: x.json: ") and not kernel.hooks


@pytest.mark.parametrize("signum", [2, 9])
def test_without_a_command_all_is_recorded_until_it_is_ended(kernel, tmp_path, signum):
    world = World(kernel)
    world.shell.folder = str(tmp_path)

    def main():
        task = world.start("trace")
        yield Sleep(3)
        yield Sleep(3)
        yield Kill(task, signum)
        yield Sleep(1)
        assert not kernel.hooks

    kernel.run(main())
    assert turns(tmp_path / "trace.json") == {1}


def test_at_a_limit_it_says_so(kernel, tmp_path):
    world = World(kernel)
    world.shell.folder = str(tmp_path)
    task = world.start("trace", "--max-events", "3", "worker")
    kernel.run()
    assert task.result() == 7
    assert "cut off at 3 events" in world.err.text


@pytest.mark.parametrize(("arguments", "status"), [
    (["-o", "/no/such/folder/x"], 1), (["--max-events", "0"], 2), (["--max-size", "-1"], 2),
])
def test_bad_arguments_are_one_clear_line(kernel, tmp_path, arguments, status):
    found, out, err = run("trace", *arguments, kernel=kernel, folder=tmp_path)
    assert (found, out) == (status, "") and err.startswith("trace: ")
    assert not list(tmp_path.iterdir()) and not kernel.hooks

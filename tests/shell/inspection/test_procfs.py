"""/proc/TID/...: what the kernel tells of a task, as files."""

import os
from types import SimpleNamespace

import pytest

import minios
from minios.shell.inspection.procfs import PROC_FILES, open_proc
from minios.shell.system import System
from syscalls import Await, Park, Recv, Sleep, Wait

from ..elsewhere import elsewhere, hogged
from ..programs_harness import run


def inner():
    yield Sleep(1000)


def outer():
    yield from inner()


def cat(*paths, background=(), status=0):
    def settle():
        return
        yield

    got, out, err = run("cat", *paths, background=[*background, *(settle() for _ in range(5))])
    assert got == status, err
    return out, err


def test_status_has_the_fields_of_proc_5_by_their_names():
    out, err = cat("/proc/2/status", background=[outer()])
    assert err == ""
    fields = dict(line.split(":\t") for line in out.splitlines())
    assert fields["Name"] == "outer" and fields["State"] == "S (sleeping)"
    assert (fields["Tgid"], fields["Pid"], fields["PPid"]) == ("1", "2", "1")
    assert fields["Kind"] == "generator" and fields["Threads"] == "0"
    assert fields["voluntary_ctxt_switches"] == "1"
    assert fields["SpawnedAt"].partition(":")[0].endswith("programs_harness.py")


def test_stack_is_innermost_first():
    lines = cat("/proc/2/stack", background=[outer()])[0].splitlines()
    assert lines == [
        f"[<0>] inner at {__file__}:{inner.__code__.co_firstlineno + 1}",
        f"[<0>] outer at {__file__}:{outer.__code__.co_firstlineno + 1}",
    ]


def test_wchan_and_call_tell_what_it_waits_in():
    def waits():
        yield Wait(2)

    assert cat("/proc/2/wchan", "/proc/2/call", "/proc/3/wchan", "/proc/3/call", "/proc/1/call",
               background=[outer(), waits()])[0] == (
        "Sleep\nSleep(1000)\nWait\nWait(task 2)\nrunning\n")


def test_fd_lists_the_descriptors_that_it_waits_for_or_has(pair):
    def reader():
        mine = pair[1]
        yield Recv(pair[0], 10)
        return mine

    lines = cat("/proc/2/fd", background=[reader()])[0].splitlines()
    assert lines == [
        f"{sock.fileno()}u unix type=STREAM (CONNECTED)" + (" waiting" if sock is pair[0] else "")
        for sock in sorted(pair, key=lambda sock: sock.fileno())
    ]
    assert cat("/proc/2/fd", background=[inner()])[0] == ""


def test_limits_have_the_columns_of_proc_5():
    lines = cat("/proc/2/limits", background=[inner()])[0].splitlines()
    assert lines[0].split() == ["Limit", "Soft", "Limit", "Hard", "Limit", "Units"]
    assert lines[1].split() == ["Max", "processes", "unlimited", "unlimited", "tasks"]
    assert lines[2].startswith("Max open files") and lines[2].endswith("files     ")


@pytest.mark.parametrize("path", ["/proc/77/status", "/proc/2/nothing", "/proc/9/2/status"])
def test_what_is_not_there_is_said_not_to_be(path):
    out, err = cat(path, background=[inner()], status=1)
    assert out == "" and err == f"cat: {path}: No such file or directory\n"


def test_the_systems_own_files_stay_readable():
    assert "processor" in cat("/proc/cpuinfo")[0]
    assert cat("/proc/self/status")[0].startswith("Name:\t")


@pytest.mark.parametrize("path", ["/proc/cpuinfo", "/proc/self/stat", "/proc", "/proc/7", "status",
                                  "/tmp/proc/2/status", "/proc/2/status/more"])
def test_paths_that_are_no_tasks_are_left_to_the_system(path):
    assert open_proc(System(minios.Kernel()), path) is None


def test_a_task_of_a_program_s_kernel_is_found_under_its_address():
    system, other = System(minios.Kernel()), minios.Kernel()
    system.programs["2"] = other
    other.spawn(inner(), name="of the program")
    assert "Name:\tof the program\n" in open_proc(system, "/proc/2/1/status")
    with pytest.raises(FileNotFoundError) as caught:
        open_proc(system, "/proc/3/1/status")
    assert caught.value.strerror == os.strerror(2)


@pytest.mark.parametrize("name", sorted(PROC_FILES))
def test_every_file_can_be_read_of_every_make_of_task(name):
    async def native():
        import asyncio
        await asyncio.sleep(1000)

    def awaits():
        yield Await(native())

    def short():
        return
        yield

    paths = [f"/proc/{tid}/{name}" for tid in (1, 2, 3, 9, 10)]
    out, err = cat(*paths, background=[awaits(), short()])
    assert err == ""
    assert out or name == "fd"


@pytest.mark.parametrize("name", sorted(PROC_FILES))
def test_a_task_of_another_thread_can_be_read_while_it_holds_the_cpu(name):
    with hogged() as (system, hog):
        text = open_proc(system, f"/proc/2/{name}")
    assert name == "fd" or text
    if name == "stack":
        assert "Hog.routine" in text


def test_a_task_that_goes_on_meanwhile_is_an_empty_file():
    def parks():
        yield Park("x")

    with elsewhere(parks()) as system:
        task = system.find("2")
        gone = SimpleNamespace(find=lambda word: SimpleNamespace(kernel=task.kernel))
        assert open_proc(gone, "/proc/2/status") == ""

"""free: the memory of the program, and what its kernel keeps."""

import builtins
import json

import pytest

import minios
from minios.shell.listing.sizes import meminfo, resident_bytes, size_of, size_text
from minios.sim import VirtualClock
from syscalls import Park, Sleep

from ..programs_harness import run

FIELDS = ["total", "used", "free", "shared", "buff/cache", "available"]


def sleeper():
    yield Sleep(1000)


def parker():
    yield Park("channel")


def free(*arguments, background=()):
    kernel = minios.Kernel(clock=VirtualClock())
    status, out, err = run("free", *arguments, background=background, kernel=kernel)
    assert (status, err) == (0, "")
    return out


def test_the_first_line_is_that_of_free():
    head, memory = free("-b").splitlines()[:2]
    assert head.split() == FIELDS
    values = dict(zip(FIELDS, memory.split()[1:], strict=True))
    assert memory.startswith("Mem:")
    assert 0 < int(values["used"]) < int(values["total"])


def test_what_the_kernel_keeps_is_counted():
    found = json.loads(free("--json", background=[sleeper(), sleeper(), parker()]))
    counts = {name: each["count"] for name, each in found.items() if name != "memory"}
    assert counts.pop("descriptors") > 2
    assert counts == {"tasks": 4, "timers": 2, "parked": 1}
    assert found["tasks"]["bytes"] > 4 * 200 and found["timers"]["bytes"] is None


def test_units_divide_by_powers_of_1024():
    size = {unit: int(free(unit).splitlines()[1].split()[1]) for unit in ("-b", "-k", "-m", "-g")}
    assert size["-b"] // 1024 == size["-k"] == int(free().splitlines()[1].split()[1])
    assert size["-b"] // 1024**2 == size["-m"] and size["-b"] // 1024**3 == size["-g"]
    assert free("-h").splitlines()[1].split()[1][-1] == "i"


@pytest.mark.parametrize(("size", "text"), [
    (0, "0B"), (1023, "1023B"), (1024, "1.0Ki"), (9.94 * 1024**2, "9.9Mi"),
    (10 * 1024**2, "10Mi"), (23.4 * 1024**3, "23Gi"),
])
def test_a_size_for_people_has_a_unit_that_fits(size, text):
    assert size_text(int(size)) == text


def test_objects_are_counted_only_when_asked_for():
    assert "Objects:" not in free()
    line = free("--objects").splitlines()[-1].split()
    assert line[0] == "Objects:" and int(line[1]) > 1000


def test_help_is_spelled_out_since_h_is_for_people():
    assert free("--help").startswith("usage: free")


def test_the_size_of_a_task_grows_with_its_frames():
    def shallow():
        yield Sleep(1000)

    def deep():
        yield from middle()

    def middle():
        yield shallow()

    def main():
        kernel = minios.current_kernel()
        tasks = [kernel.spawn(shallow()), kernel.spawn(deep())]
        yield
        yield
        sizes = [size_of(task) for task in tasks]
        for task in tasks:
            task.kill(9)
        return sizes

    small, large = minios.run(main(), clock=VirtualClock())
    assert 200 < small < large < 5000


def test_where_the_system_tells_nothing_the_memory_is_unknown(monkeypatch):
    def refuse(name, *rest, **options):
        if str(name).startswith("/proc"):
            raise FileNotFoundError(name)
        return real(name, *rest, **options)

    real = builtins.open
    monkeypatch.setattr(builtins, "open", refuse)
    assert meminfo() == {}
    used, shared = resident_bytes()
    assert used > 0 and shared is None
    memory = free("-b").splitlines()[1].split()
    assert memory[3:] == ["-"] * 4

"""ls: files, folders, and the tasks in /proc."""

import json
import os
from types import SimpleNamespace

import pytest

import minios
from minios.shell.inspection import procfs
from minios.shell.programs import ls
from minios.shell.text import folders
from syscalls import Sleep
from tests.shell.programs_harness import Collected, run

from .real import assert_same, needs
from .streaming import started


@pytest.fixture
def folder(tmp_path):
    """Files of all kinds."""
    (tmp_path / "b.txt").write_bytes(b"x" * 5000)
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "run").write_bytes(b"#!")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / ".hidden").write_bytes(b"x" * 1_500_000)
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("b.txt")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "to_sub").symlink_to("sub")
    os.mkfifo(tmp_path / "pipe")
    for age, name in enumerate(("a", "b.txt", "sub", ".hidden", "run", "pipe", "sub/file")):
        os.utime(tmp_path / name, (1_000_000_000 + age, 1_000_000_000 + age))
    return tmp_path


@needs("ls")
@pytest.mark.parametrize("words", [
    (), ("-a",), ("-A",), ("-r",), ("-1",), ("-F",), ("-d",), ("-l",), ("-la",), ("-lh", "-A"),
    ("-S",), ("-lt", "a", "b.txt", "sub", "run"), ("a", "sub", "b.txt"), ("sub", "nope", "a"),
    ("-d", "sub", "a"), ("-l", "link", "broken"), ("to_sub",), ("-l", "to_sub"), ("broken",),
    ("-lF",), ("-t", "a", "b.txt", "run"), ("sub", "to_sub"), ("-ld",), ("-l", "/dev/null"),
    ("sub/deep",), ("-l", "sub/deep"), ("-F", "to_sub", "sub"), ("-d", "to_sub"),
])
def test_files_are_listed_as_the_real_one_lists_them(folder, words):
    assert_same("ls", *words, folder=folder, errors=True)


@needs("ls")
def test_sizes_have_the_units_of_the_real_one(tmp_path):
    for size in (0, 1, 1023, 1024, 1025, 10_239, 10_240, 10_241, 1_048_575, 1_048_576, 99_999_999):
        with (tmp_path / f"{size:010}").open("wb") as file:
            file.truncate(size)
    assert_same("ls", "-lh", folder=tmp_path)


def test_a_terminal_gets_columns_that_fit_it(tmp_path):
    for number in range(30):
        (tmp_path / f"file{number:02}").touch()
    (tmp_path / "with\x1bescape").touch()
    lines = at_terminal(tmp_path, 40)
    assert lines[0].split() == ["file00", "file08", "file16", "file24"]
    assert len(lines) == 8 and max(map(len, lines)) <= 40
    assert "with\\x1bescape" in " ".join(lines)
    assert len(at_terminal(tmp_path, 5)) == 31
    assert len(at_terminal(tmp_path, 1000)) == 1
    assert len(at_terminal(tmp_path, 40, "-1")) == 31


def at_terminal(folder, columns, *words):
    """The lines that `ls` shows at a terminal of that many columns."""
    out = Collected()
    out.isatty, out.columns = lambda: True, columns
    kernel, routine, _, _ = started("ls", *words, out=out, folder=folder)
    assert kernel.run(routine) == 0
    return out.text.splitlines()


def test_json_has_an_object_for_each_file(folder):
    rows = json.loads(run("ls", "--json", folder=folder)[1])
    assert [row["name"] for row in rows] == sorted(name for name in os.listdir(folder)
                                                   if name != ".hidden")
    found = {row["name"]: row for row in rows}
    assert found["b.txt"]["size"] == 5000 and found["link"]["target"] == "b.txt"


def test_proc_is_the_folder_of_the_tasks(monkeypatch):
    monkeypatch.setattr(procfs, "PROC_FILES", ("status", "stack"))

    def sleeper():
        yield Sleep(0.05)

    status, out, err = run("ls", "/proc", background=[sleeper()])
    assert (status, out, err) == (0, "1\n2\n", "")
    assert run("ls", "/proc/1")[1] == "stack\nstatus\n"
    assert run("ls", "/proc/1/stack")[1] == "/proc/1/stack\n"
    assert run("ls", "/proc/99") == (
        2, "", "ls: cannot access '/proc/99': No such file or directory\n")
    assert run("ls", "/proc/1/nope")[0] == 2
    assert run("ls", "-l", "/proc")[1] == "total 0\ndr-xr-xr-x - - - - - 1\n"


def test_tasks_are_listed_by_number():
    kernel = minios.Kernel()

    def sleeper():
        yield Sleep(0.05)

    out = run("ls", "/proc", kernel=kernel, background=[sleeper() for _ in range(12)])[1]
    assert out.split() == [str(tid) for tid in range(1, 14)]


def test_a_file_that_has_gone_while_it_is_listed_is_shown_without_what_is_not_known(
    folder, monkeypatch
):
    look_at = folders._look_at

    def late(path, name, follow):
        if name == "a":
            os.unlink(path)
        return look_at(path, name, follow)

    monkeypatch.setattr(folders, "_look_at", late)
    lines = run("ls", "-l", folder=folder)[1].splitlines()
    assert [line.split() for line in lines if line.endswith(" a")] == [["-"] * 6 + ["a"]]


def test_columns_are_packed_however_many_names_there_are():
    for lengths in ([1] * 1000, [30] + [1] * 200, [100], [5, 1] * 50):
        packing = ls._packed(lengths, 80)
        try:
            while True:
                next(packing)
        except StopIteration as end:
            rows, widths = end.value
        assert rows * len(widths) >= len(lengths)
        assert sum(widths) - 2 <= 80 or len(widths) == 1


def test_owners_that_have_no_name_are_numbers(monkeypatch):
    info = os.stat_result((0o100644, 1, 1, 1, 4_000_000_001, 4_000_000_002, 5, 0, 0, 0))
    info = SimpleNamespace(**{name: getattr(info, name) for name in dir(info)
                              if name.startswith("st_")})
    entry = folders.Entry("x", info)
    assert entry.details(human=False)[2:4] == ("4000000001", "4000000002")

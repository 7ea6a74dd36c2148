"""Operands: the files of a filter, one after the other, and none left open."""

import os
import signal
from argparse import ArgumentTypeError

import pytest

from minios.errors import TaskKilledError
from minios.shell.text.operands import Operands, chomp, count
from syscalls import Sleep, Spawn, Wait
from tests.shell.programs.streaming import Pieces, started
from tests.shell.programs_harness import run


def process_of(*argv, **options):
    """(kernel, the Process of a program that does not run, its outputs)"""
    kernel, routine, out, err = started("true", *argv, **options)
    process = routine.gi_frame.f_locals["process"]
    routine.close()
    return kernel, process, err


def test_standard_input_stays_open_and_files_are_closed(tmp_path):
    (tmp_path / "a").write_bytes(b"a\n")
    kernel, process, _ = process_of(stdin=b"in\n", folder=tmp_path)

    def main():
        opened = []
        with Operands(process, ["a", "-", "a"]) as operands:
            while operand := (yield from operands.next()):
                opened.append(operand.source)
                yield from operand.read()
        return [source is process.stdin or source.file.closed for source in opened]

    assert kernel.run(main()) == [True, True, True]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_task_that_is_killed_closes_the_file_it_reads(tmp_path, signum):
    (tmp_path / "a").write_bytes(b"a\n")
    kernel, process, _ = process_of(folder=tmp_path)
    opened = []

    def reader():
        with Operands(process, ["a"]) as operands:
            opened.append((yield from operands.next()))
            yield Sleep(1000)

    def main():
        task = yield Spawn(reader())
        yield Sleep(1)
        file = opened[0].source.file
        was_open = not file.closed
        task.kill(signum)
        try:
            yield Wait(task)
        except (TaskKilledError, KeyboardInterrupt):
            pass
        return was_open, file.closed

    assert kernel.run(main()) == (True, True)


def test_an_error_in_the_middle_is_a_complaint_and_the_next_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"more\n")
    broken = Pieces(b"one\ntwo", OSError(5, "Input/output error"))
    kernel, process, err = process_of(stdin=broken, folder=tmp_path)

    def main():
        found = []
        with Operands(process, ["-", "a"], failure=2) as operands:
            while lines := (yield from operands.read_lines()):
                found += lines
            return found, operands.status

    assert kernel.run(main()) == ([b"one\n", b"more\n"], 2)
    assert err.text == "true: -: Input/output error\n"


def test_a_list_of_lines_is_never_long_and_others_run_in_between(tmp_path):
    kernel, process, _ = process_of(stdin=b"\n" * 100_000)
    turns = []

    def beside():
        while True:
            turns.append(None)
            yield

    def main():
        kernel.spawn(beside(), daemon=True)
        lengths = []
        with Operands(process, []) as operands:
            while lines := (yield from operands.read_lines()):
                lengths.append(len(lines))
        return lengths

    lengths = kernel.run(main())
    assert sum(lengths) == 100_000 and max(lengths) <= 2048
    assert len(turns) >= len(lengths)


def test_too_many_open_files_is_a_complaint_of_each(tmp_path):
    import resource

    (tmp_path / "a").write_bytes(b"a\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    kernel, routine, out, err = started("cat", "a", folder=tmp_path)

    def main():
        # What is open stays open, and nothing more can be.
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            return (yield from routine)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert kernel.run(main()) == 1
    assert err.text == "cat: a: Too many open files\n"


def test_chomp_takes_off_newlines_and_nothing_else():
    assert chomp([b"a\r\n", b"\n", b"b"]) == [b"a\r", b"", b"b"]
    assert chomp([b"a\n"]) == [b"a"]
    assert chomp([]) == []


@pytest.mark.parametrize(("text", "expected"), [
    ("10", ("", 10)), ("+3", ("+", 3)), ("-2K", ("-", 2048)), ("1kB", ("", 1000)),
    ("2b", ("", 1024)),
    ("1M", ("", 1 << 20)), ("1MB", ("", 10 ** 6)), ("1GiB", ("", 1 << 30)),
])
def test_counts_have_signs_and_units(text, expected):
    assert count(text) == expected


@pytest.mark.parametrize("text", ["", "x", "1x", "K", "--1", "1KK", "1.5", "²", "1Bi"])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(ArgumentTypeError):
        count(text)


def test_a_program_that_fails_to_read_goes_on_with_proc_of_the_system():
    assert "processor" in run("cat", "/proc/cpuinfo")[1] or not os.path.exists("/proc/cpuinfo")

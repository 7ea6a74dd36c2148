"""tee: one input, several outputs."""

import os

import pytest

from tests.shell.programs_harness import run, run_bytes

from .streaming import run_until


def test_every_byte_comes_to_all(tmp_path):
    data = bytes(range(256)) * 1000
    assert run_bytes("tee", "a", "b", stdin=data, folder=tmp_path) == (0, data, b"")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == data


def test_a_file_is_written_anew_or_appended_to(tmp_path):
    for flags, expected in (((), "2"), (("-a",), "23"), ((), "4")):
        run("tee", *flags, "a", stdin=expected[-1].encode(), folder=tmp_path)
        assert (tmp_path / "a").read_text() == expected


def test_a_file_that_cannot_be_written_is_a_complaint_and_the_others_go_on(tmp_path):
    assert run("tee", "no/where", "a", stdin=b"x", folder=tmp_path) == (
        1, "x", "tee: no/where: No such file or directory\n")
    assert (tmp_path / "a").read_bytes() == b"x"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_a_complaint_and_the_others_go_on(tmp_path):
    assert run("tee", "/dev/full", "a", stdin=b"x" * 200_000, folder=tmp_path) == (
        1, "x" * 200_000, "tee: /dev/full: No space left on device\n")
    assert (tmp_path / "a").stat().st_size == 200_000


def test_it_ends_when_its_reader_leaves(tmp_path):
    assert run_until("x", "tee", "a", stdin=b"x", folder=tmp_path)[0] == 141

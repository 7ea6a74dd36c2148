"""cat: any byte passes, and lines can be numbered and made visible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run, run_bytes

from .real import assert_same, compared, needs
from .streaming import started

EVERY_BYTE = bytes(range(256)) * 1000


def test_every_byte_passes_from_a_file_and_from_standard_input(tmp_path):
    (tmp_path / "binary").write_bytes(EVERY_BYTE)
    assert run_bytes("cat", "binary", folder=tmp_path)[1] == EVERY_BYTE
    assert run_bytes("cat", stdin=EVERY_BYTE)[1] == EVERY_BYTE


def test_a_dash_is_standard_input_among_files(tmp_path):
    (tmp_path / "a").write_bytes(b"a\n")
    assert run("cat", "a", "-", "a", stdin=b"b\n", folder=tmp_path) == (0, "a\nb\na\n", "")


def test_a_file_that_cannot_be_read_is_one_complaint_and_the_others_go_on(tmp_path):
    (tmp_path / "a").write_bytes(b"a\n")
    assert run("cat", "nope.txt", "a", ".", "a\0b", "a", folder=tmp_path) == (
        1, "a\na\n",
        "cat: nope.txt: No such file or directory\ncat: .: Is a directory\n"
        "cat: a\0b: embedded null byte\n",
    )


def test_files_behind_two_dashes_may_begin_with_one(tmp_path):
    (tmp_path / "-n").write_bytes(b"a\n")
    assert run("cat", "--", "-n", folder=tmp_path)[1] == "a\n"


@needs("cat")
@pytest.mark.parametrize("flags", ["-n", "-b", "-s", "-E", "-T", "-v", "-A", "-bsE", "-sn", "-et"])
@compared
@given(st.lists(st.sampled_from([b"\n", b"a", b"\t", b"\r\n", b"\x00\x7f", b"\x89\xff"])))
def test_lines_are_shown_as_the_real_one_shows_them(flags, pieces):
    assert_same("cat", flags, stdin=b"".join(pieces))


def test_the_file_that_is_written_is_not_read_at_the_same_time(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"a\n")
    for name, words in (("cat", ()), ("grep", ("-h", "a"))):
        kernel, routine, _, err = started(name, *words, "log", "log", folder=tmp_path)
        process = routine.gi_frame.f_locals["process"]

        def main(process=process, routine=routine):
            process.stdout = yield from process.open_output("log", append=True)
            return (yield from routine)

        assert kernel.run(main()) == (1 if name == "cat" else 2)
        assert err.text == f"{name}: log: input file is output file\n" * 2
        assert log.read_bytes() == b"a\n"


@needs("cat")
def test_numbers_go_on_from_file_to_file(tmp_path):
    (tmp_path / "a").write_bytes(b"1\n\n\n2")
    (tmp_path / "b").write_bytes(b"more of 2\n\n\n3")
    for flags in ("-n", "-b", "-s", "-bs"):
        assert_same("cat", flags, "a", "b", "nope", "a", folder=tmp_path, errors=False)

"""head: the beginning of files."""

from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run

from .real import assert_same, compared, needs

DATA = st.lists(st.sampled_from([b"a", b"\n", b"bc\n", b"\x00\xff"])).map(b"".join)


@needs("head")
@compared
@given(DATA, st.sampled_from(["-n", "-c"]), st.sampled_from(["", "-"]), st.integers(0, 12))
def test_the_beginning_is_that_of_the_real_one(data, kind, sign, number):
    assert_same("head", kind, f"{sign}{number}", stdin=data)


@needs("head")
def test_several_files_have_headers(tmp_path):
    (tmp_path / "a").write_bytes(b"1\n2\n3")
    (tmp_path / "b").write_bytes(b"")
    for flags in (("-2",), ("-q",), ("-v", "-c1"), ("-n1",), ("-n", "-1")):
        assert_same("head", *flags, "a", "b", "-", stdin=b"x\ny\n", folder=tmp_path)
    assert_same("head", "-v", stdin=b"x\n")


@needs("head")
def test_numbers_may_have_units():
    for number in ("1K", "1kB", "1b", "-1K", "1KiB", "0", "-0"):
        assert_same("head", "-c", number, stdin=b"x" * 2000)
    for words in (("-n", "x"), ("-n", "1Q"), ("-c", "+-1")):
        assert run("head", *words)[0] == 2


def test_a_large_file_is_cut_across_the_pieces_that_are_read(tmp_path):
    lines = [b"%d\n" % number for number in range(50_000)]
    (tmp_path / "many").write_bytes(b"".join(lines))
    for flag, expected in (("-30000", lines[:30000]), ("-n-30000", lines[:20000])):
        assert run("head", flag, "many", folder=tmp_path)[1] == b"".join(expected).decode()
    whole = b"".join(lines).decode()
    assert run("head", "-c-100000", "many", folder=tmp_path)[1] == whole[:-100_000]

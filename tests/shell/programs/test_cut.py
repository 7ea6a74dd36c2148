"""cut: fields, characters and bytes of lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run, run_bytes

from .real import assert_same, compared, needs

POSITION = st.integers(1, 9)
RANGE = st.one_of(
    POSITION.map(str), POSITION.map("-{}".format), POSITION.map("{}-".format),
    st.tuples(POSITION, POSITION).map(lambda ends: "{}-{}".format(*sorted(ends))),
)
LIST = st.lists(RANGE, min_size=1, max_size=4).map(",".join)
LINES = st.lists(st.text("ab,= ", max_size=9)).map(lambda lines: "\n".join(lines).encode())


@needs("cut")
@compared
@given(LINES, LIST, st.sampled_from([(), ("-s",), ("--output-delimiter=::",)]),
       st.sampled_from(["-d,", "-d=", "-d "]))
def test_fields_are_cut_as_the_real_one_cuts_them(data, list_, flags, delimiter):
    assert_same("cut", "-f", list_, delimiter, *flags, stdin=data)


@needs("cut")
@compared
@given(LINES, LIST, st.sampled_from(["-b", "-c"]), st.sampled_from([(), ("--output-delimiter=:",)]))
def test_positions_are_cut_as_the_real_one_cuts_them(data, list_, kind, flags):
    assert_same("cut", kind, list_, *flags, stdin=data)


def test_characters_are_whole_and_bytes_are_not():
    assert run("cut", "-c1-2", stdin="äöü\n".encode())[1] == "äö\n"
    assert run_bytes("cut", "-b1-2", stdin="äöü\n".encode())[1] == "ä\n".encode()
    assert run_bytes("cut", "-c2", stdin=b"\xff\xfe\xfd\n")[1] == b"\xfe\n"


@pytest.mark.parametrize(("flags", "words"), [
    ((), "give a list of fields"), (("-f1", "-c1"), "and one only"), (("-f0",), "numbered from 1"),
    (("-f3-1",), "decreases"), (("-f-",), "invalid list"), (("-fa",), "invalid list"),
    (("-f1", "-dab"), "a single character"), (("-c1", "-s"), "go with fields"),
    (("-f",), "needs a value"),
])
def test_what_makes_no_sense_is_a_usage_error(flags, words):
    status, _, err = run("cut", *flags)
    assert status == 2 and words in err


def test_each_file_ends_its_last_line(tmp_path):
    (tmp_path / "a").write_bytes(b"1,2")
    assert run("cut", "-d,", "-f2", "a", "nope", "a", folder=tmp_path) == (
        1, "2\n2\n", "cut: nope: No such file or directory\n")

"""tr: bytes replaced, deleted and squeezed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run, run_bytes

from .real import assert_same, compared, needs

DATA = st.lists(st.sampled_from(
    [b"a", b"b", b"A", b"z", b"1", b" ", b"\n", b"-", b"]", b"^", b"\\", b"\xff", b"\x00"]
)).map(b"".join)
SET = st.lists(st.sampled_from(["a", "b", "a-c", "x-z", "0-9", "\\n", "\\101", "[:digit:]", "\\\\",
                                "^", "[:space:]", "]", "\\0"]), min_size=1, max_size=3).map("".join)


@needs("tr")
@compared
@given(DATA, SET, SET, st.sampled_from(["", "s", "t", "ts"]))
def test_bytes_are_replaced_as_the_real_one_replaces_them(data, one, two, flags):
    if "[:" in two:
        return      # only [:upper:] and [:lower:] may be there
    assert_same("tr", *([f"-{flags}"] if flags else []), "--", one, two, stdin=data)


@needs("tr")
@compared
@given(DATA, SET, st.sampled_from(["-d", "-s", "-cd", "-cs"]))
def test_bytes_are_deleted_and_squeezed_as_by_the_real_one(data, one, flags):
    assert_same("tr", flags, "--", one, stdin=data)


@needs("tr")
@pytest.mark.parametrize("words", [
    ("[:lower:]", "[:upper:]"), ("[:upper:]", "[:lower:]"), ("-cs", "a-z", "\\n"), ("a-z", "A-C"),
    ("-ds", "a", "b"), ("abc", "[x*]"), ("abc", "[x*2]y"), ("abc", "1[x*]2"), ("-c", "a\\n", "-"),
    ("-d", "[=a=]"), ("a", "-"), ("-d", "\\0-\\37"), ("-s", "ab", "x"),
])
def test_the_habits_of_the_real_one(words):
    assert_same("tr", *words, stdin=b"aabbcc XYZxyz -- abc\n\n\x00\x01 hello  world\n")


@pytest.mark.parametrize(("words", "complaint"), [
    ((), "required"), (("a",), "give 2 sets"), (("-d", "a", "b"), "one operand too many"),
    (("z-a", "b"), "reversed"), (("[:nope:]", "b"), "invalid character class"),
    (("a", ""), "must not be empty"), (("[x*]", "b"), "second set only"),
])
def test_sets_that_make_no_sense_are_a_usage_error(words, complaint):
    status, _, err = run("tr", *words, stdin=b"")
    assert status == 2 and complaint in err


def test_a_run_is_squeezed_across_the_pieces_that_are_read():
    assert run_bytes("tr", "-s", "a", stdin=b"a" * 200_000 + b"b")[1] == b"ab"

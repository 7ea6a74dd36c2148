"""wc: lines, words, bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run

from .real import assert_same, compared, needs

DATA = st.text("ab \t\n\v\f\r", max_size=60).map(str.encode)
FLAGS = st.lists(st.sampled_from(["-l", "-w", "-c", "-m"]), unique=True)


@needs("wc")
@compared
@given(DATA, FLAGS)
def test_standard_input_is_counted_as_the_real_one_counts_it(data, flags):
    assert_same("wc", *flags, stdin=data)


@needs("wc")
@compared
@given(st.text("ab \t\n\r", max_size=60).map(str.encode))
def test_the_widest_line_is_that_of_the_real_one(data):
    assert_same("wc", "-L", stdin=data)


@needs("wc")
def test_files_are_aligned_as_the_real_one_aligns_them(tmp_path):
    (tmp_path / "a").write_bytes(b"a b\n" * 1000)
    (tmp_path / "b").write_bytes(b"")
    for operands in (["a"], ["a", "b"], ["a", "nope"], ["nope"], ["a", "-"], ["-"], ["nope", "x"]):
        for flags in ([], ["-l"], ["-lc"], ["-L"]):
            assert_same("wc", *flags, *operands, stdin=b"x y\n", folder=tmp_path, errors=True)


def test_a_word_on_the_border_of_two_pieces_counts_once(tmp_path):
    (tmp_path / "long").write_bytes(b"a" * 200_000 + b" b\n")
    assert run("wc", "long", folder=tmp_path)[1] == "     1      2 200003 long\n"


def test_characters_and_widths_are_those_of_utf8():
    assert run("wc", "-m", stdin="hä\n".encode())[1] == "3\n"
    assert run("wc", "-L", stdin="日本\nabc\n".encode())[1] == "4\n"


def test_json_has_an_object_for_each_file(tmp_path):
    (tmp_path / "a").write_bytes(b"a b\n")
    out = run("wc", "--json", "a", "-", stdin=b"", folder=tmp_path)[1]
    assert json.loads(out)[0] == {"lines": 1, "words": 2, "bytes": 4, "file": "a"}
    assert len(json.loads(out)) == 2

"""sort: by keys, in order, however many lines there are."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minios
from tests.shell.programs_harness import run, run_bytes

from .real import assert_same, compared, needs

LINES = st.lists(st.text("abAB 12.,-", max_size=8), max_size=12).map(
    lambda lines: "\n".join(lines).encode())
POSITION = st.builds(lambda field, char: f"{field}.{char}" if char else str(field),
                     st.integers(1, 3), st.integers(0, 3))
KEY = st.builds(lambda start, skip, end, options: f"-k{start}{skip}" + (f",{end}" if end else "")
                + options, POSITION, st.sampled_from(["", "b"]), st.none() | POSITION,
                st.sampled_from(["", "n", "r", "nr", "f", "d", "fr", "b"]))
FLAGS = st.lists(st.sampled_from(["-r", "-n", "-u", "-s", "-f", "-b", "-d", "-t,", "-t."]),
                 unique_by=lambda flag: flag[:2], max_size=3).filter(
                     lambda flags: not {"-n", "-d"} <= set(flags))


@needs("sort")
@compared
@given(LINES, FLAGS)
def test_whole_lines_are_sorted_as_the_real_one_sorts_them(data, flags):
    assert_same("sort", *flags, stdin=data)


@needs("sort")
@compared
@given(LINES, st.lists(KEY, min_size=1, max_size=3), FLAGS.filter(lambda flags: "-d" not in flags))
def test_keys_are_compared_as_the_real_one_compares_them(data, keys, flags):
    if "-n" in flags and any(key[-1] in "d" or "d" in key for key in keys):
        return
    assert_same("sort", *keys, *flags, stdin=data)


@needs("sort")
@compared
@given(st.lists(st.builds("{}{}{}".format, st.sampled_from(["", "-", " "]),
                          st.decimals(0, 2000, places=1, allow_nan=False),
                          st.sampled_from(["", "K", "M", "G", "x"]))), st.booleans())
def test_numbers_with_units_are_compared_as_the_real_one_compares_them(lines, reverse):
    assert_same("sort", "-hr" if reverse else "-h", stdin="\n".join(lines).encode())


@needs("sort")
def test_versions_are_compared_as_the_real_one_compares_them():
    lines = ["1.10", "1.9", "1.9a", "a1", "a01", "a2b", "a2", "a10", "1.0~rc1", "1.0", "", "b", "-"]
    assert_same("sort", "-V", stdin="\n".join(lines).encode())


@needs("sort")
def test_numbers_are_exact_however_long_they_are():
    lines = ["9" * 5000, "1" + "0" * 5000, "-" + "9" * 5000, "0.1", "0.10000000000000000001", "-.5"]
    assert_same("sort", "-n", stdin="\n".join(lines).encode())
    assert_same("sort", "-k1,1nr", "-k1,1", stdin="\n".join(lines).encode())


@needs("sort")
@pytest.mark.parametrize("flags", [
    (), ("-r",), ("-k2n", "-r"), ("-u", "-k2,2"), ("-s", "-k1.5,1.5"), ("-k2,2nr", "-k1,1"),
    ("-rs", "-k1.5,1.5"), ("-n", "-u"), ("-k1.5,1.5r", "-k2"), ("-k2,2hr", "-k1"),
    ("-k2,2Vr", "-k1"),
])
def test_many_runs_are_merged_into_one(flags):
    chance = random.Random(7)
    lines = [f"{chance.randrange(3000):05} {chance.randrange(100)}" for _ in range(20000)]
    assert_same("sort", *flags, stdin="\n".join(lines).encode())


def test_other_tasks_run_while_many_lines_are_sorted():
    kernel, turns = minios.Kernel(), []

    def beside():
        while True:
            turns.append(None)
            yield

    data = b"".join(b"%d\n" % (number * 7919 % 50021) for number in range(50000))
    status, out, _ = run_bytes("sort", "-n", stdin=data, kernel=kernel, background=[beside()])
    assert status == 0 and out.split() == sorted(data.split(), key=int)
    assert len(turns) > 50


def test_the_output_may_be_a_file_that_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"b\na\n")
    assert run("sort", "-o", "a", "a", folder=tmp_path) == (0, "", "")
    assert (tmp_path / "a").read_bytes() == b"a\nb\n"


def test_c_names_the_first_line_that_is_not_in_order():
    assert run("sort", "-c", stdin=b"a\nc\nb\n") == (1, "", "sort: line 3: disorder: b\n")
    assert run("sort", "-c", stdin=b"a\na\n") == (0, "", "")
    assert run("sort", "-cu", stdin=b"a\na\n")[0] == 1
    assert run("sort", "-cr", stdin=b"b\na\n")[0] == 0


@pytest.mark.parametrize("key", ["0", "a", "1.0", "1,0", "1x", "", "1,", "1.2.3"])
def test_a_key_that_is_none_is_a_usage_error(key):
    status, _, err = run("sort", "-k", key)
    assert status == 2 and key in err


def test_a_file_that_is_not_there_is_status_2_and_the_others_are_sorted(tmp_path):
    (tmp_path / "a").write_bytes(b"b\na")
    assert run("sort", "a", "nope", "-", stdin=b"aa", folder=tmp_path) == (
        2, "a\naa\nb\n", "sort: nope: No such file or directory\n")

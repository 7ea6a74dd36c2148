"""printf: arguments in a format."""

import pytest

from tests.shell.programs_harness import run, run_bytes

from .real import assert_same, needs


@needs("printf")
@pytest.mark.parametrize("words", [
    ("%s\\n", "a", "b"), ("%s %s\\n", "a", "b", "c"), ("%d\\n", "12", "-3", "0x1f", "017", "'a"),
    ("%5.1f|%-6s|%06d\\n", "2.55", "ab", "42"), ("%x %X %o %u %e %g\\n", "255", "255", "8", "7",
                                                 "1.5", "0.1"),
    ("%%\\t\\101\\x41\\n",), ("no arguments\\n", "a", "b"), ("%*d|%-*d|\\n", "5", "42", "4", "7"),
    ("%c%c\\n", "abc", "def"), ("%b\\n", "a\\tb"), ("a\\cb",), ("%b|\\n", "a\\cb", "c"), ("%s",),
    ("%d\\n",), ("%.2s|%5s|%+d\\n", "abc", "ab", "3"), ("--", "%s\\n", "-x"), ("%s", "\\n"),
])
def test_arguments_are_written_as_the_real_one_writes_them(words):
    assert_same("printf", *words)


def test_what_is_no_number_is_a_complaint_and_counts_as_nothing():
    assert run("printf", "%d %s\\n", "x", "y") == (
        1, "0 y\n", "printf: 'x': expected a number\n")
    assert run("printf", "%d\\n", "1_0")[0] == 1
    assert run("printf", "%y")[0] == 1


def test_any_byte_passes_and_a_width_is_bounded():
    assert run_bytes("printf", "%s\\377", "\udcfe")[1] == b"\xfe\xff"
    assert len(run_bytes("printf", "%999999999s", "x")[1]) < 100_000


def test_a_format_is_needed():
    assert run("printf")[0] == 2

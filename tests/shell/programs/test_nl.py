"""nl and rev."""

import pytest

from tests.shell.programs_harness import run, run_bytes

from .real import assert_same, needs


@needs("nl")
@pytest.mark.parametrize("flags", [(), ("-ba",), ("-bn",), ("-v5", "-i", "2"), ("-w3", "-s: "),
                                   ("-nrz",), ("-nln",)])
def test_lines_are_numbered_as_the_real_one_numbers_them(flags):
    assert_same("nl", *flags, stdin=b"a\n\nb\n c")


def test_rev_turns_characters_round_and_keeps_every_byte():
    assert run("rev", stdin="abc\nhäß\n\nx".encode())[1] == "cba\nßäh\n\nx"
    assert run_bytes("rev", stdin=b"\xff\x00a\n")[1] == b"a\x00\xff\n"

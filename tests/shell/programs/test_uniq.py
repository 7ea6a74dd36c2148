"""uniq: equal lines in a row."""

from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run

from .real import assert_same, compared, needs

LINES = st.lists(st.sampled_from(["a", "A", "b", "a b", "b b", "", " x", "xx"])).map(
    lambda lines: "\n".join(lines).encode())


@needs("uniq")
@compared
@given(LINES, st.lists(st.sampled_from(["-c", "-d", "-u", "-i", "-f1", "-s1", "-w1"]), unique=True,
                       max_size=3))
def test_lines_are_merged_as_the_real_one_merges_them(data, flags):
    assert_same("uniq", *flags, stdin=data)


def test_a_second_operand_is_the_output(tmp_path):
    (tmp_path / "in").write_bytes(b"a\na\nb\n")
    assert run("uniq", "in", "out", folder=tmp_path) == (0, "", "")
    assert (tmp_path / "out").read_bytes() == b"a\nb\n"
    assert run("uniq", "a", "b", "c")[0] == 2


def test_a_group_goes_on_across_the_pieces_that_are_read(tmp_path):
    (tmp_path / "many").write_bytes(b"same\n" * 100_000)
    assert run("uniq", "-c", "many", folder=tmp_path)[1] == " 100000 same\n"

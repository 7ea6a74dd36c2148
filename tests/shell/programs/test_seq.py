"""seq: numbers in a row."""

from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run

from .real import assert_same, compared, needs

INTEGER = st.integers(-30, 30).map(str)
NUMBER = st.decimals(-3, 3, places=1).map(str)
STEP = st.decimals("-2", 2, places=2).filter(bool).map(str)


@needs("seq")
@compared
@given(st.one_of(st.tuples(INTEGER), st.tuples(INTEGER, INTEGER), st.tuples(NUMBER, STEP, NUMBER)),
       st.sampled_from([(), ("-w",), ("-s", ","), ("-w", "-s:")]))
def test_the_numbers_are_those_of_the_real_one(numbers, flags):
    assert_same("seq", *flags, *numbers)


def test_what_is_no_number_is_a_usage_error():
    for words in (("a",), ("nan",), ("1", "0", "2"), ("1", "2", "3", "4"), (), ("1e999",)):
        assert run("seq", *words)[0] == 2


def test_many_numbers_come_in_pieces_without_a_seam():
    assert run("seq", "5000")[1].split() == [str(number) for number in range(1, 5001)]
    assert run("seq", "-s,", "3000")[1].strip().split(",")[-1] == "3000"

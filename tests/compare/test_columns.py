import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minios.compare.columns import MARK, NARROWEST, cells, side_by_side, visible, wrap

WIDE = "漢字かな한글🙂"
COMBINING = "\u0301\u0308\u20e3\u200d"
lines = st.one_of(
    st.text(max_size=200),
    st.text(st.sampled_from("ab (.," + WIDE + COMBINING + "\t\x1b\u202e↪│"), max_size=200),
    st.builds(lambda n, text: " " * n + text, st.integers(0, 60), st.text(max_size=80)),
)
widths = st.integers(NARROWEST, 130)


@given(lines, widths)
def test_every_row_of_a_wrapped_line_fits(line, width):
    assert all(cells(row) <= width for row in wrap(line, width))


@given(lines, widths)
def test_the_rows_of_a_wrapped_line_joined_are_the_line(line, width):
    first, *rest = wrap(line, width)
    for row in rest:
        before, mark, text = row.partition(MARK)
        assert before.strip(" ") == "" and mark
        first += text
    assert first == visible(line)


@given(lines, widths)
def test_a_row_never_begins_with_half_a_character(line, width):
    for row in wrap(line, width)[1:]:
        text = row.partition(MARK)[2]
        assert cells(text[:1]) > 0


@given(lines)
def test_nothing_that_a_terminal_would_obey_is_left(line):
    categories = {unicodedata.category(character) for character in visible(line)}
    assert not categories & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(visible(line)) & set("\u202a\u202b\u202d\u202e\u2066\u2067")


@given(st.lists(lines, max_size=6), st.lists(lines, max_size=6), st.integers(19, 200))
def test_two_columns_fit_the_width_and_lose_no_text(left, right, width):
    rows = side_by_side(left, right, width)
    assert all(cells(row) <= width for row in rows)
    expected = Counter("".join(map(visible, left + right)))
    found = Counter("".join(rows))
    found["│"] -= len(rows)
    marks = found["↪"] - expected["↪"]
    assert marks >= 0
    found["↪"] -= marks
    del found[" "], expected[" "]
    assert +found == +expected


@given(
    st.lists(st.text("ab漢\u0301 ", max_size=90), min_size=1, max_size=6),
    st.lists(st.text("ab漢\u0301 ", max_size=90), min_size=1, max_size=6),
    st.integers(19, 200),
)
def test_the_line_between_the_columns_is_straight(left, right, width):
    places = {cells(row.partition("│")[0]) for row in side_by_side(left, right, width)}
    assert len(places) == 1


def test_a_line_begins_beside_its_partner_however_many_rows_came_before():
    assert side_by_side(["a" * 10, "second"], ["first", "b" * 10], 19) == [
        "aaaaaaaa │ first",
        "↪ aa     │",
        "second   │ bbbbbbbb",
        "         │ ↪ bb",
    ]


def test_a_long_line_is_broken_at_a_space_and_keeps_its_indentation():
    assert wrap("    print(one, two, three)", 20) == ["    print(one, two, ", "    ↪ three)"]


def test_a_long_line_without_a_space_is_broken_after_punctuation():
    assert wrap("asyncio.create_task(worker(queue))", 24) == [
        "asyncio.create_task(", "↪ worker(queue))"
    ]


def test_a_long_word_is_broken_where_the_room_ends():
    assert wrap("x" * 20, 10) == ["x" * 10, "↪ " + "x" * 8, "↪ xx"]


def test_a_wide_character_takes_two_cells_and_a_combining_one_none():
    assert (cells("abc"), cells("漢字"), cells("e\u0301")) == (3, 4, 1)


def test_a_tab_goes_to_the_next_multiple_of_eight():
    assert visible("\ta\tbc\t漢\td") == " " * 8 + "a" + " " * 7 + "bc" + " " * 6 + "漢      d"


def test_a_control_character_is_shown_as_an_escape():
    assert visible("\x1b[31mred\r") == "\\x1b[31mred\\r"
    assert visible("a\u202eb\ud800") == "a\\u202eb\\ud800"


def test_a_short_column_leaves_its_room_to_the_other():
    assert side_by_side(["a" * 9], ["b" * 48], 60) == ["a" * 9 + " │ " + "b" * 48]
    assert side_by_side(["a" * 49], ["b" * 8], 60) == ["a" * 49 + " │ " + "b" * 8]


def test_lines_that_have_no_partner_stand_beside_nothing():
    assert side_by_side(["aaaaaaaa"], ["b", "c"], 60) == ["aaaaaaaa │ b", "         │ c"]


def test_a_column_that_is_too_narrow_is_refused():
    with pytest.raises(ValueError, match="at least 8 cells"):
        wrap("text", 7)
    with pytest.raises(ValueError, match="at least 8 cells"):
        side_by_side(["text"], ["text"], 18)

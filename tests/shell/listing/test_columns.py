"""Tables of rows and columns."""

import json
from types import SimpleNamespace

import pytest

import minios
from minios.shell.listing.columns import Column, Table, display_width, fitted, printable, write_json

from ..programs_harness import Collected

TID, CMD = Column("TID"), Column("CMD", left=True)


class Screen(Collected):
    """An output that is so many columns wide, and never lets a writer wait."""

    def __init__(self, columns=None, colors=False):
        super().__init__()
        self.columns, self.colors, self.writes = columns, colors, 0

    def write(self, data):
        self.writes += 1
        self.data += data.encode()
        return
        yield


def written(columns, rows, *, output=None, **options):
    """What a table of these rows writes."""
    output = Screen() if output is None else output
    table = Table(columns)
    for row in rows:
        table.add(row)
    minios.run(table.write(SimpleNamespace(stdout=output, write=output.write), **options))
    return output.text


def test_columns_are_as_wide_as_their_widest_cell_and_lines_do_not_end_in_blanks():
    rows = [["1", "a", "0", "x"], ["1000", "long", "-5", ""]]
    text = written([TID, CMD, Column("NI"), CMD], rows)
    assert text.splitlines() == [" TID CMD  NI CMD", "   1 a     0 x", "1000 long -5 "]


def test_a_table_without_rows_is_its_headers():
    assert written([TID, CMD], []) == "TID CMD\n"
    assert written([TID, CMD], [], headers=False) == ""


def test_without_headers_they_take_no_room():
    assert written([TID, CMD], [["1", "a"], ["2", "b"]], headers=False) == "1 a\n2 b\n"


def test_a_terminal_gets_lines_that_fit_it_and_everything_else_gets_them_whole():
    rows = [["1", "x" * 100]]
    assert written([TID, CMD], rows, output=Screen(20)).splitlines()[1] == "  1 " + "x" * 16
    assert written([TID, CMD], rows).splitlines()[1] == "  1 " + "x" * 100
    assert written([TID, CMD], rows, output=Screen(20), whole=True).splitlines()[1] == (
        "  1 " + "x" * 100)


def test_one_long_cell_does_not_make_all_lines_as_long():
    lines = written([CMD, TID], [["x" * 500, "1"], ["y", "2"]]).splitlines()
    assert lines[1] == "x" * 500 + "   1"
    assert len(lines[2]) < 60


def test_at_a_terminal_a_long_cell_in_the_middle_is_cut_where_its_column_says():
    path = Column("WHERE", left=True, tail=True)
    row = ["a" * 40, "/very/long/path/to/some/place/file.py:12", "end"]
    line = written([CMD, path, CMD], [row], output=Screen(200)).splitlines()[1]
    assert line == "a" * 29 + "+ +path/to/some/place/file.py:12 end"


def test_what_would_steer_the_terminal_is_shown_as_an_escape():
    assert written([CMD], [["a\x1b[2J\r\nb"]], headers=False) == "a\\x1b[2J\\r\\nb\n"
    assert printable("plain") == "plain"


def test_characters_that_are_wide_or_take_no_room_keep_the_columns_straight():
    accent = "e\u0301"
    text = written([CMD, TID], [["日本", "1"], [accent, "2"], ["abcd", "3"]])
    assert text.splitlines() == ["CMD  TID", "日本   1", f"{accent}      2", "abcd   3"]
    assert [display_width(each) for each in ("日本", accent, "abcd")] == [4, 1, 4]
    assert [fitted("日本語", 5), fitted("abc", 2), fitted("abc", None)] == ["日本", "ab", "abc"]


def test_thousands_of_rows_keep_their_order_and_are_written_a_few_hundred_at_a_time():
    output = Screen()
    rows = [[str(number), f"task {number}"] for number in range(1000)]
    lines = written([TID, CMD], rows, output=output).splitlines()
    assert [line.split(None, 1) for line in lines[1:]] == rows
    assert output.writes == 5       # the headers, and blocks of 256


def test_styles_color_whole_lines_and_only_where_there_are_colors():
    def text(colors):
        output = Screen(40, colors)
        table = Table([TID, CMD])
        table.add(["1", "a"])
        table.add(["2", "b"], "red")
        minios.run(table.write(SimpleNamespace(stdout=output, write=output.write)))
        return output.text

    assert text(True) == "\x1b[1mTID CMD\x1b[0m\n  1 a\n\x1b[31m  2 b\x1b[0m\n"
    assert text(False) == "TID CMD\n  1 a\n  2 b\n"


def test_a_row_with_a_cell_too_few_is_refused():
    with pytest.raises(ValueError):
        Table([TID, CMD]).add(["1"])


def test_the_others_have_their_turns_while_a_table_is_written():
    output, seen = Screen(), []

    def other():
        while output.writes < 13:
            seen.append(output.writes)
            yield

    def main():
        table = Table([TID])
        for number in range(256 * 12):
            table.add([str(number)])
        yield from table.write(SimpleNamespace(stdout=output, write=output.write))

    kernel = minios.Kernel()
    kernel.spawn(other())
    kernel.run(main())
    assert {5, 9} <= set(seen)


@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_json_is_one_list_with_a_line_for_each_row(rows):
    output = Screen()
    found = ({"tid": number, "cmd": "a\nb"} for number in range(rows))
    minios.run(write_json(SimpleNamespace(write=output.write), found))
    assert json.loads(output.text) == [{"tid": number, "cmd": "a\nb"} for number in range(rows)]
    assert output.text.count("\n") == (rows + 2 if rows else 1)

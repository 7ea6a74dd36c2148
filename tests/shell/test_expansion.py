"""Expansion: variables, `~`, splitting and patterns."""

import os

import pytest

from minios.shell.expansion import expand, expand_one
from minios.shell.parser import ParseError, parse

VARIABLES = {"x": "a  b", "star": "*.py", "empty": "", "?": "3", "1": "first"}


@pytest.fixture
def folder(tmp_path):
    for name in ("b.py", "a.py", "c d.txt", "[x].md", ".hidden"):
        (tmp_path / name).write_text("")
    return str(tmp_path)


def expanded(text, folder="/nowhere"):
    command = parse(text)[0].pipelines[0][1].commands[0]
    return expand(command.words, VARIABLES.get, folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x", ["a", "b"]),
        ('"$x"', ["a  b"]),
        ("'$x'", ["$x"]),
        (r"\$x", ["$x"]),
        (r'"\$x"', ["$x"]),
        ("${x}y", ["a", "by"]),
        ("p$x", ["pa", "b"]),
        ("$empty $nothing", []),
        ('"$empty" "$nothing"', ["", ""]),
        ("p$empty", ["p"]),
        ("$?", ["3"]),
        ("$1$2", ["first"]),
        ("${nothing:-d} ${x:-d}", ["d", "a", "b"]),
        ("$", ["$"]),
        ("a$ '$'", ["a$", "$"]),
        ("100%", ["100%"]),
    ],
)
def test_variables_are_put_in_and_split_where_they_are_not_quoted(text, expected):
    assert expanded("echo " + text)[1:] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*.py", ["a.py", "b.py"]),
        ("?.py", ["a.py", "b.py"]),
        ("[b]*", ["b.py"]),
        ("*.nothing", ["*.nothing"]),
        ("'*.py'", ["*.py"]),
        ('"*".py', ["*.py"]),
        (r"\*.py", ["*.py"]),
        ("$star", ["a.py", "b.py"]),
        ('"$star"', ["*.py"]),
        ("'c '*", ["c d.txt"]),
        ("'[x]'*", ["[x].md"]),
        ("*", ["[x].md", "a.py", "b.py", "c d.txt"]),
    ],
)
def test_a_pattern_is_the_files_that_it_fits_sorted(text, expected, folder):
    assert expanded("echo " + text, folder)[1:] == expected


@pytest.mark.parametrize("text", ["${x%y}", '"${#x}"', "a${x:=5}b", "${"])
def test_a_substitution_that_this_shell_has_not_is_refused(text):
    with pytest.raises(ParseError, match="bad substitution"):
        expanded("echo " + text)


def test_a_tilde_is_home_where_it_begins_a_word():
    home = os.path.expanduser("~")
    assert expanded("echo ~ ~/x a~ '~'")[1:] == [home, home + "/x", "a~", "~"]


def test_the_value_of_an_assignment_is_neither_split_nor_a_pattern(folder):
    command = parse('v=$x*"$x" echo')[0].pipelines[0][1].commands[0]
    ((name, word),) = command.assignments
    assert (name, expand_one(word, VARIABLES.get)) == ("v", "a  b*a  b")

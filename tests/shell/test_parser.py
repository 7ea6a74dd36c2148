"""The parser: words, quotes, comments, `;` and `&`."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minios.shell.parser import Command, ParseError, parse


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("   ", []),
        ("ps", [Command(["ps"], False)]),
        ("kill -9 3", [Command(["kill", "-9", "3"], False)]),
        ("run a.py &", [Command(["run", "a.py"], True)]),
        ("run a.py&", [Command(["run", "a.py"], True)]),
        ("run a.py & ps", [Command(["run", "a.py"], True), Command(["ps"], False)]),
        ("ps; uptime;", [Command(["ps"], False), Command(["uptime"], False)]),
        ("run 'a b.py' \"c d\" e\\ f", [Command(["run", "a b.py", "c d", "e f"], False)]),
        ("ps # a comment", [Command(["ps"], False)]),
        ("# a comment", []),
        ("run a#b.py", [Command(["run", "a#b.py"], False)]),
        ("run '&' \"; ps\"", [Command(["run", "&", "; ps"], False)]),
        ("ps -o tid,cmd", [Command(["ps", "-o", "tid,cmd"], False)]),
        ("run '#1' 'a'#b \"c\"d", [Command(["run", "#1", "a#b", "cd"], False)]),
        (r'run "a \"b\" \\ \c"', [Command(["run", 'a "b" \\ \\c'], False)]),
        ("kill %1", [Command(["kill", "%1"], False)]),
    ],
)
def test_a_line_is_split_as_sh_would(line, expected):
    assert parse(line) == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run 'a", "begins with ' has no end"),
        ('run "a', 'begins with " has no end'),
        ("run a\\", "nothing is escaped"),
        ("& ps", "before `&`"),
        ("ps ;; ps", "no `;;`"),
        ("ps | wc", "no `|`"),
        ("ps > file", "no `>`"),
        ("ps && ps", "no `&&`"),
    ],
)
def test_a_line_that_is_none_says_why(line, words):
    with pytest.raises(ParseError) as caught:
        parse(line)
    assert words in str(caught.value)


@given(st.lists(st.lists(st.text(), min_size=1), min_size=1), st.data())
def test_quoted_words_come_back_whatever_they_contain(commands, data):
    line, expected = "", []
    for words in commands:
        background = data.draw(st.booleans())
        line += shlex.join(words) + (" & " if background else " ; ")
        expected.append(Command(words, background))
    assert parse(line) == expected


@given(st.text())
def test_any_text_is_commands_or_a_parse_error(text):
    try:
        for command in parse(text):
            assert command.words
    except ParseError as error:
        assert str(error)

"""The parser: lists, pipelines, commands, redirections, and how words were quoted."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minios.shell.expansion import expand
from minios.shell.parser import Incomplete, ParseError, parse


def words_of(text):
    """The words of a line of one command, expanded."""
    ((and_or),) = parse(text)
    ((_, pipeline),) = and_or.pipelines
    (command,) = pipeline.commands
    return expand(command.words, {}.get, "/nowhere")


def shape(text):
    """A line's structure: operators, and the text of each command."""
    return [
        ([(op, p.negated, [c.text for c in p.commands]) for op, p in each.pipelines],
         each.background)
        for each in parse(text)
    ]


@pytest.mark.parametrize("text", ["", "   ", "# a comment", "\n\n  # one\n# two\n"])
def test_a_line_of_nothing_is_no_command(text):
    assert parse(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ps", [([("", False, ["ps"])], False)]),
        ("run a.py &", [([("", False, ["run a.py"])], True)]),
        ("run a.py&", [([("", False, ["run a.py"])], True)]),
        ("a & b", [([("", False, ["a"])], True), ([("", False, ["b"])], False)]),
        ("a; b;", [([("", False, ["a"])], False), ([("", False, ["b"])], False)]),
        ("a\nb\n", [([("", False, ["a"])], False), ([("", False, ["b"])], False)]),
        ("a | b|c", [([("", False, ["a", "b", "c"])], False)]),
        ("a |\n\n b", [([("", False, ["a", "b"])], False)]),
        ("! a && b || c &",
         [([("", True, ["a"]), ("&&", False, ["b"]), ("||", False, ["c"])], True)]),
        ("ps # a comment", [([("", False, ["ps"])], False)]),
        ("cat 'a  b' # x", [([("", False, ["cat 'a  b'"])], False)]),
    ],
)
def test_a_line_is_taken_apart_as_sh_would(text, expected):
    assert shape(text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kill -9 3", ["kill", "-9", "3"]),
        ("run 'a b.py' \"c d\" e\\ f", ["run", "a b.py", "c d", "e f"]),
        ("run a#b.py", ["run", "a#b.py"]),
        ("run '&' \"; ps\" '|' '>'", ["run", "&", "; ps", "|", ">"]),
        ("run '#1' 'a'#b \"c\"d", ["run", "#1", "a#b", "cd"]),
        (r'run "a \"b\" \\ \c"', ["run", 'a "b" \\ \\c']),
        ("kill %1", ["kill", "%1"]),
        ("cut -d' ' -f1", ["cut", "-d ", "-f1"]),
        ("echo '' \"\" x", ["echo", "", "", "x"]),
        ("a=1 b=2 echo c=3", ["echo", "c=3"]),
    ],
)
def test_words_are_quoted_as_in_sh(line, expected):
    assert words_of(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a < in > out", [(0, "<"), (1, ">")]),
        ("a >> log 2> err", [(1, ">>"), (2, ">")]),
        ("a > out 2>&1", [(1, ">"), (2, ">&")]),
        ("a &> both", [(1, ">"), (2, ">&")]),
        ("a 2 > out", [(1, ">")]),
        ("a x2> out", [(1, ">")]),
    ],
)
def test_redirections_are_kept_in_their_order(line, expected):
    ((_, pipeline),) = parse(line)[0].pipelines
    found = pipeline.commands[0].redirections
    assert [(each.fd, each.operator) for each in found] == expected


def test_a_redirection_s_number_stands_by_itself():
    ((_, pipeline),) = parse("echo 2 > out x2> o")[0].pipelines
    words = expand(pipeline.commands[0].words, {}.get, "/")
    assert words == ["echo", "2", "x2"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("& ps", "before `&`"),
        ("| ps", "before `|`"),
        ("a && ; b", "before `;`"),
        ("ps ;; ps", "no `;;`"),
        ("echo $(ls)", "no `(`"),
        ("echo `ls`", "no ``"),
        ("(ls)", "no `(`"),
        ("ls >", "name of a file behind"),
        ("ls > | wc", "name of a file behind"),
        ("ls 5> x", "descriptors 0, 1 and 2"),
        ("if true; then echo no; fi", "no `if`"),
        ("true; for x in a; do echo; done", "no `for`"),
        ("{ echo a; } | cat", "no `{`"),
        ("[ -f x ] && echo", "no `[`"),
        ("cat << EOF", "no `<<`"),
    ],
)
def test_a_line_that_is_none_says_why(line, words):
    with pytest.raises(ParseError) as caught:
        parse(line)
    assert words in str(caught.value) and not isinstance(caught.value, Incomplete)


@pytest.mark.parametrize("line", ["run 'a", 'run "a', "run a\\", "a |", "a &&", "a ||", "a 'b\nc"])
def test_a_line_that_may_go_on_is_told_from_one_that_is_wrong(line):
    with pytest.raises(Incomplete):
        parse(line)


@given(st.lists(st.lists(st.text(), min_size=1), min_size=1), st.data())
def test_quoted_words_come_back_whatever_they_contain(commands, data):
    line, expected = "", []
    for words in commands:
        background = data.draw(st.booleans())
        # Quoted in any case: `if` and its like are refused where they are not.
        line += " ".join("''" + shlex.quote(word) for word in words)
        line += " & " if background else "; "
        expected.append((words, background))
    found = [
        (expand(each.pipelines[0][1].commands[0].words, {}.get, "/nowhere"), each.background)
        for each in parse(line)
    ]
    assert found == expected


@given(st.text(alphabet="ab '\"\\|&;<>$#=*?[]{}()~\n2`", max_size=30))
def test_any_text_is_commands_or_a_parse_error(text):
    try:
        for and_or in parse(text):
            for _, pipeline in and_or.pipelines:
                for command in pipeline.commands:
                    assert isinstance(expand(command.words, {}.get, "/nowhere"), list)
    except ParseError as error:
        assert str(error)

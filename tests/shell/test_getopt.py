"""Getopt: options and operands as getopt(3) tells them apart."""

import pytest

from minios.shell.arguments import Leave
from minios.shell.getopt import Getopt
from tests.shell.programs_harness import run


def parse(*words, **options):
    parser = Getopt("try", "Try.", **options)
    parser.add_argument("-a", action="store_true")
    parser.add_argument("-b", action="store_true")
    parser.add_argument("-d", "--delimiter")
    parser.add_argument("-n", type=int)
    parser.add_argument("--color", nargs="?", const="always")
    parser.add_argument("file", nargs="*")
    return parser.parse_args(list(words))


@pytest.mark.parametrize(("words", "expected"), [
    (["-ab"], {"a": True, "b": True}),
    (["-abd,"], {"a": True, "b": True, "delimiter": ","}),
    (["-d="], {"delimiter": "="}),
    (["-d=="], {"delimiter": "=="}),
    (["-d", "="], {"delimiter": "="}),
    (["-d", "-a"], {"delimiter": "-a", "a": False}),
    (["-d", ""], {"delimiter": ""}),
    (["-d", "--"], {"delimiter": "--"}),
    (["-d", " "], {"delimiter": " "}),
    (["--delimiter=x=y"], {"delimiter": "x=y"}),
    (["--delimiter", "-x"], {"delimiter": "-x"}),
    (["x", "-a", "y"], {"a": True, "file": ["x", "y"]}),
    (["x", "--", "-a", "--", "y"], {"a": False, "file": ["x", "-a", "--", "y"]}),
    (["-", "-a"], {"a": True, "file": ["-"]}),
    (["--color", "x"], {"color": "always", "file": ["x"]}),
    (["--color=never", "x"], {"color": "never", "file": ["x"]}),
])
def test_words_are_taken_as_getopt_takes_them(words, expected):
    found = vars(parse(*words))
    assert {key: found[key] for key in expected} == expected


def test_a_number_is_the_option_that_it_stands_for_or_an_operand():
    assert parse("-5", "x", number="-n").n == 5
    assert parse("-n", "-5", number="-n").n == -5
    assert parse("-5", "-.5", "-a", number="").file == ["-5", "-.5"]
    with pytest.raises(Leave):
        parse("-5")


def test_the_first_operand_ends_the_options_where_another_program_follows():
    found = parse("-a", "x", "-b", "--color", permute=False)
    assert found.a and not found.b
    assert found.file == ["x", "-b", "--color"]


@pytest.mark.parametrize(("words", "message"), [
    (["-z"], "invalid option -- 'z'"), (["-az"], "invalid option -- 'z'"),
    (["-d"], "option -d needs a value"), (["--delimiter"], "option --delimiter needs a value"),
    (["--nope"], "unrecognized arguments: --nope"), (["--delim=x"], "unrecognized arguments"),
    (["-n", "x"], "invalid int value"),
])
def test_what_is_no_option_is_a_usage_error(words, message):
    with pytest.raises(Leave) as caught:
        parse(*words)
    assert caught.value.status == 2 and message in caught.value.message


def test_a_parser_without_operands_says_that_there_is_one_too_many():
    with pytest.raises(Leave) as caught:
        Getopt("try", "Try.").parse_args(["x"])
    assert "one operand too many: 'x'" in caught.value.message
    assert Getopt("try", "Try.").parse_args([]) is not None


@pytest.mark.parametrize("name", (
    "basename cat clear cut date dirname echo env false grep head ls nl printf rev seq sleep sort "
    "tail tee tr true type uniq wc which xargs yes"
).split())
def test_every_text_program_has_a_help_that_fits_a_screen(name):
    status, out, err = run(name, "--help")
    assert (status, err) == (0, "") and out.startswith(f"usage: {name}")
    assert "%%" not in out.replace("%g %%", "")
    assert max(map(len, out.splitlines())) <= 100


def test_help_is_an_option_and_h_is_free():
    with pytest.raises(Leave) as caught:
        parse("--help")
    assert caught.value.status == 0 and caught.value.message.startswith("usage: try")
    with pytest.raises(Leave) as caught:
        parse("-h")
    assert caught.value.status == 2

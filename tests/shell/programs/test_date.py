"""date: in any format."""

import re

from tests.shell.programs_harness import run

from .real import assert_same, needs


@needs("date")
def test_a_moment_is_written_as_the_real_one_writes_it():
    for format_ in ("+%Y-%m-%d %H:%M:%S", "+%a %b %e %j", "+%s%%s", "+", "+%F %T", "+%N"):
        assert_same("date", "-u", "-d", "@1234567890", format_)
    for flags in ((), ("-R",), ("-I",)):
        assert_same("date", "-u", "-d", "@1234567890", *flags)
    assert_same("date", "-u", "-d", "2020-02-29T12:00:00+00:00", "+%s")


def test_now_is_shown_as_habit_has_it():
    assert re.fullmatch(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \S+ \d{4}\n", run("date")[1])


def test_what_is_no_format_and_no_date_is_a_usage_error():
    for words in (("%Y",), ("-d", "soon"), ("-d", "@1e99")):
        assert run("date", *words)[0] == 2

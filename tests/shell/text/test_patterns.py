"""Patterns: POSIX's regular expressions in those of Python."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minios.shell.text.patterns import PatternError, compile_patterns, translate


@pytest.mark.parametrize(("pattern", "extended", "expected"), [
    ("ab", False, "ab"), ("a*", False, "(?:a)*"), ("a+", False, r"a\+"), (r"a\+", False, "(?:a)+"),
    ("a+", True, "(?:a)+"), (r"a\+", True, r"a\+"), (r"\(a\)\1", False, r"(a)(?:\1)"),
    ("(a)", False, r"\(a\)"), ("^a$", False, r"\Aa\Z"), ("a^b$c", False, r"a\^b\$c"),
    ("*a", False, r"\*a"), ("a|b", True, "a|b"), ("a{2,}", True, "(?:a){2,}"),
    ("a{,3}", True, "(?:a){0,3}"), ("a{x", True, r"a\{x"), ("[]a]", False, r"[\]a]"),
    ("[a-c-]", False, r"[a-c\-]"), (r"[\n]", False, r"[\\n]"), ("[[:digit:]x]", True, "[0-9x]"),
    ("[[.a.][=b=]]", True, "[ab]"), (r"\<a\>", False, r"\b(?=\w)a\b(?<=\w)"),
    ("a+?", True, "(?:(?:a)+)?"), (r"a\nb", False, "anb"),
])
def test_a_pattern_has_one_translation(pattern, extended, expected):
    assert translate(pattern, extended) == expected


@given(st.text("ab\\()[]{}*+?|^$.,-:1 ", max_size=12), st.booleans())
def test_any_text_is_a_pattern_or_a_pattern_error(text, extended):
    try:
        expression = compile_patterns([text], "extended" if extended else "basic")
    except PatternError as error:
        assert str(error)
    else:
        assert isinstance(expression, re.Pattern)


@given(st.text(max_size=8), st.text(max_size=3), st.text(max_size=3))
def test_a_fixed_text_is_found_where_it_is(text, before, after):
    found = compile_patterns([text], "fixed").search(before + text + after)
    assert found and found[0] == text
    assert compile_patterns([text], "fixed", lines=True).search(text)
    assert bool(compile_patterns([text], "fixed", lines=True).search(before + text + after)) == (
        text == before + text + after)

"""echo: its arguments."""

import pytest

from tests.shell.programs_harness import run, run_bytes


@pytest.mark.parametrize(("words", "out"), [
    ((), b"\n"), (("a", "b  c"), b"a b  c\n"), (("-n", "a"), b"a"), (("-x", "-n"), b"-x -n\n"),
    (("-e", r"a\tb\n\0101\x41\\"), b"a\tb\nAA\\\n"), (("-ne", r"a\cb"), b"a"), (("-",), b"-\n"),
    (("-eE", r"\t"), b"\\t\n"), ((r"\t",), b"\\t\n"), (("--", "-n"), b"-- -n\n"),
    (("-e", r"\q\x"), b"\\q\\x\n"), (("\udcff",), b"\xff\n"), (("-nn", "-e", "ä"), "ä".encode()),
])
def test_words_are_written_as_bash_writes_them(words, out):
    assert run_bytes("echo", *words) == (0, out, b"")


def test_help_is_there():
    assert run("echo", "--help")[1].startswith("usage: echo [-neE]")

"""xargs: words of standard input become those of a program."""

import signal

import pytest

from minios.errors import TaskKilledError
from syscalls import Sleep, Spawn, Wait

from .streaming import Pieces, started


def xargs(*argv, stdin=b""):
    kernel, routine, out, err = started("xargs", *argv, stdin=stdin)
    return kernel.run(routine), out.text, err.text


@pytest.mark.parametrize(("argv", "stdin", "out"), [
    ((), b"a b\n c\n", "a b c\n"),
    (("-n1", "echo", "-n"), b"a b", "ab"),
    (("-n", "2"), b"1 2 3\n", "1 2\n3\n"),
    (("echo", "-x"), b"a", "-x a\n"),
    ((), b"", "\n"),
    (("-r",), b"  \n", ""),
    ((), b"'a  b' \"c  d\" e\\ f\\'\n", "a  b c  d e f'\n"),
    (("-0",), b"a b\0'c\n\0", "a b 'c\n\n"),
    (("-I", "{}", "echo", "<{}>", "{}{}"), b"a b\n\nc", "<a b> a ba b\n<c> cc\n"),
    (("-n1", "basename"), b"/a/b /c/d", "b\nd\n"),
    (("basename", "-a"), b"'' x", "\nx\n"),
])
def test_words_are_handed_on(argv, stdin, out):
    assert xargs(*argv, stdin=stdin) == (0, out, "")


def test_words_may_come_in_pieces():
    source = Pieces(b"a", b"b 'c", b" d' e", b"\\", b" f")
    assert xargs("-n1", stdin=source)[1] == "ab\nc d\ne f\n"


def test_commands_are_run_before_the_input_has_ended():
    source = Pieces(b"a b ", OSError(5, "Input/output error"))
    assert xargs("-n1", stdin=source) == (1, "a\nb\n", "xargs: -: Input/output error\n")


def test_the_status_tells_of_the_programs():
    assert xargs("false", stdin=b"a")[0] == 123
    assert xargs("nonsense", stdin=b"a")[0] == 127
    assert xargs("-n", "0")[0] == 2


@pytest.mark.parametrize("stdin", [b"a 'b", b"a 'b\nc' d", b"a b'c", b"a \\"])
def test_a_quote_without_an_end_is_refused(stdin):
    assert xargs(stdin=stdin) == (1, "", "xargs: a quote has no end; -0 takes quotes as they are\n")
    assert xargs("-0", "true", stdin=stdin)[0] == 0


@pytest.mark.parametrize("stdin", [b"'" * 299_999, b"'" * 300_000, b"x" * 300_000,
                                   b"'\n" + b"x" * 300_000])
def test_a_word_without_an_end_is_refused(stdin):
    pieces = Pieces(*(stdin[at:at + 10_000] for at in range(0, len(stdin), 10_000)))
    assert xargs(stdin=pieces) == (1, "", "xargs: a word is longer than 131072 bytes\n")
    assert xargs("-0", "true", stdin=Pieces(stdin, stdin))[0] == 1


def test_t_shows_each_command():
    assert xargs("-t", "-n1", "echo", stdin=b"a b")[2] == "echo a\necho b\n"


def test_a_long_input_is_several_commands():
    status, out, _ = xargs(stdin=b"0123456789 " * 30_000)
    assert status == 0 and len(out.splitlines()) == 3
    assert out.split() == ["0123456789"] * 30_000


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_the_program_does_not_outlive_one_that_is_killed(signum):
    kernel, routine, out, err = started("xargs", "sleep", stdin=b"1000")

    def main():
        task = yield Spawn(routine)
        yield Sleep(1)
        names = [each.name for each in kernel.all_tasks()]
        task.kill(signum)
        try:
            yield Wait(task)
        except TaskKilledError:
            pass
        yield Sleep(1)
        return "sleep 1000" in names, [each.name for each in kernel.all_tasks()]

    ran, left = kernel.run(main(), name="main")
    assert ran and left == ["main"]

"""Single keys: the decoder by itself, and the keyboard of a real terminal."""

import os
import pty
import signal
import sys
import termios

import pytest

import minios
from minios.shell.tty.keyboard import KeyDecoder, KeyReader
from syscalls import Sleep, Spawn, Wait

from ..screen import Screen


def decode(*pieces):
    decoder = KeyDecoder()
    return [key for piece in pieces for key in decoder.feed(piece)] + decoder.flush()


# --- The decoder -----------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "keys"), [
    (b"qZ5 ", ["q", "Z", "5", " "]),
    (b"\033[A\033[B\033[C\033[D", ["up", "down", "right", "left"]),
    (b"\033OA\033OB\033OH\033OF", ["up", "down", "home", "end"]),
    (b"\033[5~\033[6~\033[3~\033[2~", ["pageup", "pagedown", "delete", "insert"]),
    (b"\033[H\033[F\033[1~\033[4~\033[7~\033[8~", ["home", "end"] * 3),
    (b"\r\n\t\x7f\b", ["enter", "enter", "tab", "backspace", "backspace"]),
    (b"\033[Z\033OM", ["tab", "enter"]),
    ("é日𝄞".encode(), ["é", "日", "𝄞"]),
    (b"\033", ["escape"]),
    (b"\033\033", ["escape", "escape"]),
    (b"\033\033[A", ["escape", "up"]),
    (b"\033x", ["escape", "x"]),
    (b"\033[1;5Aa", ["up", "a"]),
    (b"\033[3;2~", ["delete"]),
    (b"\033[15~\033[24~\033OP\033[[Aq", ["q"]),
    (b"\033[?1;2cq", ["q"]),
    (b"\033[", ["escape", "["]),
    (b"\033[1;", []),
    (b"\x01\x03", ["\x01", "\x03"]),
    (b"\xff", ["\ufffd"]),
    (b"", []),
])
def test_bytes_become_keys(data, keys):
    assert decode(data) == keys


@pytest.mark.parametrize("data", [
    b"\033[A\033[5~q", "é日𝄞".encode(), b"\033OAx\033[1;5B",
])
def test_it_does_not_matter_in_how_many_pieces_they_come(data):
    assert decode(*(data[i:i + 1] for i in range(len(data)))) == decode(data)


def test_an_escape_is_pending_until_something_follows_or_it_is_flushed():
    decoder = KeyDecoder()
    assert decoder.feed(b"\033") == [] and decoder.pending
    assert decoder.flush() == ["escape"] and not decoder.pending
    assert decoder.feed(b"\033") + decoder.feed(b"[A") == ["up"] and not decoder.pending


def test_a_sequence_without_an_end_is_given_up():
    decoder = KeyDecoder()
    decoder.feed(b"\033[" + b"1;" * 1000)
    assert decoder.feed(b"q")[-1:] == ["q"]


def test_any_bytes_are_decoded_and_none_are_kept_for_ever():
    from random import Random

    random = Random(0)
    for _ in range(2000):
        data = bytes(random.choice(b"\033[O~1;Aq\xc3\xa9\xff\r") for _ in range(12))
        decoder = KeyDecoder()
        keys = decoder.feed(data) + decoder.flush()
        assert all(isinstance(key, str) and key for key in keys)
        assert decoder.feed(b"\0\0q")[-1] == "q"


# --- The reader, at a pseudo terminal --------------------------------------------------------


@pytest.fixture
def ends():
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


def reader(kernel, fd, size=lambda: (80, 24)):
    return KeyReader(kernel, fd, size)


def next_keys(keys, count):
    found = []
    for _ in range(count):
        found.append((yield from keys.get()))
    return found


def run(routine, *arguments):
    kernel = minios.Kernel()
    return kernel.run(routine(kernel, *arguments))


def test_keys_come_at_once_and_are_not_echoed(ends):
    master, slave = ends

    def main(kernel):
        with reader(kernel, slave) as keys:
            os.write(master, b"a\033[A\r")
            return (yield from next_keys(keys, 3))

    assert run(main) == ["a", "up", "enter"]
    os.set_blocking(master, False)
    with pytest.raises(BlockingIOError):
        os.read(master, 10)


def test_signals_remain_signals(ends):
    master, slave = ends
    with reader(minios.Kernel(), slave):
        assert termios.tcgetattr(slave)[3] & termios.ISIG


def test_a_lone_escape_is_a_key_after_a_moment(ends):
    master, slave = ends

    def main(kernel):
        with reader(kernel, slave) as keys:
            os.write(master, b"\033")
            return (yield from keys.get())

    assert run(main) == "escape"


def test_none_comes_when_the_time_is_over(ends):
    def main(kernel):
        with reader(kernel, ends[1]) as keys:
            return (yield from keys.get(0)), (yield from keys.get(0.01))

    assert run(main) == (None, None)


def test_none_comes_when_the_terminal_has_gone():
    master, slave = pty.openpty()

    def main(kernel):
        with reader(kernel, slave) as keys:
            os.close(master)
            return (yield from keys.get())

    assert run(main) is None
    os.close(slave)


def test_a_new_size_is_a_key_of_its_own(ends):
    size = [80, 24]

    def main(kernel):
        with reader(kernel, ends[1], lambda: tuple(size)) as keys:
            task = yield Spawn(keys.get())
            while task.call is None:
                yield
            size[0] = 60
            os.kill(os.getpid(), signal.SIGWINCH)
            first = yield Wait(task)
            return first, (yield from keys.get(0))

    assert run(main) == ("resize", None)


def test_the_handler_of_sigwinch_is_called_as_before_and_put_back(ends):
    called = []

    def handler(signum, frame):
        called.append(signum)

    before = signal.signal(signal.SIGWINCH, handler)
    try:
        with reader(minios.Kernel(), ends[1]):
            os.kill(os.getpid(), signal.SIGWINCH)
        assert called == [signal.SIGWINCH]
        assert signal.getsignal(signal.SIGWINCH) is handler
    finally:
        signal.signal(signal.SIGWINCH, before)


def test_after_the_whole_process_was_stopped_the_modes_are_set_again(ends):
    slave = ends[1]

    def main(kernel):
        with reader(kernel, slave) as keys:
            wanted = termios.tcgetattr(slave)
            task = yield Spawn(keys.get())
            while task.call is None:
                yield
            cooked = [*wanted[:3], wanted[3] | termios.ECHO | termios.ICANON, *wanted[4:]]
            termios.tcsetattr(slave, termios.TCSANOW, cooked)       # as the shell above it does
            os.kill(os.getpid(), signal.SIGCONT)
            return (yield Wait(task)), termios.tcgetattr(slave) == wanted

    assert run(main) == ("resize", True)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_modes_are_restored_when_the_program_is_killed(ends, signum):
    slave = ends[1]
    found = termios.tcgetattr(slave)

    def program(kernel):
        with reader(kernel, slave) as keys:
            yield from keys.get()

    def main(kernel):
        task = yield Spawn(program(kernel))
        while task.call is None:
            yield
        assert termios.tcgetattr(slave) != found
        task.kill(signum)
        while not task.done():
            yield
        task.exception()

    run(main)
    assert termios.tcgetattr(slave) == found


def test_while_it_is_paused_the_modes_are_those_that_were_found(ends):
    master, slave = ends
    found = termios.tcgetattr(slave)

    def program(kernel, readers):
        with reader(kernel, slave) as keys:
            readers.append(keys)
            return (yield from next_keys(keys, 3))

    def main(kernel):
        readers = []
        task = yield Spawn(program(kernel, readers))
        while task.call is None:
            yield
        task.kill(signal.SIGSTOP)
        readers[0].pause()
        paused = termios.tcgetattr(slave)
        os.write(master, b"typed meanwhile\n")
        yield Sleep(0.01)
        line = os.read(slave, 100)       # whoever reads now gets it
        readers[0].resume()
        task.kill(signal.SIGCONT)
        os.write(master, b"ab")
        return paused, line, (yield Wait(task))

    paused, line, keys = run(main)
    assert paused == found and line == b"typed meanwhile\n" and keys == ["resize", "a", "b"]
    assert termios.tcgetattr(slave) == found


def test_pausing_twice_and_resuming_what_is_not_paused_is_harmless(ends):
    slave = ends[1]
    found = termios.tcgetattr(slave)
    with reader(minios.Kernel(), slave) as keys:
        keys.resume()
        keys.pause()
        keys.pause()
        assert termios.tcgetattr(slave) == found
    assert termios.tcgetattr(slave) == found


def test_no_terminal_is_an_oserror():
    with open(os.devnull) as file, pytest.raises(OSError):
        with reader(minios.Kernel(), file.fileno()):
            pass


# --- A program of a shell ----------------------------------------------------------------------


@pytest.fixture(params=["xterm-256color", "dumb"])
def screen(request, tmp_path):
    screen = Screen([sys.executable, "-m", "tests.shell.prompted"],
                    TERM=request.param, XDG_STATE_HOME=str(tmp_path))
    screen.wait_for(r"\$$")
    yield screen
    screen.close()


def test_a_program_is_steered_by_keys_and_sees_the_window_change(screen):
    screen.type("keys\r")
    screen.wait_for("^keys:$")
    screen.type("é\033[A")
    screen.wait_for(r"key 'é' 100x30\nkey 'up' 100x30$")
    screen.resize(60, 20)
    screen.wait_for("^key 'resize' 60x20$")
    screen.type("q")
    screen.wait_for(r"60x20\n\$$")
    screen.run("hello")
    assert "got 'hello'" in screen.text


def test_a_program_with_keys_that_is_stopped_gives_them_to_the_shell(screen):
    screen.run("stopped")
    screen.run("hello")
    assert "got 'hello'" in screen.text
    screen.type("continue\r")
    screen.wait_for("^top 'resize'$")
    screen.type("x")
    screen.wait_for("^top 'x'$")
    screen.type("q")
    screen.wait_for(r"top 'x'\n\$$")

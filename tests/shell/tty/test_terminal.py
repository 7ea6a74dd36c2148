"""The plain terminal and its outlet: nothing that is written is lost, and nobody is held up."""

import os
import pty
import select
import signal
import socket
import sys
import termios
import threading

import pytest

import minios
from minios.shell.tty.lines import LineReader
from minios.shell.tty.outlet import Outlet
from minios.shell.tty.terminal import PlainTerminal, has_colors
from syscalls import ReadWait, Sleep, Spawn, Wait

from ..screen import Screen


@pytest.fixture
def kernel():
    return minios.Kernel()


def reading(fd, found, count):
    """A task that takes `count` bytes from `fd`, in small pieces."""
    while len(found) < count:
        yield ReadWait(fd)
        found += os.read(fd, 5000)


@pytest.fixture(params=["pipe", "non-blocking pipe", "socket", "terminal"])
def ends(request):
    """(a descriptor to write to, one to read from it), with little room between them."""
    if request.param == "socket":
        a, b = (each.detach() for each in socket.socketpair())
    elif request.param == "terminal":
        b, a = pty.openpty()
        modes = termios.tcgetattr(a)
        modes[1] &= ~termios.OPOST
        termios.tcsetattr(a, termios.TCSANOW, modes)
    else:
        b, a = os.pipe()
        os.set_blocking(a, request.param == "pipe")
    yield a, b
    for fd in (a, b):
        try:
            os.close(fd)
        except OSError:
            pass


DATA = bytes(range(32, 127)) * 11_000       # a mebibyte


# --- The outlet --------------------------------------------------------------------------------


def test_all_that_a_task_writes_arrives_while_others_run(kernel, ends):
    outlet, found, turns = Outlet(kernel, ends[0]), bytearray(), []

    def main():
        reader = yield Spawn(reading(ends[1], found, len(DATA)))
        other = yield Spawn(counting(turns))
        yield from outlet.write(DATA)
        turns.append("written")
        other.kill()
        yield Wait(reader)

    kernel.run(main())
    outlet.close()
    assert found == DATA
    assert turns.index("written") > 10


def counting(turns):
    while True:
        turns.append(1)
        yield Sleep(0)


def test_what_a_plain_function_writes_is_kept_until_there_is_room(kernel, ends):
    outlet, found = Outlet(kernel, ends[0]), bytearray()

    def main():
        for start in range(0, len(DATA), 10_000):
            outlet.put(DATA[start:start + 10_000])      # nobody reads yet
        yield from reading(ends[1], found, len(DATA))

    kernel.run(main())
    outlet.close()
    assert found == DATA


def test_tasks_threads_and_functions_keep_their_order(kernel, ends):
    outlet, found = Outlet(kernel, ends[0]), bytearray()
    total = 0

    def put(i):
        outlet.put(b"%d " % i * 1000)

    def main():
        nonlocal total
        reader = None
        for i in range(30):
            if i % 3 == 0:
                thread = threading.Thread(target=put, args=(i,))
                thread.start()
                while thread.is_alive():
                    yield Sleep(0.001)
            else:
                put(i)
            total += len(b"%d " % i * 1000)
        outlet.put(b"$")
        reader = yield Spawn(reading(ends[1], found, total + 1))
        yield from outlet.write(b"!")
        yield Wait(reader)

    kernel.run(main())
    outlet.close()
    assert found[:total] == b"".join(b"%d " % i * 1000 for i in range(30))
    assert found[total:total + 1] == b"$"


def test_a_thread_waits_while_a_mebibyte_is_kept(kernel, ends):
    outlet, found, size = Outlet(kernel, ends[0]), bytearray(), 3 << 20

    def fill():
        for _ in range(size >> 16):
            outlet.put(b"x" * 65536)

    def main():
        thread = threading.Thread(target=fill)
        thread.start()
        while not outlet._has_too_much():
            yield Sleep(0.001)
        assert thread.is_alive()
        yield from reading(ends[1], found, size)
        while thread.is_alive():
            yield Sleep(0.001)

    kernel.run(main())
    outlet.close()
    assert len(found) == size


def test_a_task_that_waits_for_room_is_no_deadlock_and_can_be_killed(kernel, ends):
    outlet, found = Outlet(kernel, ends[0]), bytearray()

    def main():
        writer = yield Spawn(outlet.write(DATA))
        while writer.call is None:
            yield Sleep(0)
        yield Sleep(0.01)
        writer.kill()
        while not writer.done():
            yield
        writer.exception()
        yield from reading(ends[1], found, 1)

    kernel.run(main())
    drain(ends[1], outlet)
    assert DATA.startswith(bytes(found[:1]))


def drain(fd, outlet):
    """Close the outlet, which writes what is left, while a thread reads it."""
    thread = threading.Thread(target=outlet.close)
    thread.start()
    while thread.is_alive():
        if select.select([fd], [], [], 0.01)[0]:
            os.read(fd, 65536)
    thread.join()


def test_what_is_left_at_the_end_is_written_when_it_is_closed(kernel, ends):
    outlet, found = Outlet(kernel, ends[0]), bytearray()

    def main():
        outlet.put(DATA)
        yield

    kernel.run(main())
    thread = threading.Thread(target=outlet.close)
    thread.start()
    while len(found) < len(DATA):
        found += os.read(ends[1], 65536)
    thread.join()
    assert found == DATA


def test_before_the_kernel_runs_it_is_written_at_once(kernel, ends):
    outlet = Outlet(kernel, ends[0])
    outlet.put(b"banner\n")
    assert os.read(ends[1], 100) == b"banner\n"
    outlet.close()


def test_the_flags_of_the_descriptor_are_left_alone(kernel, ends):
    before = os.get_blocking(ends[0])
    outlet = Outlet(kernel, ends[0])
    outlet.put(b"x")
    assert os.get_blocking(ends[0]) == before
    outlet.close()
    assert os.get_blocking(ends[0]) == before
    os.fstat(ends[0])       # and it is open


def test_who_writes_into_a_pipe_that_nobody_reads_hears_of_it(kernel):
    reader, writer = os.pipe()
    outlet = Outlet(kernel, writer)

    def main():
        task = yield Spawn(outlet.write(DATA))
        while not outlet.is_full():
            yield Sleep(0)
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            yield Wait(task)
        with pytest.raises(BrokenPipeError):
            outlet.put(b"more")

    kernel.run(main())
    outlet.close()          # it has been said
    os.close(writer)


def test_what_a_plain_function_has_written_in_vain_is_heard_of_when_it_is_closed(kernel):
    reader, writer = os.pipe()
    outlet = Outlet(kernel, writer)

    def main():
        outlet.put(DATA)
        os.close(reader)
        while outlet.is_full():
            yield Sleep(0)

    kernel.run(main())
    with pytest.raises(BrokenPipeError):
        outlet.close()
    os.close(writer)


def test_a_file_is_written_and_a_full_disk_heard_of(kernel, tmp_path):
    with open(tmp_path / "out", "wb") as file:
        outlet = Outlet(kernel, file.fileno())
        kernel.run(outlet.write(DATA))
        outlet.close()
    assert (tmp_path / "out").read_bytes() == DATA
    with open("/dev/full", "wb", buffering=0) as file:
        outlet = Outlet(minios.Kernel(), file.fileno())
        with pytest.raises(OSError, match="No space"):
            outlet.put(b"x")
        outlet.close()


def test_an_output_that_is_closed_is_an_oserror(kernel):
    outlet = Outlet(kernel, None)
    with pytest.raises(OSError, match="closed"):
        outlet.put(b"x")
    outlet.close()
    outlet.put(b"") if outlet._error is None else None
    with pytest.raises(OSError):
        outlet.put(b"x")


# --- Lines -------------------------------------------------------------------------------------


def test_lines_are_read_in_whatever_pieces_they_come(kernel):
    reader, writer = os.pipe()
    lines, found = LineReader(reader), []

    def main():
        os.write(writer, b"one\ntw")
        found.append((yield from lines.readline()))
        task = yield Spawn(lines.readline())
        while task.call is None:
            yield
        os.write(writer, b"o\r\nthree")
        found.append((yield Wait(task)))
        os.close(writer)
        found.append((yield from lines.readline()))
        found.append((yield from lines.readline()))

    kernel.run(main())
    os.close(reader)
    assert found == ["one", "two", "three", None]


def test_of_a_line_that_is_too_long_nothing_is_left_to_be_carried_out(kernel):
    reader, writer = os.pipe()
    lines = LineReader(reader)

    def main():
        task = yield Spawn(feeding())
        with pytest.raises(ValueError, match="longer"):
            yield from lines.readline()
        yield Wait(task)
        return (yield from lines.readline())

    def feeding():
        outlet = Outlet(kernel, writer)
        yield from outlet.write(b"rm -r ; " * 300_000 + b"\nnext\n")
        outlet.close()

    assert kernel.run(main()) == "next"
    os.close(reader)
    os.close(writer)


def test_a_line_that_goes_between_the_wakeup_and_the_read_blocks_nobody(kernel):
    master, slave = pty.openpty()
    lines = LineReader(slave)

    def main():
        task = yield Spawn(lines.readline())
        while task.call is None:
            yield
        os.write(master, b"gone\n")
        while kernel.poller.has_waiters():      # it has been woken, and has not run yet
            kernel.poller.poll(None)
        termios.tcflush(slave, termios.TCIFLUSH)        # as ^C does
        yield
        yield
        os.write(master, b"next\n")
        return (yield Wait(task))

    assert kernel.run(main()) == "next"
    os.close(master)
    os.close(slave)


def test_a_terminal_that_has_been_hung_up_is_at_its_end(kernel):
    master, slave = pty.openpty()
    os.close(master)
    assert kernel.run(LineReader(slave).readline()) is None
    os.close(slave)


# --- Colours -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("term", "no_color", "colors"), [
    ("xterm-256color", None, True), ("xterm-256color", "1", False), ("dumb", None, False),
    ("xterm-256color", "", True), ("vt100", None, False), (None, None, False),
])
def test_colours_are_shown_where_the_terminal_has_them_and_nobody_forbids(
        monkeypatch, term, no_color, colors):
    import subprocess

    env = {**os.environ}
    for name, value in (("TERM", term), ("NO_COLOR", no_color)):
        env.pop(name, None)
        if value is not None:
            env[name] = value
    code = "from minios.shell.tty.terminal import has_colors; print(has_colors())"
    master, slave = pty.openpty()       # curses asks terminfo, which may ask the terminal
    done = subprocess.run([sys.executable, "-c", code], env=env, stdin=slave, text=True,
                          stdout=subprocess.PIPE, check=True)
    os.close(master)
    os.close(slave)
    assert done.stdout.strip() == str(colors)
    assert callable(has_colors)


# --- As it was found ---------------------------------------------------------------------------


WRAPPER = """\
stty -a > before
"$@"
echo status $?
stty -a > after
echo over
"""


@pytest.fixture(params=["xterm-256color", "dumb"])
def wrapped(request, tmp_path):
    """A shell of the system, at a terminal, that runs ours and looks at the modes around it."""
    env = {"TERM": request.param, "XDG_STATE_HOME": str(tmp_path),
           "PYTHONPATH": os.getcwd()}
    screen = Screen(["/bin/sh", "-c", WRAPPER, "sh", sys.executable, "-m", "tests.shell.prompted"],
                    cwd=tmp_path, **env)
    screen.wait_for(r"\$$")
    screen.folder = tmp_path
    yield screen
    screen.close()


def check_restored(screen, status):
    screen.wait_for(rf"\bstatus {status}$")
    screen.wait_for("^over$")
    assert screen.wait_for_end() == 0
    before, after = ((screen.folder / name).read_text() for name in ("before", "after"))
    assert before == after and "icanon" in before
    on, off = screen.raw.rfind(b"\033[?2004h"), screen.raw.rfind(b"\033[?2004l")
    assert on <= off        # what is pasted comes without brackets


def pid_of(screen):
    screen.type("pid\r")
    return int(screen.wait_for(r"^pid (\d+)\n\$$")[1])


def test_the_terminal_is_given_back_after_exit(wrapped):
    wrapped.type("exit\r")
    check_restored(wrapped, 3)


def test_the_terminal_is_given_back_after_the_end_of_input(wrapped):
    wrapped.type("\x04")
    check_restored(wrapped, 0)


def test_the_terminal_is_given_back_after_an_exception(wrapped):
    wrapped.type("raise\r")
    wrapped.wait_for("RuntimeError: raised on purpose")
    check_restored(wrapped, 1)


def test_the_terminal_is_given_back_after_an_exception_of_a_program_with_keys(wrapped):
    wrapped.type("keysraise\r")
    wrapped.wait_for("^keys:$")
    wrapped.type("x")
    check_restored(wrapped, 1)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_given_back_at_the_prompt_when_the_process_is_killed(wrapped, signum):
    pid = pid_of(wrapped)
    wrapped.type("half a line")
    wrapped.wait_for("half a line$")
    os.kill(pid, signum)
    check_restored(wrapped, 128 + signum)


def test_the_terminal_is_given_back_when_a_task_ends_the_program_at_the_prompt(wrapped):
    wrapped.type("die 7\r")
    check_restored(wrapped, 7)


def test_the_terminal_is_given_back_when_a_program_with_keys_is_killed(wrapped):
    pid = pid_of(wrapped)
    wrapped.type("keys\r")
    wrapped.wait_for("^keys:$")
    os.kill(pid, signal.SIGTERM)
    check_restored(wrapped, 128 + signal.SIGTERM)


def test_the_terminal_is_given_back_after_a_program_switched_the_screen(wrapped):
    pid = pid_of(wrapped)
    wrapped.type("alternate\r")
    wrapped.wait_for("^alternate$")
    os.kill(pid, signal.SIGTERM)
    check_restored(wrapped, 128 + signal.SIGTERM)
    assert wrapped.raw.rfind(b"\033[?1049l") > wrapped.raw.rfind(b"\033[?1049h")


def test_a_forked_child_leaves_the_terminal_alone(wrapped):
    wrapped.type("fork\r")
    wrapped.wait_for("^child ended$")
    wrapped.type("hello\r")
    wrapped.wait_for("got 'hello'")
    wrapped.type("exit\r")
    check_restored(wrapped, 3)


def test_a_signal_that_was_ignored_stays_ignored(tmp_path):
    screen = Screen(["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", sys.executable, "-m",
                     "tests.shell.prompted"], XDG_STATE_HOME=str(tmp_path))
    screen.wait_for(r"\$$")
    os.kill(pid_of(screen), signal.SIGHUP)
    screen.type("hello\r")
    screen.wait_for("got 'hello'")
    screen.close()


# --- The plain terminal ------------------------------------------------------------------------


def test_a_terminal_that_stops_taking_output_holds_up_only_who_writes(tmp_path):
    screen = Screen([sys.executable, "-m", "tests.shell.prompted"],
                    XDG_STATE_HOME=str(tmp_path), HEARTBEAT=str(tmp_path / "beats"))
    screen.wait_for(r"\$$")
    screen.type("beat\rflood 30000\r")
    screen.wait_for(r"^flood \d+$")
    screen.type("\x13")                         # ^S
    beats = tmp_path / "beats"
    size = beats.stat().st_size
    while beats.stat().st_size < size + 20:     # its heart goes on
        screen._read(0.01)
    screen.type("\x11")                         # ^Q
    screen.wait_for("^flood 29999$")
    screen.close()


def test_output_that_goes_elsewhere_is_no_screen(tmp_path):
    screen = Screen(["/bin/sh", "-c", '"$@" > out', "sh", sys.executable, "-c", ASKED],
                    cwd=tmp_path, PYTHONPATH=os.getcwd())
    screen.wait_for_end()
    screen.close()
    assert (tmp_path / "out").read_text().split() == ["True", "False", "True", "False"]


ASKED = """
import minios
from minios.shell.tty.prompt import make_terminal
terminal = make_terminal(minios.Kernel())
print(terminal.interactive, terminal.isatty(), terminal.isatty(True), terminal.colors)
terminal.close()
"""


def test_without_any_terminal_lines_are_plain(tmp_path, kernel):
    import subprocess

    code = ASKED + "print(type(terminal).__name__)"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True,
                          check=True)
    assert done.stdout.split() == ["False"] * 4 + [PlainTerminal.__name__]


def test_without_standard_input_there_is_nothing_to_read():
    import subprocess

    code = ("import minios; from minios.shell.tty.prompt import make_terminal\n"
            "kernel = minios.Kernel(); terminal = make_terminal(kernel)\n"
            "print(kernel.run(terminal.read_line('$ ')))\n"
            "terminal.close()")
    done = subprocess.run(["/bin/sh", "-c", '"$@" <&-', "sh", sys.executable, "-c", code],
                          capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"

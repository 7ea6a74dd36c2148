"""The standard streams: what is read and written, and what those who share them find afterwards.

Each program is a process of its own, on real pipes, files, sockets and terminals.
"""

import fcntl
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PRELUDE = """
import os, subprocess, sys, time
import minios
from minios import open_stdin, open_stdout, open_stderr, start_process
from minios.lib import stdio
from syscalls import Sleep, Spawn, Kill, Wait

def descriptors():
    return len(os.listdir("/proc/self/fd"))
"""
# As where there is no /proc, or where the terminal belongs to another user.
NOT_ANEW = """
def refuse(path, *arguments):
    if str(path).startswith("/proc/self/fd/"):
        raise PermissionError(path)
    return really_open(path, *arguments)

really_open, os.open = os.open, refuse
"""
ECHO = """
def main():
    with (yield from open_stdin()) as stdin, (yield from open_stdout()) as stdout:
        while line := (yield from stdin.readline()):
            yield from stdout.write(b"got " + line)

before = descriptors()
minios.run(main())
assert descriptors() == before
for fd in (0, 1, 2):
    os.fstat(fd)
    assert os.get_blocking(fd)
"""
everywhere = pytest.mark.parametrize("fallback", ["", NOT_ANEW], ids=["anew", "flag"])


def start(source, fallback="", **options):
    """Start a Python program, its standard streams as of subprocess.Popen."""
    program = PRELUDE + fallback + textwrap.dedent(source)
    options = {"env": {**os.environ, "PYTHONPATH": str(ROOT)}, **options}
    return subprocess.Popen([sys.executable, "-W", "error", "-c", program], **options)


def finish(process):
    """Wait for the end of a program, which must be a good one."""
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


class Terminal:
    """A pseudoterminal: we sit at the master, programs have the slave."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.before = self.state()
        self.shown = b""

    def state(self):
        """What a program must leave as it was."""
        flags = fcntl.fcntl(self.slave, fcntl.F_GETFL)
        return flags, termios.tcgetattr(self.slave)

    def start(self, source, fallback=""):
        """Start a program with this as its controlling terminal."""
        return start(
            source, fallback, stdin=self.slave, stdout=self.slave, stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )

    def type(self, data):
        os.write(self.master, data)

    def read_until(self, text, seconds=30):
        """What the terminal shows, up to `text`."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.master], [], [], left)[0], self.shown
            self.shown += os.read(self.master, 65536)
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self.master)
        os.close(self.slave)


# --- What they are open on -------------------------------------------------------------------


@everywhere
def test_pipes_are_read_and_written(fallback):
    process = start(ECHO, fallback, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    output, _ = process.communicate(b"a\nb\nc", timeout=30)
    assert process.returncode == 0
    assert output == b"got a\ngot b\ngot c"


@everywhere
def test_a_regular_file_is_read_from_where_it_stands_and_appended_to(fallback, tmp_path):
    (tmp_path / "in").write_bytes(b"read by another\na\nb\n")
    with open(tmp_path / "in", "rb", buffering=0) as source, open(tmp_path / "out", "wb") as target:
        source.readline()
        target.write(b"head\n")
        target.flush()
        program = ECHO.replace("while line", "assert os.get_blocking(0) and os.get_blocking(1)\n"
                               "        while line") + "print('tail', flush=True)"
        finish(start(program, fallback, stdin=source, stdout=target))
    assert (tmp_path / "out").read_bytes() == b"head\ngot a\ngot b\ntail\n"


@everywhere
def test_the_null_device_is_at_its_end(fallback):
    finish(start(ECHO, fallback, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))


def test_a_socket_is_read_and_written_and_stays_blocking():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30)
        process = start(ECHO + "assert os.read(0, 5) == b'last\\n'", stdin=theirs, stdout=theirs)
        ours.sendall(b"a\n")
        assert ours.recv(100) == b"got a\n"
        assert os.get_blocking(theirs.fileno())
        ours.shutdown(socket.SHUT_WR)
        process.wait(30)
        assert os.get_blocking(theirs.fileno())


def test_a_fifo_with_a_name_whose_writers_have_gone_is_at_its_end(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    fd = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    with open(tmp_path / "fifo", "wb") as writer:
        writer.write(b"a\n")
    os.set_blocking(fd, True)
    process = start(ECHO, stdin=fd, stdout=subprocess.PIPE)
    assert process.communicate(timeout=30)[0] == b"got a\n"
    assert os.get_blocking(fd)
    os.close(fd)


def test_a_file_is_sent_to_whatever_stdout_is(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x" * 1_000_000)
    program = f"""
        def main():
            with (yield from open_stdout()) as stdout, open({str(source)!r}, "rb") as file:
                assert (yield from stdout.sendfile(file)) == 1_000_000
        minios.run(main())
        assert os.get_blocking(1)
    """
    process = start(program, stdout=subprocess.PIPE)
    assert len(process.communicate(timeout=30)[0]) == 1_000_000
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = start(program, stdout=theirs)
        size = 0
        while data := ours.recv(65536):
            size += len(data)
        finish(process)
    assert size == 1_000_000
    with open(tmp_path / "target", "ab") as target:
        finish(start(program, stdout=target))
    assert (tmp_path / "target").stat().st_size == 1_000_000


def test_a_descriptor_that_is_closed_or_for_the_other_direction_is_refused():
    process = start("""
        import errno

        def main():
            for what in (open_stdin, open_stdout):
                try:
                    yield from what()
                except OSError as error:
                    assert error.errno == errno.EBADF
                    print(error, file=sys.stderr)

        os.close(0)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 1)
        minios.run(main())
    """, stderr=subprocess.PIPE)
    errors = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 0, errors
    assert "descriptor 1 is not open for writing" in errors


def test_a_directory_cannot_be_read():
    finish(start("""
        def main():
            before = descriptors()
            try:
                yield from open_stdin()
            except IsADirectoryError:
                return descriptors() - before

        os.dup2(os.open("/", os.O_RDONLY), 0)
        assert minios.run(main()) == 0
    """))


@everywhere
@pytest.mark.parametrize("limit", [-1, 65536])
def test_nothing_stays_open_where_it_fails(fallback, limit, tmp_path):
    program = f"""
        import errno, resource

        def main():
            before = descriptors()
            with (yield from open_stdout()) as stdout:      # what it takes
                used = descriptors() - before
            for free in range(used if {limit} > 0 else 1):
                yield from short_of_descriptors(free)
                assert descriptors() == before
                assert os.get_blocking(1)

        def short_of_descriptors(free):
            held = []
            if {limit} > 0:
                try:
                    while True:
                        held.append(os.dup(0))
                except OSError:
                    pass
                while free:
                    os.close(held.pop())
                    free -= 1
            try:
                yield from open_stdout({limit})
            except (OSError, ValueError) as error:
                assert isinstance(error, ValueError) or error.errno == errno.EMFILE
            else:
                assert False, "it should fail"
            for fd in held:
                os.close(fd)

        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        minios.run(main())
    """
    pipe, socks = os.pipe(), socket.socketpair()
    with open(tmp_path / "file", "wb") as file, socks[0], socks[1]:
        for stdout in (pipe[1], file, socks[0]):
            process = start(program, fallback, stdout=stdout, stderr=subprocess.PIPE)
            assert process.communicate(timeout=30)[1] == b""     # nor any ResourceWarning
            assert process.returncode == 0
    for fd in pipe:
        os.close(fd)


# --- Backpressure ----------------------------------------------------------------------------


@everywhere
def test_a_full_pipe_lets_the_writer_wait_and_the_others_go_on(fallback):
    process = start("""
        def writer():
            with (yield from open_stdout()) as stdout:
                yield from stdout.write(bytes(1_000_000))

        def main():
            task = yield Spawn(writer())
            while not os.read(0, 1) == b"q":
                yield Sleep(0)
                assert not task.done()
                print("going on", file=sys.stderr, flush=True)
            yield Wait(task)

        minios.run(main())
    """, fallback, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(3):
        process.stdin.write(b".")
        process.stdin.flush()
        assert process.stderr.readline() == b"going on\n"
    output, errors = process.communicate(b"q", timeout=30)
    assert (process.returncode, len(output), errors) == (0, 1_000_000, b"")


@everywhere
def test_who_writes_to_a_pipe_that_nobody_reads_hears_of_it(fallback):
    reading, writing = os.pipe()
    os.close(reading)
    finish(start("""
        def main():
            with (yield from open_stdout()) as stdout:
                try:
                    yield from stdout.write(b"x")
                except BrokenPipeError:
                    return True
        assert minios.run(main())
    """, fallback, stdout=writing))
    os.close(writing)


# --- Terminals -------------------------------------------------------------------------------

ENDS = {
    "returns": "return",
    "fails": "raise OSError('failed')",
    "exits": "sys.exit(3)",
    "closes": "yield from stdin.close(); yield from stdout.close()",
    "is killed": "minios.current_task().kill(15); yield",
    "is killed at once": "minios.current_task().kill(9); yield",
    "is interrupted": "print('sleeping', flush=True); yield Sleep(100)",
    "leaves its kernel with others": "yield Spawn(task())",
}


@everywhere
@pytest.mark.parametrize("end", ENDS)
def test_a_terminal_is_found_as_it_was_however_the_program_ends(fallback, end):
    program = f"""
        def task():
            yield Sleep(100)

        def main():
            stdin = yield from open_stdin()
            stdout = yield from open_stdout()
            line = yield from stdin.readline()
            yield from stdout.write(b"got " + line)
            {ENDS[end]}

        before = descriptors()
        try:
            minios.run(main())
        except BaseException as error:
            print(repr(error))
        for fd in (0, 1, 2):
            assert os.get_blocking(fd)
        if {bool(fallback)}:
            assert descriptors() == before
        print("ended well", flush=True)
    """
    with Terminal() as terminal:
        process = terminal.start(program, fallback)
        terminal.type(b"line\n")
        terminal.read_until(b"got line\r\n")
        if end == "is interrupted":
            terminal.read_until(b"sleeping")
            terminal.type(b"\x03")
        terminal.read_until(b"ended well")
        finish(process)
        assert terminal.state() == terminal.before


def test_a_terminal_opened_anew_stays_blocking_for_those_who_share_it():
    with Terminal() as terminal:
        process = terminal.start(ECHO)
        for number in range(3):
            terminal.type(b"line %d\n" % number)
            terminal.read_until(b"got line %d\r\n" % number)
            assert terminal.state() == terminal.before
        terminal.type(b"\x04")      # the end of the input
        finish(process)
        assert terminal.state() == terminal.before


@everywhere
def test_a_child_shares_the_terminal_with_an_open_stdin(fallback):
    child = "import sys; print('child has', input(), flush=True)"
    program = f"""
        def main():
            with (yield from open_stdin()) as stdin:
                assert (yield from stdin.readline()) == b"first\\n"
                if stdio._flags:        # a child would find its terminal non-blocking
                    stdin.abort()
                process = yield from start_process([sys.executable, "-c", {child!r}])
                print("child started", flush=True)
                assert (yield from process.wait()) == 0
            with (yield from open_stdin()) as stdin:
                assert (yield from stdin.readline()) == b"third\\n"
            print("ended well", flush=True)
        minios.run(main())
    """
    with Terminal() as terminal:
        process = terminal.start(program, fallback)
        terminal.type(b"first\n")
        terminal.read_until(b"child started")
        terminal.type(b"second\n")
        terminal.read_until(b"child has second")
        terminal.type(b"third\n")
        terminal.read_until(b"ended well")
        finish(process)
        assert terminal.state() == terminal.before


def test_print_goes_on_working_while_stdin_is_open_on_the_same_terminal():
    with Terminal() as terminal:
        process = terminal.start("""
            def main():
                with (yield from open_stdin()) as stdin:
                    yield from stdin.readline()
                    print("x" * 300_000)       # more than a terminal holds
                    print("printed all", flush=True)
            minios.run(main())
        """)
        terminal.type(b"go\n")
        assert terminal.read_until(b"printed all").count(b"x") == 300_000
        finish(process)


def test_the_flag_is_given_back_when_the_last_stream_on_the_terminal_is_closed():
    with Terminal() as terminal:
        process = terminal.start("""
            def main():
                stdin = yield from open_stdin()
                stdout = yield from open_stdout()
                assert not os.get_blocking(0)
                yield from stdin.close()
                assert not os.get_blocking(1)       # stdout still needs it
                yield from stdout.close()
                assert os.get_blocking(0) and not stdio._flags
                assert not any(stdio._unfinished.values())
                with (yield from open_stderr()) as stderr:
                    yield from stderr.write(b"ended well")
            minios.run(main())
            assert not stdio._flags and not stdio._unfinished
        """, NOT_ANEW)
        terminal.read_until(b"ended well")
        finish(process)
        assert terminal.state() == terminal.before


def test_a_description_that_was_non_blocking_before_stays_so():
    with Terminal() as terminal:
        os.set_blocking(terminal.slave, False)
        process = terminal.start("""
            def main():
                with (yield from open_stdin()) as stdin:
                    yield from stdin.readline()
            minios.run(main())
        """, NOT_ANEW)
        terminal.type(b"line\n")
        finish(process)
        assert not os.get_blocking(terminal.slave)


def test_ctrl_c_at_the_terminal_interrupts_a_task_that_reads():
    with Terminal() as terminal:
        process = terminal.start("""
            def main():
                with (yield from open_stdin()) as stdin:
                    print("reading", flush=True)
                    yield from stdin.readline()
            minios.run(main())
        """)
        terminal.read_until(b"reading")
        terminal.type(b"\x03")
        terminal.read_until(b"KeyboardInterrupt")
        assert process.wait(30) in (1, 130, -signal.SIGINT)
        assert terminal.state() == terminal.before


def test_the_master_of_a_terminal_is_not_opened_anew():
    master, slave = pty.openpty()
    os.set_blocking(slave, False)
    process = start(ECHO, stdin=master, stdout=subprocess.PIPE)
    os.write(slave, b"from the slave\n")
    assert process.stdout.readline() == b"got from the slave\r\n"
    os.close(slave)     # nobody is left at the other side
    output, _ = process.communicate(timeout=30)
    assert output == b"" and process.returncode == 0
    assert os.get_blocking(master)
    os.close(master)

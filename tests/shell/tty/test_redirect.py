"""print() of programs: to the terminal, or where their output goes."""

import contextvars
import io
import logging
import sys
import threading

import pytest

import minios
from minios.shell.streams import Output, as_bytes
from minios.shell.tty.redirect import Spool, current_error, current_output, installed
from syscalls import Sleep, Spawn, Wait


class Terminal:
    """A terminal that keeps what is printed."""

    def __init__(self, is_screen=True):
        self._pieces = [], []
        self._is_screen = is_screen

    @property
    def output(self):
        return b"".join(self._pieces[0])

    @property
    def error(self):
        return b"".join(self._pieces[1])

    def isatty(self, error=False):
        return self._is_screen

    def print(self, text, error=False):
        self._pieces[error].append(as_bytes(text))


class Collected(Output):
    """An output that keeps what is written, and breaks after `limit` bytes."""

    def __init__(self, limit=None):
        self.data, self.limit = b"", limit

    def write(self, data):
        yield
        self.data += as_bytes(data)
        if self.limit is not None and len(self.data) > self.limit:
            raise BrokenPipeError


def at_terminal(test):
    """Let a test, which is given the terminal, print to it. (No fixture: pytest exchanges
    sys.stdout between the fixtures and the test.)"""
    def run():
        terminal = Terminal()
        with installed(terminal):
            test(terminal)

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def pumped(program, output=None):
    """Run `program(spool)`, a generator, with a spool for its output; (what has arrived, what the
    pump returned)."""
    output = Collected() if output is None else output
    kernel = minios.Kernel()

    def main():
        spool = Spool(kernel)
        pump = yield Spawn(spool.pump(output))
        task = kernel.spawn(program(spool))
        try:
            yield Wait(task)
        finally:
            spool.close()
        return (yield Wait(pump))

    return output, kernel.run(main())


# --- Where print() goes ------------------------------------------------------------------------


@at_terminal
def test_print_goes_to_the_terminal_where_nothing_is_set(terminal):
    print("é", 1)
    print("oh", file=sys.stderr)
    assert (terminal.output, terminal.error) == ("é 1\n".encode(), b"oh\n")


@at_terminal
def test_print_of_a_task_and_of_those_that_it_spawns_goes_to_its_output(terminal):
    def child():
        print("child")
        yield

    def program(spool):
        current_output.set(spool)
        print("program")
        yield Wait((yield Spawn(child())))

    output, error = pumped(program)
    print("shell")
    assert output.data == b"program\nchild\n" and error is None
    assert terminal.output == b"shell\n"


@at_terminal
def test_standard_error_is_redirected_apart(terminal):
    def program(spool):
        current_error.set(spool)
        print("out")
        print("err", file=sys.stderr)
        yield

    assert pumped(program)[0].data == b"err\n"
    assert terminal.output == b"out\n"


@at_terminal
def test_a_thread_that_is_started_in_a_copy_of_the_context_prints_there(terminal):
    def program(spool):
        current_output.set(spool)
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(print, "thread"))
        thread.start()
        while thread.is_alive():
            yield Sleep(0.001)

    assert pumped(program)[0].data == b"thread\n"


@at_terminal
def test_the_threads_of_a_program_print_there_and_those_of_others_do_not(terminal):
    class Named(threading.Thread):
        def run(self):
            print("own run")

    def program(spool):
        current_output.set(spool)
        threads = [threading.Thread(target=print, args=("thread",)), Named()]
        for thread in threads:
            thread.start()
            while thread.is_alive():
                yield Sleep(0.001)

    assert pumped(program)[0].data == b"thread\nown run\n"
    other = threading.Thread(target=print, args=("other",))
    other.start()
    other.join()
    assert terminal.output == b"other\n"


def test_threads_start_as_before_when_it_is_over():
    before = threading.Thread.start
    with installed(Terminal()), installed(Terminal()):
        assert threading.Thread.start is not before
    assert threading.Thread.start is before


@at_terminal
def test_what_a_task_prints_after_the_end_of_its_program_is_seen_on_the_terminal(terminal):
    def program(spool):
        current_output.set(spool)
        spool.close()
        print("late")
        yield

    assert pumped(program)[0].data == b""
    assert terminal.output == b"late\n"


@at_terminal
def test_a_handler_of_logging_that_asks_late_writes_where_stderr_goes(terminal):
    handler = logging._StderrHandler()
    handler.handle(logging.makeLogRecord({"msg": "warned"}))
    assert terminal.error == b"warned\n"


def test_lines_of_threads_do_not_get_mixed_up():
    kernel = minios.Kernel()
    terminal = Terminal()
    terminal.kernel = kernel

    def fill(name):
        for i in range(2000):
            print(name, i)
        print(f"end of {name}", end="")      # the thread's end is the line's

    def main():
        with installed(terminal):
            threads = [threading.Thread(target=fill, args=(name,)) for name in "abc"]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                yield Sleep(0.001)
            for thread in threads:
                thread.join()

    kernel.run(main())
    text = terminal.output.decode()
    for name in "abc":
        assert text.count(f"end of {name}") == 1
        text = text.replace(f"end of {name}", "")
    for name in "abc":
        assert [line for line in text.split("\n") if line.startswith(name)] == [
            f"{name} {i}" for i in range(2000)]


def test_a_thread_that_asks_for_something_shows_its_question_by_flush():
    kernel = minios.Kernel()
    terminal = Terminal()
    terminal.kernel = kernel
    seen = []

    def ask():
        print("name? ", end="")
        seen.append(terminal.output)
        sys.stdout.flush()
        seen.append(terminal.output)

    def main():
        with installed(terminal):
            thread = threading.Thread(target=ask)
            thread.start()
            while thread.is_alive():
                yield Sleep(0.001)

    kernel.run(main())
    assert seen == [b"", b"name? "]


# --- The stand-ins -----------------------------------------------------------------------------


def test_what_was_there_is_there_again():
    before = sys.stdout, sys.stderr
    with installed(Terminal()):
        assert sys.stdout is not before[0] and sys.stderr is not before[1]
        with installed(Terminal()):
            pass
    assert (sys.stdout, sys.stderr) == before


def test_it_is_put_back_after_an_exception_too():
    before = sys.stdout
    with pytest.raises(RuntimeError), installed(Terminal()):
        raise RuntimeError
    assert sys.stdout is before


def test_the_inner_of_two_wins_and_the_outer_goes_on():
    outer, inner = Terminal(), Terminal()
    with installed(outer):
        with installed(inner):
            print("in")
        print("out")
    assert (inner.output, outer.output) == (b"in\n", b"out\n")


def test_what_somebody_else_has_put_there_stays():
    before, other = sys.stdout, io.StringIO()
    try:
        with installed(Terminal()):
            sys.stdout = other
        assert sys.stdout is other
    finally:
        sys.stdout = before


def test_they_may_be_closed_and_standard_streams_may_be_none():
    before = sys.stdout, sys.stderr
    try:
        sys.stdout = sys.stderr = None
        terminal = Terminal()
        with installed(terminal):
            print("seen")
            with pytest.raises(io.UnsupportedOperation):
                sys.stdout.fileno()
        assert terminal.output == b"seen\n" and sys.stdout is None
    finally:
        sys.stdout, sys.stderr = before


@at_terminal
def test_the_stand_in_is_a_text_file_in_all_that_programs_ask(terminal):
    file = sys.stdout
    assert file.write("abc") == 3
    file.writelines(["d", "e\n"])
    assert file.buffer.write(b"\xff\n") == 2
    file.buffer.write(memoryview(b"view\n"))
    file.flush()
    file.buffer.flush()
    file.reconfigure(line_buffering=True, encoding="latin-1")
    assert file.encoding == "utf-8" and file.errors and file.writable() and not file.readable()
    assert file.name and file.mode == "w" and file.line_buffering
    assert isinstance(file, io.TextIOBase)
    file.close()
    assert not file.closed
    with pytest.raises(io.UnsupportedOperation):
        file.detach()
    with pytest.raises(TypeError, match="str"):
        file.write(b"bytes")
    print("still", file=file)
    assert terminal.output == b"abcde\n\xff\nview\nstill\n"


@at_terminal
def test_bytes_that_are_no_text_pass_as_they_came(terminal):
    print(b"\xff".decode(errors="surrogateescape"))
    assert terminal.output == b"\xff\n"


@at_terminal
def test_it_is_a_terminal_where_the_output_is_one(terminal):
    assert sys.stdout.isatty() and sys.stdout.buffer.isatty()
    token = current_output.set(Spool(minios.Kernel()))
    try:
        assert not sys.stdout.isatty()
    finally:
        current_output.reset(token)
    with installed(Terminal(is_screen=False)):
        assert not sys.stdout.isatty()


def test_the_descriptor_is_that_of_the_real_one(tmp_path):
    before = sys.stdout
    with open(tmp_path / "out", "w") as file:
        try:
            sys.stdout = file
            with installed(Terminal()), installed(Terminal()):
                assert sys.stdout.fileno() == file.fileno()
                assert sys.stdout.buffer.fileno() == file.fileno()
        finally:
            sys.stdout = before


# --- The spool ---------------------------------------------------------------------------------


def test_what_is_written_arrives_in_order_text_and_bytes():
    def program(spool):
        for i in range(1000):
            spool.write(f"{i}\n")
            spool.write(b"-")
            if i % 7 == 0:
                yield

    output, error = pumped(program)
    assert output.data == b"".join(b"%d\n-" % i for i in range(1000)) and error is None


def test_the_kernels_own_thread_never_waits():
    def program(spool):
        for _ in range(64):
            spool.write(b"x" * 65536)
        return
        yield

    assert len(pumped(program)[0].data) == 64 * 65536


def test_another_thread_waits_while_a_mebibyte_is_kept():
    written = []

    class Slow(Collected):
        def write(self, data):
            # The thread cannot be further ahead than what is kept, one write, and what is here.
            assert sum(written) <= len(self.data) + (1 << 20) + 2 * 65536 + len(data)
            yield from super().write(data)

    def fill(spool):
        for _ in range(64):
            spool.write(b"x" * 65536)
            written.append(65536)

    def program(spool):
        thread = threading.Thread(target=fill, args=(spool,))
        thread.start()
        while thread.is_alive():
            yield Sleep(0.001)

    assert len(pumped(program, Slow())[0].data) == 64 * 65536


def test_who_writes_when_nobody_reads_any_more_hears_of_it():
    heard = []

    def program(spool):
        try:
            while True:
                spool.write("line\n")
                yield
        except BrokenPipeError as error:
            heard.append(error)

    output, error = pumped(program, Collected(limit=20))
    assert heard == [error] and isinstance(error, BrokenPipeError)


def test_a_thread_that_waits_hears_of_it_too():
    heard = []

    def fill(spool):
        try:
            while True:
                spool.write(b"x" * 65536)
        except BrokenPipeError as error:
            heard.append(error)

    def program(spool):
        thread = threading.Thread(target=fill, args=(spool,))
        thread.start()
        while thread.is_alive():
            yield Sleep(0.001)

    pumped(program, Collected(limit=1 << 21))
    assert len(heard) == 1


@pytest.mark.parametrize("signum", [9, 15])
def test_a_thread_goes_on_when_the_pump_is_killed(signum):
    kernel, heard = minios.Kernel(), []

    def fill(spool):
        try:
            while True:
                spool.write(b"x" * 65536)
        except OSError as error:
            heard.append(error)

    class Never(Output):
        def write(self, data):
            yield Sleep(1000)

    def main():
        spool = Spool(kernel)
        pump = yield Spawn(spool.pump(Never()))
        thread = threading.Thread(target=fill, args=(spool,))
        thread.start()
        yield Sleep(0.01)
        pump.kill(signum)
        while thread.is_alive():
            yield Sleep(0.001)
        pump.exception()

    kernel.run(main())
    assert len(heard) == 1


def test_a_spool_that_is_closed_takes_nothing_and_may_be_closed_again():
    spool = Spool(minios.Kernel())
    spool.close()
    spool.close()
    assert spool.closed
    with pytest.raises(ValueError, match="closed"):
        spool.write("x")


def test_what_was_written_before_the_pump_began_and_before_it_was_closed_arrives():
    kernel, output = minios.Kernel(), Collected()
    spool = Spool(kernel)
    spool.write("early\n")
    spool.close()
    assert kernel.run(spool.pump(output)) is None
    assert output.data == b"early\n"


def test_nothing_written_is_nothing_passed_on():
    spool = Spool(minios.Kernel())
    spool.write("")
    spool.flush()
    spool.close()
    output = Collected()
    spool.kernel.run(spool.pump(output))
    assert output.data == b""

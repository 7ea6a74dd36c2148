"""FileStream: pipes, terminals, regular files as streams."""

import errno
import io
import os
import pty
import signal
import tty

import pytest

import minios
from minios import IncompleteReadError, ResourceBusyError, TaskKilledError, timeout
from minios.lib.filestreams import FileStream
from syscalls import Close, Kill, Sleep, Spawn, Wait
from syscalls.sockets import close
from tests.invariants import check_invariants

# What is left to the garbage collector is a leak as well.
pytestmark = pytest.mark.filterwarnings(
    "error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning"
)

BIG = bytes(range(256)) * 4096      # 1 MiB: more than a pipe holds


def streams_of_a_pipe(limit=65536):
    """The ends of a pipe as streams, for reading and for writing."""
    reading, writing = os.pipe()
    return FileStream(reading, limit), FileStream(writing)


def streams_of_a_terminal():
    """Both sides of a terminal as streams; bytes pass as they are."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return FileStream(master), FileStream(slave)


def test_what_is_written_into_a_pipe_comes_out(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            yield from writing.write(b"hello\nkey=value;rest")
            yield from writing.drain()
            assert (yield from reading.readline()) == b"hello\n"
            assert (yield from reading.readuntil(b"=")) == b"key="
            assert (yield from reading.readexactly(5)) == b"value"
            yield from writing.close()
            with pytest.raises(IncompleteReadError):
                yield from reading.readuntil(b"!")
            assert (yield from reading.read()) == b""
            assert reading.at_eof()

    run_real(main())


def test_a_coroutine_uses_the_same_stream(run_real):
    async def main():
        reading, writing = streams_of_a_pipe()
        async with reading:
            async with writing:
                await writing.write(b"a\nb")
            return [line async for line in reading]

    assert run_real(main()) == [b"a\n", b"b"]


def test_write_waits_until_the_pipe_is_read(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            writer = yield Spawn(writing.write(BIG))
            yield Sleep(0.01)
            assert not writer.done()
            assert (yield from reading.readexactly(len(BIG))) == BIG
            yield Wait(writer)

    run_real(main())


def test_a_stream_holds_no_more_than_its_limit(run_real):
    total = 100_000_000

    def writer(writing):
        with writing:
            for _ in range(total // len(BIG) + 1):
                yield from writing.write(BIG)

    def main():
        reading, writing = streams_of_a_pipe(limit=5000)
        received = longest = 0
        with reading:
            yield Spawn(writer(writing))
            while received < total:
                data = yield from reading.readuntil(b"\xff")
                received += len(data)
                longest = max(longest, len(data) + len(reading._buffer))
        assert longest <= 5000

    run_real(main())


def test_a_pipe_stays_registered_between_two_waits(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        poller = minios.current_kernel().poller

        def read_some():
            found = []
            for _ in range(3):
                found.append((yield from reading.read(10)))
            return found

        with reading, writing:
            task = yield Spawn(read_some())
            yield Sleep(0)
            [known] = poller.descriptors()
            for _ in range(3):
                yield from writing.write(b"x")
                yield Sleep(0.001)
                assert poller.descriptors() == [known]
            assert (yield Wait(task)) == [b"x"] * 3
        assert poller.descriptors() == []

    run_real(main())


@pytest.mark.parametrize("how", ["abort", "close", "function", "object", "number"])
def test_who_waits_for_a_stream_that_is_closed_gets_ebadf(run_real, how):
    def reader(stream):
        with pytest.raises(OSError, match="was closed while") as caught:
            yield from stream.read(1)
        assert caught.value.errno == errno.EBADF

    def main():
        ends = os.pipe()
        # Whoever closes by number lets no object close it again.
        reading = FileStream(io.FileIO(ends[0], closefd=how != "number"))
        with FileStream(ends[1]):
            task = yield Spawn(reader(reading))
            yield Sleep(0.001)
            if how == "abort":
                reading.abort()
            elif how == "close":
                yield from reading.close()
            elif how == "function":
                close(reading.file)
            else:
                yield Close(reading.file if how == "object" else ends[0])
            yield Wait(task)

    run_real(main())


def test_a_closed_stream_says_so(run_real):
    def main():
        for stream in streams_of_a_pipe():
            assert repr(stream) == f"<FileStream fd {stream.fileno()}>"
            yield from stream.close()
            yield from stream.close()
            assert stream.fileno() == -1
            assert repr(stream) == "<FileStream closed>"
            with pytest.raises(OSError, match="[Cc]losed|Bad file"):
                if stream._access == os.O_RDONLY:
                    yield from stream.read()
                else:
                    yield from stream.write(b"x")

    run_real(main())


def test_a_writer_hears_that_the_reader_has_gone(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        with writing:
            writer = yield Spawn(writing.write(BIG))
            yield Sleep(0.001)
            reading.abort()
            with pytest.raises(BrokenPipeError):
                yield Wait(writer)
            with pytest.raises(BrokenPipeError):
                yield from writing.write(b"x")

    run_real(main())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_reader_takes_nothing(run_real, signum):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            reader = yield Spawn(reading.readexactly(10))
            yield from writing.write(b"hello")
            yield Sleep(0.001)
            yield Kill(reader, signum)
            with pytest.raises(TaskKilledError):
                yield Wait(reader)
            check_invariants(minios.current_kernel())
            yield from writing.write(b"world")
            assert (yield from reading.readexactly(10)) == b"helloworld"

    run_real(main())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_stream_whose_write_was_cut_short_refuses_the_next(run_real, signum):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            writer = yield Spawn(writing.write(BIG))
            second = yield Spawn(writing.write(b"second"))
            yield Sleep(0.001)
            yield Kill(writer, signum)
            with pytest.raises(BrokenPipeError, match="cut short after [0-9]+ of 1048576 bytes"):
                yield Wait(second)
            check_invariants(minios.current_kernel())

    run_real(main())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_task_killed_in_its_block_leaves_nothing_open(run_real, signum):
    def reader(streams):
        with streams[0], streams[1]:
            yield from streams[0].read(1)

    def main():
        task = yield Spawn(reader(streams_of_a_pipe()))
        yield Sleep(0.001)
        yield Kill(task, signum)
        with pytest.raises(TaskKilledError):
            yield Wait(task)
        check_invariants(minios.current_kernel())

    run_real(main())


def test_a_read_that_is_timed_out_takes_nothing(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            yield from writing.write(b"hel")
            with pytest.raises(TimeoutError), timeout(0.001):
                yield from reading.readline()
            yield from writing.write(b"lo\n")
            assert (yield from reading.readline()) == b"hello\n"

    run_real(main())


def test_a_pipe_has_one_reader_at_a_time(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            first = yield Spawn(reading.read(10))
            yield Sleep(0)
            with pytest.raises(ResourceBusyError):
                yield from reading.read(10)
            yield from writing.write(b"hello")
            assert (yield Wait(first)) == b"hello"

    run_real(main())


def test_an_end_of_a_pipe_has_one_direction(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            with pytest.raises(io.UnsupportedOperation, match="not open for reading"):
                yield from writing.read()
            with pytest.raises(io.UnsupportedOperation, match="not open for writing"):
                yield from reading.write(b"x")
            assert writing.owner is None and reading.owner is None

    run_real(main())


def test_write_eof_is_the_end_for_who_reads_a_pipe(run_real):
    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing:
            yield from writing.write(b"all")
            yield from writing.write_eof()
            assert (yield from reading.read()) == b"all"
            with pytest.raises(BrokenPipeError):
                yield from writing.write(b"more")

    run_real(main())


def test_a_terminal_is_a_stream_in_both_directions(run_real):
    def main():
        master, slave = streams_of_a_terminal()
        with master, slave:
            yield from master.write(b"typed\n")
            assert (yield from slave.readline()) == b"typed\n"
            writer = yield Spawn(slave.write(BIG))
            assert (yield from master.readexactly(len(BIG))) == BIG
            yield Wait(writer)
            with pytest.raises(io.UnsupportedOperation, match="half closed"):
                yield from slave.write_eof()
            yield from slave.write(b"still there\n")
            assert (yield from master.readline()) == b"still there\n"
            assert slave.peer is None and slave.address is None

    run_real(main())


def test_a_terminal_that_was_hung_up_reads_as_at_its_end(run_real):
    def main():
        master, slave = streams_of_a_terminal()
        with master:
            yield from slave.write(b"last words")
            reader = yield Spawn(master.read())
            yield Sleep(0.001)
            yield from slave.close()
            assert (yield Wait(reader)) == b"last words"
        master, slave = streams_of_a_terminal()
        with slave:
            yield from master.close()
            assert (yield from slave.read()) == b""

    run_real(main())


def test_a_terminal_that_we_close_ourselves_is_an_error_for_who_reads_it(run_real):
    def reader(stream):
        with pytest.raises(OSError, match="was closed while"):
            yield from stream.read(1)

    def main():
        master, slave = streams_of_a_terminal()
        with slave:
            task = yield Spawn(reader(master))
            yield Sleep(0.001)
            master.abort()
            yield Wait(task)

    run_real(main())


def test_a_regular_file_is_a_stream_too(run_real, tmp_path):
    path = tmp_path / "file"

    def main():
        with FileStream(os.open(path, os.O_WRONLY | os.O_CREAT)) as file:
            yield from file.write(BIG * 3)
        with FileStream(open(path, "rb", buffering=0)) as file:
            assert (yield from file.readexactly(len(BIG))) == BIG
            assert (yield from file.read()) == BIG * 2

    run_real(main())


def test_others_have_turns_while_much_is_written_to_a_regular_file(run_real, tmp_path):
    def main():
        with FileStream(os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)) as file:
            writer = yield Spawn(file.write(BIG * 10))
            turns = 0
            while not writer.done():
                yield
                turns += 1
        return turns

    assert run_real(main()) >= 10
    assert (tmp_path / "file").stat().st_size == 10 * len(BIG)


def test_a_file_is_sent_into_a_pipe_and_to_the_end_of_another(run_real, tmp_path):
    (tmp_path / "source").write_bytes(BIG)
    (tmp_path / "target").write_bytes(b"head")

    def main():
        reading, writing = streams_of_a_pipe()
        with reading, writing, open(tmp_path / "source", "rb") as source:
            sender = yield Spawn(writing.sendfile(source))
            assert (yield from reading.readexactly(len(BIG))) == BIG
            assert (yield Wait(sender)) == len(BIG)
            with FileStream(open(tmp_path / "target", "ab", buffering=0)) as target:
                assert (yield from target.sendfile(source, 1, 3)) == 3

    run_real(main())
    assert (tmp_path / "target").read_bytes() == b"head\1\2\3"


def test_what_is_no_unbuffered_file_is_refused(run_real, tmp_path):
    (tmp_path / "file").touch()

    def main():
        with open(tmp_path / "file", "rb") as buffered:
            for wrong in (buffered, True, "stdin", None):
                with pytest.raises(TypeError, match="descriptor or an unbuffered file"):
                    FileStream(wrong)
        with pytest.raises(OSError, match="Bad file descriptor"):
            FileStream(2**20)
        yield

    run_real(main())


def test_a_file_that_was_given_is_closed_where_no_stream_comes_of_it(run_real):
    def main():
        reading, writing = os.pipe()
        for fd in (reading, writing):
            with pytest.raises(ValueError, match="limit of a stream"):
                FileStream(fd, limit=0)
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(fd)
        yield

    run_real(main())

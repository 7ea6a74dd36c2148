"""Read and Write: descriptors that are no sockets."""

import errno
import io
import os
import signal

import pytest

from minios import ResourceBusyError, TaskKilledError
from syscalls import Close, Kill, Read, Sleep, Spawn, Wait, Write
from tests.invariants import check_invariants


@pytest.fixture
def pipe():
    """The ends of a pipe as unbuffered files, for reading and for writing, non-blocking."""
    ends = os.pipe()
    for fd in ends:
        os.set_blocking(fd, False)
    reading, writing = io.FileIO(ends[0]), io.FileIO(ends[1], "w")
    yield reading, writing
    reading.close()
    writing.close()


def fill(file):
    """Write until nothing more fits; returns how much did."""
    size = 0
    while (count := file.write(b"x" * 65536)) is not None:
        size += count
    return size


@pytest.mark.parametrize("kind", ["object", "number"])
def test_read_waits_for_what_is_written(run, pipe, kind):
    reading, writing = pipe if kind == "object" else [file.fileno() for file in pipe]

    def reader():
        return (yield Read(reading, 100))

    def main():
        task = yield Spawn(reader())
        yield Sleep(1)
        assert not task.done()
        assert (yield Write(writing, b"hello")) == 5
        assert (yield Wait(task)) == b"hello"

    run(main())


def test_a_coroutine_reads_and_writes(run, pipe):
    reading, writing = pipe

    async def main():
        await Write(writing, memoryview(b"hello"))
        return await Read(reading, 3), await Read(reading, 100)

    assert run(main()) == (b"hel", b"lo")


def test_read_gives_nothing_at_the_end(run, pipe):
    reading, writing = pipe

    def main():
        writing.close()
        return (yield Read(reading, 100))

    assert run(main()) == b""


def test_a_regular_file_is_always_ready(run, tmp_path):
    def main():
        with open(tmp_path / "file", "w+b", buffering=0) as file:
            assert (yield Write(file, b"hello")) == 5
            file.seek(0)
            return [(yield Read(file, 3)), (yield Read(file, 3)), (yield Read(file, 3))]

    assert run(main()) == [b"hel", b"lo", b""]


def test_the_null_device_is_at_its_end(run):
    def main():
        with open("/dev/null", "r+b", buffering=0) as null:
            assert (yield Write(null, b"hello")) == 5
            return (yield Read(null, 100))

    assert run(main()) == b""


def test_write_takes_what_fits_and_waits_when_nothing_does(run, pipe):
    reading, writing = pipe

    def writer():
        return (yield Write(writing, b"y" * 10))

    def main():
        size = fill(writing)
        task = yield Spawn(writer())
        yield Sleep(1)
        assert not task.done()
        rest = size
        while rest:
            rest -= len((yield Read(reading, rest)))
        assert (yield Wait(task)) == 10
        assert (yield Read(reading, 100)) == b"y" * 10
        return (yield Write(writing, bytes(10_000_000)))

    assert 0 < run(main()) < 10_000_000


def test_write_raises_where_nobody_can_read_any_more(run, pipe):
    reading, writing = pipe

    def writer():
        yield Write(writing, b"y")

    def main():
        fill(writing)
        task = yield Spawn(writer())
        yield Sleep(1)
        reading.close()
        for routine in (Wait(task), writer()):
            with pytest.raises(BrokenPipeError):
                yield routine

    run(main())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_reader_takes_nothing(run, kernel, pipe, signum):
    reading, writing = pipe

    def reader():
        yield Read(reading, 100)

    def main():
        task = yield Spawn(reader())
        yield Sleep(1)
        yield Kill(task, signum)
        with pytest.raises(TaskKilledError):
            yield Wait(task)
        check_invariants(kernel)
        assert not kernel.poller.has_waiters()
        yield Write(writing, b"hello")
        return (yield Read(reading, 100))

    assert kernel.run(main()) == b"hello"


@pytest.mark.parametrize("kind", ["object", "number"])
@pytest.mark.parametrize("direction", ["read", "write"])
def test_close_wakes_who_waits(run, pipe, kind, direction):
    file = pipe[direction == "write"]
    if direction == "write":
        fill(file)
    if kind == "number":
        file = os.dup(file.fileno())

    def wait():
        with pytest.raises(OSError, match="was closed while") as caught:
            yield Read(file, 1) if direction == "read" else Write(file, b"x")
        assert caught.value.errno == errno.EBADF

    def main():
        task = yield Spawn(wait())
        yield Sleep(1)
        yield Close(file)
        yield Wait(task)

    run(main())


@pytest.mark.parametrize("call", [lambda f: Read(f, 1), lambda f: Write(f, b"x")])
def test_what_is_closed_or_no_descriptor_is_refused(run, pipe, call):
    def main():
        for file in pipe:
            file.close()
            with pytest.raises(OSError, match="Bad file descriptor") as caught:
                yield call(file)
            assert caught.value.errno == errno.EBADF
        with pytest.raises(OSError, match="Bad file descriptor"):
            yield call(-1)
        with pytest.raises(TypeError, match="'stdin' is no descriptor: give a number or an object"):
            yield call("stdin")

    run(main())


def test_only_bytes_can_be_written(run, pipe):
    def main():
        with pytest.raises(TypeError, match="bytes-like object is required"):
            yield Write(pipe[1], "text")

    run(main())


def test_a_pipe_has_one_reader_at_a_time(run, pipe):
    reading, writing = pipe

    def reader():
        return (yield Read(reading, 100))

    def main():
        first = yield Spawn(reader())
        yield Sleep(1)
        with pytest.raises(ResourceBusyError, match="already being read by task"):
            yield Read(reading, 1)
        yield Write(writing, b"hello")
        return (yield Wait(first))

    assert run(main()) == b"hello"


def test_who_was_robbed_of_what_was_there_waits_again(run, pipe):
    reading, writing = pipe

    def reader():
        return (yield Read(reading, 100))

    def main():
        task = yield Spawn(reader())
        yield Sleep(1)
        os.write(writing.fileno(), b"for somebody else")
        os.read(reading.fileno(), 100)
        yield Sleep(1)
        assert not task.done()
        yield Write(writing, b"hello")
        return (yield Wait(task))

    assert run(main()) == b"hello"


def test_the_calls_show_their_descriptor_and_their_size():
    assert repr(Read(5, 100)) == "Read(fd 5, 100)"
    assert repr(Write(5, bytes(100))) == rf"Write(fd 5, {bytes(16)!r}+84)"

"""Streams over sockets: turns to write, backpressure, half close, files, the end."""

import errno
import os
import signal
import socket

import pytest

import minios
from minios import Stream, TaskGroup, TaskKilledError, timeout
from syscalls import Kill, Recv, Send, Sleep, Spawn, Tasks, Wait
from tests.invariants import check_invariants

from .conftest import streams_of_a_pair

BIG = bytes(range(256)) * 4096      # 1 MiB: more than a socket takes at once


def test_what_is_written_arrives(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            yield from left.write(b"hello\nworld")
            assert (yield from right.readline()) == b"hello\n"
            yield from left.close()
            assert (yield from right.read()) == b"world"

    run_real(main())


def test_a_coroutine_uses_the_same_stream(run_real):
    async def main():
        left, right = streams_of_a_pair()
        async with left, right:
            await left.write(b"a\nb\n")
            await left.write_eof()
            assert [line async for line in right] == [b"a\n", b"b\n"]

    run_real(main())


def test_write_waits_until_the_peer_reads(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            writer = yield Spawn(left.write(BIG))
            yield Sleep(0.01)
            assert not writer.done()
            assert (yield from right.readexactly(len(BIG))) == BIG
            yield Wait(writer)

    run_real(main())


def test_what_several_tasks_write_is_not_mixed_up(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right, TaskGroup() as group:
            for letter in b"abcde":
                group.spawn(left.write(bytes([letter]) * 300_000))
            data = yield from right.readexactly(5 * 300_000)
            yield from group.join()
        assert data == b"".join(bytes([letter]) * 300_000 for letter in b"abcde")

    run_real(main())


def test_drain_waits_for_what_others_write(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            yield from left.drain()
            writer = yield Spawn(left.write(BIG))
            drainer = yield Spawn(left.drain())
            yield Sleep(0.01)
            assert not drainer.done()
            yield from right.readexactly(len(BIG))
            yield Wait(drainer)
            assert writer.done()

    run_real(main())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_stream_whose_write_was_cut_short_refuses_the_next(run_real, signum):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            writer = yield Spawn(left.write(BIG))
            second = yield Spawn(left.write(b"second"))
            yield Sleep(0.01)
            yield Kill(writer, signum)
            with pytest.raises(BrokenPipeError, match="cut short after [0-9]+ of 1048576 bytes"):
                yield Wait(second)
            with pytest.raises(BrokenPipeError):
                yield from left.write(b"third")
            assert left.owner is None
            check_invariants(minios.current_kernel())

    run_real(main())


def test_a_write_that_sent_nothing_before_it_was_killed_spoils_nothing(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            while True:         # fill the socket
                try:
                    left.socket.send(b"x" * 65536)
                except BlockingIOError:
                    break
            with pytest.raises(TimeoutError):
                with timeout(0.01):
                    yield from left.write(b"never")
            reader = yield Spawn(right.read())
            yield from left.write(b"sent")
            yield from left.close()
            assert (yield Wait(reader)).endswith(b"xsent")

    run_real(main())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("turns", [0, 1, 2])
def test_a_task_that_is_killed_while_it_waits_for_its_turn_passes_it_on(run_real, signum, turns):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            first = yield Spawn(left.write(BIG))
            second = yield Spawn(left.write(b"second"))
            third = yield Spawn(left.write(b"third"))
            yield Sleep(0.01)
            reader = yield Spawn(right.readexactly(len(BIG)))
            yield Wait(first)
            for _ in range(turns):
                yield
            yield Kill(second, signum)
            yield Wait(reader)
            try:
                yield Wait(third)
                assert (yield from right.readexactly(5)) in (b"third", b"secon")
            except BrokenPipeError:
                assert signum == signal.SIGKILL     # in the middle of its write, for all we know
            assert left.owner is None

    run_real(main())


def test_a_half_closed_stream_still_reads(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            yield from left.write(b"question")
            yield from left.write_eof()
            assert (yield from right.read()) == b"question"
            yield from right.write(b"answer")
            yield from right.close()
            assert (yield from left.read()) == b"answer"
            with pytest.raises(BrokenPipeError, match="write_eof"):
                yield from left.write(b"more")

    run_real(main())


def test_closing_wakes_who_reads_with_ebadf(run_real):
    def main():
        left, right = streams_of_a_pair()
        with right:
            reader = yield Spawn(left.read(10))
            yield
            yield from left.close()
            with pytest.raises(OSError) as caught:
                yield Wait(reader)
            assert caught.value.errno == errno.EBADF
            with pytest.raises(OSError):
                yield from left.read(10)
            with pytest.raises(BrokenPipeError, match="closed"):
                yield from left.write(b"x")
            yield from left.close()         # once more is harmless
            assert "closed" in repr(left)

    run_real(main())


def test_writing_to_a_peer_that_has_gone_is_an_error_in_the_writer(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left:
            yield from right.close()
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                for _ in range(10):
                    yield from left.write(b"x")

    run_real(main())


def test_a_second_reader_is_refused(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            reader = yield Spawn(left.readline())
            yield
            for read in (left.readline, left.read, lambda: left.readexactly(1)):
                with pytest.raises(minios.ResourceBusyError, match="another task is in the middle"):
                    yield from read()
            yield from right.write(b"half a ")
            yield Sleep(0.01)
            with pytest.raises(minios.ResourceBusyError):
                yield from left.read(4)         # of the line that the other waits for
            yield from right.write(b"line\n")
            assert (yield Wait(reader)) == b"half a line\n"
            reader = yield Spawn(left.read(10))
            yield
            with pytest.raises(minios.ResourceBusyError, match="already being read by task"):
                yield from left.read(10)
            yield from right.write(b"x")
            assert (yield Wait(reader)) == b"x"

    run_real(main())


def test_a_slow_reader_holds_up_the_writer_and_nothing_is_buffered_beyond_the_limit(run_real):
    def main():
        left, right = streams_of_a_pair(limit=1000)
        with left, right:
            writer = yield Spawn(left.write(BIG))
            got = 0
            while got < len(BIG):
                got += len((yield from right.readexactly(512)))
                assert len(right._buffer) <= 1000
            yield Wait(writer)

    run_real(main())


@pytest.mark.parametrize(("offset", "count"), [(0, None), (1000, None), (5, 70_000), (0, 0)])
def test_sendfile_sends_that_part_of_a_file(run_real, tmp_path, offset, count):
    (tmp_path / "file").write_bytes(BIG)
    expected = BIG[offset:] if count is None else BIG[offset:offset + count]

    def main():
        left, right = streams_of_a_pair()
        with left, right, open(tmp_path / "file", "rb") as file:
            reader = yield Spawn(right.readexactly(len(expected)))
            assert (yield from left.sendfile(file, offset, count)) == len(expected)
            assert (yield Wait(reader)) == expected

    run_real(main())


def test_sendfile_stops_where_the_file_ends(run_real, tmp_path):
    (tmp_path / "file").write_bytes(b"short")

    def main():
        left, right = streams_of_a_pair()
        with left, right, open(tmp_path / "file", "rb") as file:
            assert (yield from left.sendfile(file, 0, 1000)) == 5
            assert (yield from right.readexactly(5)) == b"short"

    run_real(main())


def test_sendfile_refuses_negative_numbers(run_real, tmp_path):
    def main():
        left, right = streams_of_a_pair()
        with left, right, open(__file__, "rb") as file:
            for arguments in ((-1,), (0, -5)):
                with pytest.raises(ValueError, match="offset and a count >= 0"):
                    yield from left.sendfile(file, *arguments)

    run_real(main())


def test_a_blocking_socket_does_not_block_the_kernel(run_real):
    def main():
        left, right = socket.socketpair()
        left.settimeout(10)
        stream = Stream(left)
        reader = yield Spawn(stream.read(10))
        yield Sleep(0.01)
        yield Send(right, b"x")
        assert (yield Wait(reader)) == b"x"
        stream.abort()
        right.close()

    run_real(main())


def test_any_buffer_can_be_written(run_real):
    import array

    def main():
        left, right = streams_of_a_pair()
        with left, right:
            yield from left.write(bytearray(b"one"))
            yield from left.write(memoryview(b"two"))
            yield from left.write(array.array("i", [1, 2]))
            yield from left.write(b"")
            numbers = array.array("i", [1, 2]).tobytes()
            assert (yield from right.readexactly(14)) == b"onetwo" + numbers
            with pytest.raises(TypeError):
                yield from left.write("text")
            yield from left.write(b"!")
            assert (yield from right.read(1)) == b"!"

    run_real(main())


def test_a_killed_reader_leaves_the_bytes_to_the_next(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            reader = yield Spawn(right.readline())
            yield from left.write(b"half a ")
            yield Sleep(0.01)
            yield Kill(reader)
            with pytest.raises(TaskKilledError):
                yield Wait(reader)
            yield from left.write(b"line\n")
            assert (yield from right.readline()) == b"half a line\n"

    run_real(main())


def test_descriptors_are_back_after_a_thousand_streams(run_real):
    def main():
        for _ in range(1000):
            left, right = streams_of_a_pair()
            reader = yield Spawn(right.read(1))
            yield from left.write(b"x")
            yield Wait(reader)
            yield from left.close()
            right.abort()
        assert len((yield Tasks())) == 1
        kernel = minios.current_kernel()
        assert not kernel.poller.has_waiters()

    run_real(main())


def test_a_stream_outside_a_kernel_can_still_be_aborted():
    left, right = streams_of_a_pair()
    left.abort()
    right.abort()
    assert left.fileno() == right.fileno() == -1


def test_raw_calls_and_a_stream_agree_on_a_socket(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            yield Send(left.socket, b"raw")
            assert (yield Recv(right.socket, 10)) == b"raw"
            assert os.get_blocking(left.fileno()) is False

    run_real(main())


def test_a_writer_closed_after_the_system_took_a_part_has_cut_its_message_short(run_real):
    def main():
        left, right = streams_of_a_pair()
        with left, right:
            writer = yield Spawn(left.write(BIG))
            yield                       # Send has taken a part, which the writer has not heard
            yield Kill(writer, signal.SIGKILL)
            with pytest.raises(BrokenPipeError, match="cut short"):
                yield from left.write(b"next")

    run_real(main())


def test_the_call_close_closes_a_stream(run_real):
    from syscalls import Close

    def main():
        left, right = streams_of_a_pair()
        reader = yield Spawn(left.read(1))
        yield
        yield Close(left)
        with pytest.raises(OSError):
            yield Wait(reader)
        assert left.closed and left.fileno() == -1
        right.abort()

    run_real(main())

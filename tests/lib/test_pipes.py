"""Pipe: bytes in order, backpressure, turns, both ends, and that who gives up loses nothing."""

import errno

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios import IncompleteReadError, LimitOverrunError, Pipe, ResourceBusyError
from minios.lib.pipes import PIPE_BUF
from minios.sim import VirtualClock
from syscalls import Spawn, Tasks, Wait
from tests.invariants import check_invariants
from tests.lib.giving_up import WAYS, Waiter, end_all, play, schedules, settle


def write(pipe, *pieces, end=False):
    for piece in pieces:
        yield from pipe.write(piece)
    if end:
        pipe.write_eof()


# --- Bytes ---------------------------------------------------------------------------------


def test_what_is_written_is_read_by_size_by_line_and_up_to_a_separator(run):
    def main():
        pipe = Pipe()
        yield Spawn(write(pipe, b"one\ntwo", b"\nthree;four", b"five", end=True))
        assert (yield from pipe.readline()) == b"one\n"
        assert (yield from pipe.readuntil(b"two\n")) == b"two\n"
        assert (yield from pipe.readuntil(b";")) == b"three;"
        assert (yield from pipe.readexactly(6)) == b"fourfi"
        assert (yield from pipe.read(100)) == b"ve"
        assert not pipe.at_eof()
        assert (yield from pipe.read(100)) == b""
        assert pipe.at_eof()
        with pytest.raises(IncompleteReadError):
            yield from pipe.readexactly(1)

    run(main())


def test_coroutines_use_it_as_generators_do(run):
    async def producer(pipe):
        for number in range(3):
            await pipe.write(b"line %d\n" % number)
        pipe.write_eof()

    async def consumer(pipe):
        return [line async for line in pipe]

    def main():
        pipe = Pipe(8)
        yield Spawn(producer(pipe))
        return (yield Wait((yield Spawn(consumer(pipe)))))

    assert run(main()) == [b"line 0\n", b"line 1\n", b"line 2\n"]


def test_writing_with_room_takes_no_turn(run):
    def main():
        pipe = Pipe(10)
        before = minios.current_task().switches
        yield from pipe.write(b"hello")
        yield from pipe.write(bytearray(b"world"))
        assert minios.current_task().switches == before
        assert pipe.statistics() == (10, 10, 0, False, False, False)
        assert (yield from pipe.read(7)) == b"hellowo"
        assert (yield from pipe.read(7)) == b"rld"

    run(main())


def test_text_is_refused(run):
    def main():
        with pytest.raises(TypeError, match="bytes-like"):
            yield from Pipe().write("text")

    run(main())


@pytest.mark.parametrize("limit", [0, -1, 1.5])
def test_a_limit_that_makes_no_sense_is_refused(limit):
    with pytest.raises(ValueError, match="limit"):
        Pipe(limit)


def test_a_line_that_does_not_fit_is_an_error_and_stays_there(run):
    def main():
        pipe = Pipe(4)
        yield Spawn(write(pipe, b"too long\n", end=True))
        with pytest.raises(LimitOverrunError):
            yield from pipe.readline()
        return (yield from pipe.read())

    assert run(main()) == b"too long\n"


# --- Backpressure and turns ----------------------------------------------------------------


def test_a_writer_waits_while_the_pipe_is_full(run):
    def main():
        pipe = Pipe(4)
        yield from pipe.write(b"1234")
        writer = Waiter(pipe.write(b"56"))
        yield from settle()
        assert not writer.task.done()
        assert pipe.statistics().writers == 1 and pipe.statistics().buffered == 4
        assert (yield Tasks())[1].wait == "Park(room in <Pipe 4 of 4 bytes>)"
        assert (yield from pipe.read(1)) == b"1"
        yield from settle()
        assert not writer.task.done()       # it writes both bytes at once, or neither
        assert (yield from pipe.read(1)) == b"2"
        yield from settle()
        assert writer.task.done() and writer.error is None
        return (yield from pipe.read(9))

    assert run(main()) == b"3456"


def test_more_than_fits_goes_in_pieces(run):
    data = bytes(range(256)) * 400

    def main():
        pipe = Pipe(5000)
        yield Spawn(write(pipe, data, end=True))
        received = yield from pipe.read(100)
        while (piece := (yield from pipe.read(3000))):
            assert pipe.statistics().buffered <= 5000
            received += piece
        return received

    assert run(main()) == data


def test_a_long_write_goes_on_as_soon_as_there_is_room_for_a_piece(run):
    def main():
        pipe = Pipe(3 * PIPE_BUF)
        yield Spawn(write(pipe, b"x" * (5 * PIPE_BUF)))
        yield from settle()
        for n, buffered in ((PIPE_BUF - 1, 2 * PIPE_BUF + 1), (1, 3 * PIPE_BUF)):
            yield from pipe.read(n)
            yield from settle()
            assert pipe.statistics().buffered == buffered

    run(main())


def test_what_several_tasks_write_never_interleaves_and_comes_in_their_order(run):
    def main():
        pipe = Pipe(4096)
        writers = []
        for letter, size in ((b"a", 10_000), (b"b", 4096), (b"c", 3), (b"d", 9000)):
            writers.append((yield Spawn(write(pipe, letter * size))))
        yield from settle()
        writers.append((yield Spawn(write(pipe, b"e"))))
        received = yield from pipe.readexactly(10_000 + 4096 + 3 + 9000 + 1)
        assert all(writer.done() for writer in writers)
        return received

    assert run(main()) == b"a" * 10_000 + b"b" * 4096 + b"c" * 3 + b"d" * 9000 + b"e"


def test_a_newcomer_does_not_write_before_one_who_waits(run):
    def main():
        pipe = Pipe(4)
        yield from pipe.write(b"123")
        Waiter(pipe.write(b"ab"))
        yield from settle()
        newcomer = Waiter(pipe.write(b"x"))     # for which there would be room
        yield from settle()
        assert not newcomer.task.done()
        assert pipe.statistics().writers == 2
        return (yield from pipe.readexactly(6))

    assert run(main()) == b"123abx"


def test_reading_by_lines_with_a_small_limit_never_gets_stuck(run):
    lines = [b"x" * (n % 9) + b"\n" for n in range(50)]

    def main():
        pipe = Pipe(10)
        yield Spawn(write(pipe, *lines, b"the rest", end=True))
        received = []
        while line := (yield from pipe.readline()):
            received.append(line)
        return received

    assert run(main()) == [*lines, b"the rest"]


def test_pipes_connect_tasks_in_a_row(run):
    def stage(source, sink):
        while data := (yield from source.read(3)):
            yield from sink.write(data.upper())
        sink.write_eof()

    def main():
        first, second = Pipe(4), Pipe(4)
        yield Spawn(stage(first, second))
        yield Spawn(write(first, b"some text ", b"goes through", end=True))
        return (yield from second.read())

    assert run(main()) == b"SOME TEXT GOES THROUGH"


# --- The ends ------------------------------------------------------------------------------


def test_a_waiting_reader_sees_the_end(run):
    def main():
        pipe = Pipe()
        reader = Waiter(pipe.read(10))
        yield from settle()
        assert pipe.statistics().reading
        assert (yield Tasks())[1].wait == "Park(bytes of <Pipe 0 of 65536 bytes>)"
        pipe.write_eof()
        pipe.write_eof()
        yield from settle()
        assert reader.outcome == b""
        with pytest.raises(BrokenPipeError, match="write_eof"):
            yield from pipe.write(b"more")

    run(main())


def test_writes_that_wait_already_come_before_the_end(run):
    def main():
        pipe = Pipe(4)
        Waiter(write(pipe, b"1234567"))
        Waiter(write(pipe, b"89"))
        yield from settle()
        pipe.write_eof()
        return (yield from pipe.read())

    assert run(main()) == b"123456789"


@pytest.mark.parametrize("way", WAYS)
def test_the_reader_sees_the_end_when_the_last_writer_gives_up(run, way):
    def main():
        pipe = Pipe(4)
        writer = Waiter(pipe.write(b"1234567"), way)
        yield from settle()
        pipe.write_eof()
        assert (yield from pipe.read(4)) == b"1234"
        reader = Waiter(pipe.read(4))
        writer.task.kill(19)        # woken, and held back until the reader waits
        yield from settle()
        assert reader.outcome is None
        writer.task.kill(18)
        writer.give_up()
        yield from settle()
        assert writer.gave_up and reader.outcome == b""

    run(main())


def test_closing_the_reading_end_breaks_the_pipe_for_every_writer(run):
    def main():
        pipe = Pipe(4)
        writers = [Waiter(pipe.write(b"1234567")), Waiter(pipe.write(b"8"))]
        yield from settle()
        pipe.close()
        pipe.close()
        yield from settle()
        for writer in writers:
            assert isinstance(writer.error, BrokenPipeError)
            assert writer.error.errno == errno.EPIPE
        with pytest.raises(BrokenPipeError, match="reading end"):
            yield from pipe.write(b"more")
        assert pipe.statistics() == (0, 4, 0, False, False, True)
        assert repr(pipe) == "<Pipe 0 of 4 bytes, closed>"

    run(main())


def test_closing_tells_the_reader_that_waits_and_those_that_come(run):
    def main():
        pipe = Pipe()
        reader = Waiter(pipe.readline())
        yield from settle()
        pipe.close()
        yield from settle()
        assert isinstance(reader.error, OSError) and reader.error.errno == errno.EBADF
        with pytest.raises(OSError, match="closed for reading"):
            yield from pipe.read(1)

    run(main())


def test_closing_drops_what_was_looked_through_for_a_line_too(run):
    def main():
        pipe = Pipe()
        yield from pipe.write(b"no line yet")
        reader = Waiter(pipe.readline())
        yield from settle()
        reader.give_up()
        yield from settle()
        assert pipe.statistics().buffered == 11
        pipe.close()
        with pytest.raises(OSError, match="closed for reading"):
            yield from pipe.read(1)
        assert pipe.statistics().buffered == 0

    run(main())


def test_a_second_reader_is_refused(run):
    def main():
        pipe = Pipe()
        reader = Waiter(pipe.read(10))
        yield from settle()
        with pytest.raises(ResourceBusyError, match=r"task 2 \(waiter\) already waits"):
            yield from pipe.read(10)
        yield from pipe.write(b"data")
        with pytest.raises(ResourceBusyError):
            yield from pipe.read(10)        # nor may it take what the first was woken for
        yield from settle()
        assert reader.outcome == b"data"

    run(main())


# --- Giving up -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("woken", [False, True])
@pytest.mark.parametrize("read", [lambda pipe: pipe.read(9), Pipe.readline, Pipe.read])
def test_a_reader_that_gives_up_loses_no_byte(run, way, woken, read):
    def main():
        pipe = Pipe()
        yield from pipe.write(b"be")
        reader = Waiter(read_all_of_it(pipe, read), way)
        yield from settle()
        if woken:
            yield from pipe.write(b"fore")
            reader.give_up()
        else:
            reader.give_up()
            yield from pipe.write(b"fore")
        yield from settle()
        assert reader.gave_up
        pipe.write_eof()
        return (yield from pipe.read())

    def read_all_of_it(pipe, read):
        if read in (Pipe.readline, Pipe.read):
            yield from read(pipe)
        else:
            assert (yield from pipe.read(1)) == b"b"
            assert (yield from pipe.read(1)) == b"e"
            yield from pipe.read(1)

    taken = b"" if read in (Pipe.readline, Pipe.read) else b"be"
    assert taken + run(main()) == b"before"


@pytest.mark.parametrize("way", WAYS)
def test_a_short_write_is_all_or_nothing(run, way):
    def main():
        pipe = Pipe(4)
        yield from pipe.write(b"1234")
        writer = Waiter(pipe.write(b"ab"), way)
        yield from settle()
        assert (yield from pipe.read(1)) == b"1"
        yield from settle()
        writer.give_up()
        yield from settle()
        assert writer.gave_up
        return (yield from pipe.read(9))

    assert run(main()) == b"234"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("woken", [False, True])
@pytest.mark.parametrize("position", [0, 1])
def test_a_short_write_that_gives_up_has_written_nothing_and_holds_up_nobody(
    run, way, woken, position
):
    def main():
        pipe = Pipe(4)
        yield from pipe.write(b"1234")
        writers = [Waiter(pipe.write(b"ab")), Waiter(pipe.write(b"cd"))]
        yield from settle()
        if woken:
            assert (yield from pipe.read(2)) == b"12"
        writers[position].give_up(way)
        yield from settle()
        assert writers[position].gave_up
        pipe.write_eof()
        rest = yield from pipe.read()
        assert not pipe._turn.locked()
        check_invariants(minios.current_kernel())
        return rest[-2:]

    assert run(main()) == (b"cd", b"ab")[position]


def test_a_long_write_that_gives_up_leaves_its_first_pieces(run):
    def main():
        pipe = Pipe(PIPE_BUF)
        writer = Waiter(pipe.write(b"x" * (PIPE_BUF + 1)), 15)
        yield from settle()
        writer.give_up()
        yield from settle()
        pipe.write_eof()
        return len((yield from pipe.read()))

    assert run(main()) == PIPE_BUF


# --- Whatever happens ----------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(
    limit=st.integers(1, 8),
    schedule=schedules(
        st.tuples(st.just("write"), st.integers(0, 12)),
        st.tuples(st.just("read"), st.integers(1, 9)),
    ),
)
def test_bytes_come_whole_and_in_order_whatever_happens(limit, schedule):
    """Each writer writes a letter of its own; each reader keeps what its read has returned."""
    received, written, readers = bytearray(), [], []    # [letter, size, whether write returned]

    def writer(pipe, size):
        entry = [bytes([len(written)]), size, False]
        written.append(entry)
        yield from pipe.write(entry[0] * size)
        entry[2] = True

    def reader(pipe, size):
        received.extend((yield from pipe.read(size)))

    def main():
        pipe = Pipe(limit)

        def act(what, size):
            if what == "write":
                return Waiter(writer(pipe, size))
            if readers and not readers[-1].task.done():
                return None
            readers.append(Waiter(reader(pipe, size)))
            return readers[-1]

        def check():
            assert len(pipe._data) <= limit

        waiters = yield from play(schedule, act, check)
        yield from end_all(waiters)
        pipe.write_eof()
        received.extend((yield from pipe.read()))
        assert not pipe._turn.locked() and pipe._reader is None

    minios.run(main(), clock=VirtualClock())
    position = 0
    for letter, size, whole in written:
        start = position
        while received[position:position + 1] == letter:
            position += 1
        arrived = position - start
        if whole:
            assert arrived == size
        elif size <= limit:
            assert arrived == 0
        else:
            assert arrived < size       # it may have left its beginning
    assert position == len(received), "bytes came in another order than they were written"

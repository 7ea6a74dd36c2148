"""Reading by size, line and separator, whatever the pieces in which the bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minios
from minios import IncompleteReadError, LimitOverrunError, timeout
from minios.lib.buffers import ByteReader
from minios.sim import VirtualClock
from syscalls import Sleep


class Pieces(ByteReader):
    """A reader that receives given pieces, one a turn, and notes how much it ever held."""

    def __init__(self, pieces, limit=64, pause=0):
        super().__init__(limit)
        self.pieces, self.pause, self.most = [piece for piece in pieces if piece], pause, 0

    def _receive(self, n):
        self.most = max(self.most, len(self._buffer) + n)
        return self._next(n)

    def _next(self, n):
        yield Sleep(self.pause)
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if len(piece) > n:
            self.pieces.insert(0, piece[n:])
        return piece[:n]


def in_pieces(data, cuts):
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def lines_of(reader):
    lines = []
    while line := (yield from reader.readline()):
        lines.append(line)
    return lines


async def lines_of_async(reader):
    return [line async for line in reader]


def run(routine):
    return minios.run(routine, clock=VirtualClock())


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_lines_are_those_of_splitlines_however_the_bytes_arrive(data, cuts):
    data = data.replace(b"x", b"\n")
    expected = data.split(b"\n")
    expected = [line + b"\n" for line in expected[:-1]] + [line for line in expected[-1:] if line]
    assert run(lines_of(Pieces(in_pieces(data, cuts)))) == expected
    assert run(lines_of_async(Pieces(in_pieces(data, cuts)))) == expected


@given(
    st.binary(max_size=200), st.lists(st.integers(0, 200)), st.binary(min_size=1, max_size=3),
    st.integers(1, 40),
)
def test_no_byte_is_lost_and_no_more_is_held_than_the_limit(data, cuts, separator, limit):
    reader = Pieces(in_pieces(data, cuts), limit)

    def main():
        got = b""
        while True:
            try:
                part = yield from reader.readuntil(separator)
                assert part.endswith(separator) and part.count(separator) >= 1
            except LimitOverrunError:
                part = yield from reader.read(1)
            except IncompleteReadError as error:
                return got + error.partial
            got += part

    assert run(main()) == data
    assert reader.most <= limit


@given(st.binary(max_size=100), st.lists(st.integers(0, 100)), st.lists(st.integers(0, 30)))
def test_readexactly_gives_as_many_as_asked_for_or_what_there_was(data, cuts, sizes):
    reader = Pieces(in_pieces(data, cuts), 16)

    def main():
        rest = data
        for size in sizes:
            if size <= len(rest):
                assert (yield from reader.readexactly(size)) == rest[:size]
                rest = rest[size:]
            else:
                with pytest.raises(IncompleteReadError) as caught:
                    yield from reader.readexactly(size)
                assert (caught.value.partial, caught.value.expected) == (rest, size)
                return
        assert (yield from reader.read()) == rest

    run(main())


def test_a_line_longer_than_the_limit_is_a_clear_error_and_stays_readable():
    def main():
        reader = Pieces([b"a" * 100 + b"\nnext\n"], 64)
        with pytest.raises(LimitOverrunError, match="a line is longer than .* limit of 64"):
            yield from reader.readline()
        assert (yield from reader.read(100)) == b"a" * 64
        assert (yield from reader.readline()) == b"a" * 36 + b"\n"
        assert (yield from reader.readline()) == b"next\n"

    run(main())


@pytest.mark.parametrize("how", ["readline", "readuntil", "readexactly", "read"])
def test_a_read_that_is_cut_short_takes_nothing(how):
    def main():
        reader = Pieces([b"abc", b"def", b"ghi\n"], pause=1)
        arguments = {"readexactly": [10], "read": [-1]}.get(how, [])
        with pytest.raises(TimeoutError):
            with timeout(2.5):
                yield from getattr(reader, how)(*arguments)
        assert (yield from reader.readline()) == b"abcdefghi\n"

    run(main())


def test_readexactly_may_exceed_the_limit_where_the_caller_asks_for_it():
    def main():
        reader = Pieces([b"x" * 1000, b"rest"], 64)
        assert (yield from reader.readexactly(1000)) == b"x" * 1000
        assert (yield from reader.read()) == b"rest"
        assert reader.at_eof()

    run(main())


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="limit"):
        ByteReader(0)

    def main():
        reader = Pieces([b"abc"])
        with pytest.raises(ValueError, match="at least one byte"):
            yield from reader.readuntil(b"")
        with pytest.raises(ValueError, match="readexactly"):
            yield from reader.readexactly(-1)
        assert (yield from reader.read(0)) == b""
        assert (yield from reader.readexactly(0)) == b""

    run(main())

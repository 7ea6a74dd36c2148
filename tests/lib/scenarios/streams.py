"""Victims that read and write sockets: streams and datagrams."""

import socket
import ssl
import tempfile

from minios import Datagram, Stream, open_datagram
from minios.lib.tls import TLSStream
from syscalls import Sleep, Wait

from ..suspension_points import scenario

BIG = bytes(range(256)) * 1200      # more than a socket or a pipe takes at once
TEXT = b"a line\nanother line\n0123456789until;the rest"


def connected(world):
    """Two connected streams, closed at the end of the world."""
    return [world.keep(Closing(Stream(sock))).stream for sock in socket.socketpair()]


class Closing:
    """What has abort() and no plain close()."""

    def __init__(self, stream):
        self.stream = stream

    def close(self):
        """Close the stream, outside of a kernel."""
        self.stream.abort()


def says(stream, text=TEXT, piece=7):
    """A task that writes `text` piece by piece, and then ends the connection."""
    for at in range(0, len(text), piece):
        yield Sleep(1)
        yield from stream.write(text[at:at + piece])
    yield from stream.close()


def drains(stream, got, pause=0.1):
    """A task that reads all there is, and not too fast; a stream may be cut short."""
    try:
        while data := (yield from stream.read(50_000)):
            got.extend(data)
            yield Sleep(pause)
    except (ConnectionError, ssl.SSLEOFError):
        pass


def reads_everything(stream, got):
    got.extend((yield from stream.readline()))
    got.extend((yield from stream.__anext__()))
    got.extend((yield from stream.readexactly(10)))
    got.extend((yield from stream.readuntil(b";")))
    got.extend((yield from stream.read(3)))
    got.extend((yield from stream.read()))


def reading(world, ours, theirs):
    """What a struck reader has not returned, the next one reads. But SIGKILL asks nobody, and takes
    along what has just been received; what follows it, TLS cannot decrypt."""
    got = bytearray()
    speaker = world.spawn(says(theirs))
    yield from world.victim(reads_everything(ours, got))
    taken = world.assassin.taken_along
    if taken is not None and isinstance(ours, TLSStream):
        speaker.kill()
        ours.abort()
        return
    got.extend((yield from ours.read()))
    yield Wait(speaker)
    text = TEXT if taken is None else TEXT.replace(taken, b"", 1)
    world.expect("items", got == text, f"{bytes(got)}")


def writing(world, ours, theirs, victim, text=BIG * 2):
    """Another task writes as well, and a third one reads; a write that is cut short is the last."""
    got = bytearray()

    def writes_too():
        yield Sleep(0.15)
        try:
            yield from ours.write(b"|one|")
            yield Sleep(2)
            yield from ours.write(b"|two|")
        except BrokenPipeError:
            assert world.assassin.struck

    reader, other = world.spawn(drains(theirs, got)), world.spawn(writes_too())
    yield from world.victim(victim)
    yield Wait(other)
    world.expect("locks", ours.owner is None and ours._turns == 0, f"{ours.owner!r} writes")
    yield from ours.close()
    yield Wait(reader)
    kept = bytes(got).replace(b"|one|", b"").replace(b"|two|", b"")
    world.expect("items", (text + BIG).startswith(kept), "mixed up")
    if not world.assassin.struck:
        world.expect("items", kept == text and len(got) == len(kept) + 10, f"{len(got)}")


def writes(stream):
    yield from stream.write(BIG)
    yield from stream.drain()
    yield from stream.write(bytearray(BIG))


@scenario
def reading_from_a_stream(world):
    ours, theirs = connected(world)
    yield from reading(world, ours, theirs)


@scenario
def lines_in_a_coroutine(world):
    ours, theirs = connected(world)
    speaker = world.spawn(says(theirs, b"one\ntwo\nthree\n"))
    got = []

    async def victim():
        async with ours:
            async for line in ours:
                got.append(line)

    yield from world.victim(victim())
    ours.abort()
    try:
        yield Wait(speaker)
    except OSError:
        assert world.assassin.struck
    world.expect("items", got == [b"one\n", b"two\n", b"three\n"][:len(got)])


@scenario
def writing_to_a_stream(world):
    ours, theirs = connected(world)
    yield from writing(world, ours, theirs, writes(ours))


@scenario
def waiting_for_a_turn_to_write(world):
    ours, theirs = connected(world)
    got = bytearray()

    def writes_first():
        yield from ours.write(BIG)

    first = world.spawn(writes_first())
    yield

    def victim():
        yield from ours.drain()
        yield from ours.write(b"|short|")
        yield from ours.write_eof()

    reader = world.spawn(drains(theirs, got))
    yield from world.victim(victim())
    yield Wait(first)
    world.expect("locks", ours.owner is None and ours._turns == 0)
    yield from ours.close()
    yield Wait(reader)
    world.expect("items", bytes(got) in (BIG, BIG + b"|short|"), f"{len(got)}")


@scenario
def sending_a_file(world):
    ours, theirs = connected(world)
    file = world.keep(tempfile.TemporaryFile())
    file.write(BIG)
    file.flush()

    def victim():
        assert (yield from ours.sendfile(file)) == len(BIG)
        assert (yield from ours.sendfile(file)) == len(BIG)

    yield from writing(world, ours, theirs, victim())


# --- Datagrams -------------------------------------------------------------------------------


@scenario
def datagrams(world):
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours, theirs = world.keep(Datagram(left)), world.keep(Datagram(right, connected=True))
    got = []

    def victim():
        for number in range(30):        # more than fit into the receiver's queue
            yield from ours.send(b"%d" % number)
        got.append((yield from ours.receive())[0])

    def other():
        for _ in range(30):
            yield Sleep(0.01)
            data, _ = yield from theirs.receive()
            if data == b"end":
                return
        yield from theirs.send(b"all")

    task = world.spawn(other())
    yield from world.victim(victim())
    if not got and not task.done():
        yield from ours.send(b"end")
    yield Wait(task)


@scenario
def opening_a_datagram_socket(world):
    async def victim():
        async with await open_datagram(("127.0.0.1", 0)) as here:
            async with await open_datagram(("localhost", 0), here.address) as there:
                await there.send(b"one")
                await there.send(b"two")
                assert (await here.receive())[0] == b"one"
                async for data, _ in here:
                    assert data == b"two"
                    break
                await here.send(b"back", there.address)
                assert (await there.receive())[0] == b"back"

    yield from world.victim(victim())

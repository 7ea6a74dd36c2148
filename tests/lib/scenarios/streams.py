"""Victims that read and write: streams, TLS, datagrams, pipes of the system, standard streams."""

import functools
import os
import socket
import ssl
import tempfile

from minios import (
    Datagram,
    KernelError,
    Stream,
    open_datagram,
    open_stderr,
    open_stdin,
    open_stdout,
    start_tls,
    timeout,
)
from minios.lib.filestreams import FileStream
from minios.lib.tls import TLSStream
from syscalls import Sleep, Wait

from ..suspension_points import scenario

BIG = bytes(range(256)) * 1200      # more than a socket or a pipe takes at once
LITTLE = BIG[:80_000]               # TLS has more suspension points
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


# --- TLS -------------------------------------------------------------------------------------


@functools.cache
def contexts():
    """The TLS contexts of a server and of a client that trusts it."""
    import trustme

    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(
        ssl.PROTOCOL_TLS_CLIENT
    )
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


def no_tls():
    """Why TLS cannot be examined, if it cannot."""
    try:
        contexts()
    except ImportError:
        return "trustme is not installed"
    return None


def tls_ends(world):
    """A client's and a server's end, before the handshake."""
    server, client = contexts()
    left, right = socket.socketpair()
    for end in (left, right):       # so that even a single record may have to wait
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10_000)
    ours = TLSStream(left, client, server_hostname="localhost")
    theirs = TLSStream(right, server, server_side=True)
    world.resources.callback(Stream.abort, ours)
    world.resources.callback(Stream.abort, theirs)
    return ours, theirs


def shake_hands(world, ours, theirs):
    other = world.spawn(theirs.handshake())
    yield from ours.handshake()
    yield Wait(other)


def answers(stream):
    """A task at the other end that shakes hands, answers each line, and copes with whatever."""
    try:
        yield from stream.handshake()
        while line := (yield from stream.readline()):
            yield from stream.write(line.upper())
    except (OSError, EOFError):
        pass
    yield from stream.close()


@scenario(missing=no_tls)
def a_tls_client(world):
    ours, theirs = tls_ends(world)
    other = world.spawn(answers(theirs))

    def victim():
        with ours:
            yield from ours.handshake()
            yield from ours.write(b"hello\n")
            assert (yield from ours.readline()) == b"HELLO\n"
            yield from ours.close()

    yield from world.victim(victim())
    ours.abort()
    yield Wait(other)


@scenario(missing=no_tls)
def a_tls_server(world):
    ours, theirs = tls_ends(world)

    def asks():
        try:
            yield from ours.handshake()
            yield from ours.write(b"hello\n")
            yield from ours.readline()
        except (OSError, EOFError):
            pass
        yield from ours.close()

    async def victim():
        async with theirs:
            await theirs.handshake()
            async for line in theirs:
                await theirs.write(line.upper())

    other = world.spawn(asks())
    yield from world.victim(victim())
    theirs.abort()
    yield Wait(other)


@scenario(missing=no_tls)
def reading_from_tls(world):
    ours, theirs = tls_ends(world)
    yield from shake_hands(world, ours, theirs)
    yield from reading(world, ours, theirs)
    yield from ours.close()


@scenario(missing=no_tls)
def writing_to_tls(world):
    ours, theirs = tls_ends(world)
    yield from shake_hands(world, ours, theirs)
    yield from writing(world, ours, theirs, writes_little(ours), LITTLE)


def writes_little(stream):
    for start in range(0, len(LITTLE), 20_000):
        yield from stream.write(LITTLE[start:start + 20_000])
    yield from stream.write(b"")
    try:
        yield from stream.write_eof()
    except KernelError:
        pass


@scenario(missing=no_tls)
def sending_a_file_through_tls(world):
    ours, theirs = tls_ends(world)
    yield from shake_hands(world, ours, theirs)
    file = world.keep(tempfile.TemporaryFile())
    file.write(LITTLE)
    file.flush()
    got = bytearray()
    reader = world.spawn(drains(theirs, got))

    def victim():
        yield from ours.sendfile(file)

    yield from world.victim(victim())
    world.expect("locks", ours.owner is None)
    yield from ours.close()
    yield Wait(reader)
    world.expect("items", BIG.startswith(bytes(got)))


@scenario(missing=no_tls)
def a_goodbye_that_nobody_answers(world):
    ours, theirs = tls_ends(world)
    yield from shake_hands(world, ours, theirs)

    def victim():
        with ours:
            yield from ours.close()
        assert ours.closed

    yield from world.victim(victim())
    ours.abort()


@scenario(missing=no_tls)
def starting_tls(world):
    server, client = contexts()
    ours, theirs = connected(world)

    def serves():
        try:
            secure = yield from start_tls(theirs, server, server_side=True)
        except OSError:
            return
        yield from answers_securely(secure)

    def answers_securely(secure):
        with secure:
            try:
                yield from secure.write((yield from secure.readline()))
            except (OSError, EOFError):
                pass

    def victim():
        with ours:
            with (yield from start_tls(ours, client, server_hostname="localhost")) as secure:
                yield from secure.write(b"hello\n")
                assert (yield from secure.readline()) == b"hello\n"

    other = world.spawn(serves())
    yield from world.victim(victim())
    ours.abort()
    yield Wait(other)


@scenario(missing=no_tls)
def a_handshake_that_fails(world):
    """The peer is told why, and nothing is left; the time limit is its own."""
    ours, theirs = tls_ends(world)

    def silent():
        yield Sleep(100)
        theirs.abort()

    def victim():
        with ours:
            try:
                with timeout(5):
                    yield from ours.handshake()
            except TimeoutError:
                yield Sleep(1)
            else:
                raise AssertionError("with whom?")

    other = world.spawn(silent())
    yield from world.victim(victim())
    ours.abort()
    yield Wait(other)


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


# --- Pipes of the system, and the standard streams -------------------------------------------


def pipe_ends(world):
    ends = [FileStream(fd) for fd in os.pipe()]
    for end in ends:
        world.keep(Closing(end))
    return ends


@scenario
def reading_from_a_pipe_of_the_system(world):
    ours, theirs = pipe_ends(world)
    yield from reading(world, ours, theirs)


@scenario
def writing_to_a_pipe_of_the_system(world):
    theirs, ours = pipe_ends(world)
    yield from writing(world, ours, theirs, writes(ours))


@scenario
def sending_a_file_into_a_pipe(world):
    theirs, ours = pipe_ends(world)
    file = world.keep(tempfile.TemporaryFile())
    file.write(BIG)
    file.flush()

    def victim():
        yield from ours.sendfile(file)
        yield from ours.sendfile(file)

    yield from writing(world, ours, theirs, victim())


class Standing:
    """While it is open, `ends` stand where the standard streams 0, 1 and 2 were."""

    def __init__(self, ends):
        self._saved = {number: os.dup(number) for number in ends}
        for number, fd in ends.items():
            os.dup2(fd, number)

    def close(self):
        """Put back what was there."""
        for number, fd in self._saved.items():
            os.dup2(fd, number)
            os.close(fd)


def standard_streams(world, make):
    """What `make` gives, twice, as the standard streams; and a stream at the other end of each.

    The victim's copies are closed, so that the other ends see it when the victim closes its own.
    """
    input_reader, input_writer = make()
    output_reader, output_writer = make()
    standing = Standing({0: input_reader, 1: output_writer, 2: output_writer})
    os.close(input_reader)
    os.close(output_writer)
    world.keep(standing)
    return input_writer, output_reader


def echoes(opens_errors=True):
    """A routine that copies lines from standard input to standard output."""
    with (yield from open_stdin()) as source, (yield from open_stdout()) as target:
        with (yield from open_stderr()) as errors:
            while line := (yield from source.readline()):
                yield from target.write(line)
                yield from errors.write(b"!\n")
            yield from target.write(b"end\n")


def serve_standard_streams(world, source, target):
    got = bytearray()

    def reads():
        while b"end\n" not in got:
            got.extend((yield from target.read(1000)))

    reader = world.spawn(reads())
    speaker = world.spawn(says(source, b"one\ntwo\n"))
    yield from world.victim(echoes())
    yield Wait(speaker)
    reader.kill()
    yield Sleep(1)
    source.abort()
    target.abort()


@scenario
def standard_streams_that_are_pipes(world):
    source, target = standard_streams(world, os.pipe)
    yield from serve_standard_streams(world, FileStream(source), FileStream(target))


@scenario
def standard_streams_that_are_sockets(world):
    def make():
        return [end.detach() for end in socket.socketpair()]

    source, target = (
        Stream(socket.socket(fileno=fd)) for fd in standard_streams(world, make)
    )
    yield from serve_standard_streams(world, source, target)


@scenario
def standard_streams_that_are_fifos(world):
    """With a name: they get the flag O_NONBLOCK meanwhile, which must be gone afterwards."""
    folder = tempfile.TemporaryDirectory()
    world.resources.callback(folder.cleanup)

    def make():
        path = os.path.join(folder.name, str(len(os.listdir(folder.name))))
        os.mkfifo(path)
        both = os.open(path, os.O_RDWR)
        reader, writer = os.open(path, os.O_RDONLY), os.open(path, os.O_WRONLY)
        os.close(both)
        return reader, writer

    source, target = standard_streams(world, make)
    yield from serve_standard_streams(world, FileStream(source), FileStream(target))
    world.expect("descriptors", os.get_blocking(0) and os.get_blocking(1), "still O_NONBLOCK")

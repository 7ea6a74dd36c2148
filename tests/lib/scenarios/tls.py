"""Victims that speak TLS."""

import functools
import socket
import ssl
import tempfile

from minios import KernelError, Stream, start_tls, timeout
from minios.lib.tls import TLSStream
from syscalls import Sleep, Wait

from ..suspension_points import scenario
from .streams import BIG, connected, drains, reading, writing

LITTLE = BIG[:80_000]       # there are more suspension points than with plain streams


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

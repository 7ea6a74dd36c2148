"""Victims that connect and serve: by TCP, by Unix sockets, with TLS or without."""

import contextlib
import os
import socket
import tempfile
from unittest import mock

from minios import (
    Stream,
    getaddrinfo,
    open_connection,
    open_unix_connection,
    start_server,
    start_unix_server,
    timeout,
)
from minios.kernel.clock import MonotonicClock
from minios.lib import connections
from minios.lib.tls import TLSStream
from syscalls import Sleep, Wait

from ..suspension_points import scenario
from .tls import contexts, no_tls

# What goes over TCP is played in real time: what has been sent need not have arrived, even here.
real_time = {"clock": MonotonicClock}


def echo(stream):
    while data := (yield from stream.read(65536)):
        yield from stream.write(data)


async def async_echo(stream):
    async for line in stream:
        await stream.write(line)


def ask(stream):
    """Ask once, and close."""
    with stream:
        yield from stream.write(b"hello\n")
        assert (yield from stream.readline()) == b"hello\n"
        yield from stream.close()


def port_of(server):
    return server.addresses[0][1]


def is_closed(world, server):
    """Nobody listens any more, and no connection is left."""
    server.close()
    yield from server.wait_closed()
    world.expect("registrations", not server._listeners)
    world.expect("tasks", not server.owners)


@scenario(**real_time)
def looking_up_a_name(world):
    def victim():
        assert (yield from getaddrinfo("127.0.0.1", 80))
        assert (yield from getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM))

    yield from world.victim(victim())


@scenario(**real_time)
def opening_a_connection(world):
    server = yield from start_server(echo, "127.0.0.1", 0)

    def victim():
        stream = yield from open_connection("localhost", port_of(server), family=socket.AF_INET)
        yield from ask(stream)

    yield from world.victim(victim())
    yield from is_closed(world, server)


@contextlib.contextmanager
def many_addresses(*addresses):
    """Every name has these addresses."""

    def answer(*arguments):
        yield Sleep(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    with mock.patch.object(connections, "getaddrinfo", answer):
        yield


def silent(world):
    """An address that neither accepts nor refuses: a listener whose queue is full."""
    sock = world.keep(socket.socket())
    sock.bind(("127.0.0.1", 0))
    sock.listen(0)
    for _ in range(4):
        client = world.keep(socket.socket())
        client.setblocking(False)
        client.connect_ex(sock.getsockname())
    return sock.getsockname()


def refusing(world):
    """An address that refuses."""
    sock = world.keep(socket.socket())
    sock.bind(("127.0.0.1", 0))
    return sock.getsockname()


@scenario
def happy_eyeballs(world):
    server = yield from start_server(echo, "127.0.0.1", 0)
    addresses = [silent(world), refusing(world), server.addresses[0]]
    world.resources.enter_context(many_addresses(*addresses))

    def victim():
        yield from ask((yield from open_connection("there", 80)))

    yield from world.victim(victim())
    yield from is_closed(world, server)


@scenario
def eyeballs_that_see_two_at_once(world):
    server = yield from start_server(echo, "127.0.0.1", 0)
    world.resources.enter_context(many_addresses(*server.addresses * 3))

    def victim():
        yield from ask((yield from open_connection("there", 80)))

    yield from world.victim(victim())
    yield from is_closed(world, server)


@scenario
def no_address_that_answers(world):
    addresses = [refusing(world), silent(world), refusing(world)]
    world.resources.enter_context(many_addresses(*addresses))

    def victim():
        try:
            with timeout(60):
                yield from open_connection("there", 80)
        except TimeoutError:
            pass

    yield from world.victim(victim())


@scenario(missing=no_tls, **real_time)
def opening_a_tls_connection(world):
    server_context, client_context = contexts()
    server = yield from start_server(async_echo, "127.0.0.1", 0, ssl=server_context)

    def victim():
        stream = yield from open_connection("127.0.0.1", port_of(server), ssl=client_context)
        yield from ask(stream)

    yield from world.victim(victim())
    yield from is_closed(world, server)


@scenario
def opening_a_unix_connection(world):
    path = socket_path(world)
    server = yield from start_unix_server(echo, path)

    def victim():
        yield from ask((yield from open_unix_connection(path)))

    yield from world.victim(victim())
    yield from is_closed(world, server)
    world.expect("descriptors", not os.path.exists(path), "the socket's file is left")


@scenario
def a_unix_server_that_is_full(world):
    """Connecting to it has to wait."""
    path = socket_path(world)
    listener = world.keep(socket.socket(socket.AF_UNIX))
    listener.bind(path)
    listener.listen(0)
    first = world.keep(socket.socket(socket.AF_UNIX))
    first.connect(path)

    def makes_room():
        yield Sleep(0.035)
        listener.accept()[0].close()

    def victim():
        (yield from open_unix_connection(path)).abort()

    other = world.spawn(makes_room())
    yield from world.victim(victim())
    yield Wait(other)


def socket_path(world):
    folder = tempfile.TemporaryDirectory()
    world.resources.callback(folder.cleanup)
    return os.path.join(folder.name, "socket")


@scenario(missing=no_tls)
def opening_a_tls_connection_by_a_unix_socket(world):
    server_context, client_context = contexts()
    path = socket_path(world)
    server = yield from start_unix_server(async_echo, path, ssl=server_context)

    def victim():
        stream = yield from open_unix_connection(
            path, ssl=client_context, server_hostname="localhost"
        )
        yield from ask(stream)

    yield from world.victim(victim())
    yield from is_closed(world, server)


# --- Servers ---------------------------------------------------------------------------------


def visits(path, times=2):
    """A client that comes a few times, and copes with a server that is gone."""
    for _ in range(times):
        yield Sleep(1)
        try:
            yield from ask((yield from open_unix_connection(path)))
        except (OSError, AssertionError):
            pass


@scenario(**real_time)
def starting_a_server(world):
    """A server that is struck while it starts leaves no listener."""
    started = []

    def victim():
        server = yield from start_server(echo, "localhost", 0)
        started.append(server)
        with server:
            yield Sleep(0.001)
        yield from server.wait_closed()

    yield from world.victim(victim())
    for server in started:
        yield from is_closed(world, server)


@scenario
def serving_forever(world):
    path = socket_path(world)
    servers = []

    def victim():
        server = yield from start_unix_server(echo, path)
        servers.append(server)
        yield from server.serve_forever()

    def ends():
        yield Sleep(5)
        if not world.assassin.struck:
            servers[0].close()

    others = [world.spawn(ends()), world.spawn(visits(path))]
    yield from world.victim(victim())
    for server in servers:
        world.expect("tasks", not server.owners, f"{server.owners} go on")
        yield from is_closed(world, server)
    for task in others:
        yield Wait(task)


@scenario
def a_server_in_a_coroutine(world):
    path = socket_path(world)
    servers = []

    async def victim():
        async with await start_unix_server(async_echo, path) as server:
            servers.append(server)
            await Sleep(3)

    other = world.spawn(visits(path))
    yield from world.victim(victim())
    yield Wait(other)
    for server in servers:
        yield from is_closed(world, server)


@scenario
def waiting_for_a_server_to_be_closed(world):
    path = socket_path(world)
    server = yield from start_unix_server(echo, path)

    def victim():
        yield from server.wait_closed()

    def ends():
        yield Sleep(2.5)
        server.close()

    others = [world.spawn(visits(path)), world.spawn(ends())]
    yield from world.victim(victim())
    for task in others:
        yield Wait(task)
    yield from is_closed(world, server)


def handler_as_victim(world, handler, client, **options):
    """The task of a connection is struck."""
    path = socket_path(world)
    server = yield from start_unix_server(handler, path, **options)
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    while not server.connections:
        yield
    other = world.spawn(client(sock))
    yield from world.victim(server.connections[0])
    yield Wait(other)
    yield from is_closed(world, server)


def speaks(sock):
    """A client that asks after a while, and copes with a server that is gone."""
    with Stream(sock) as stream:
        yield Sleep(1)
        try:
            yield from ask(stream)
        except (OSError, AssertionError):
            pass


@scenario
def a_connection_of_a_server(world):
    yield from handler_as_victim(world, echo, speaks)


@scenario
def a_connection_of_a_server_in_a_coroutine(world):
    yield from handler_as_victim(world, async_echo, speaks)


@scenario(missing=no_tls)
def a_tls_connection_of_a_server(world):
    server_context, client_context = contexts()

    def client(sock):
        stream = TLSStream(sock, client_context, server_hostname="localhost")
        with stream:
            try:
                yield from stream.handshake()
                yield from ask(stream)
            except (OSError, AssertionError, EOFError):
                pass

    yield from handler_as_victim(world, async_echo, client, ssl=server_context)


@scenario
def the_acceptor_of_a_server(world):
    path = socket_path(world)
    server = yield from start_unix_server(echo, path)

    def ends():
        yield Sleep(5)
        server.close()

    others = [world.spawn(visits(path)), world.spawn(ends())]
    yield from world.victim(server.owners[0])
    for task in others:
        yield Wait(task)
    yield from is_closed(world, server)

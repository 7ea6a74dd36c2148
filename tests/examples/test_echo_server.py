"""07_echo_server.py, with real TCP clients."""

import os
import resource
import socket
import threading
from contextlib import ExitStack

import pytest

from .conftest import CURL, PATIENCE, PROC, lines_by_curl, open_descriptors, reset, wait_until

PROGRAM = "07_echo_server.py"
MANY = 10_000


@pytest.fixture
def server(start):
    return start(PROGRAM, "--port", 0)


@pytest.fixture
def connect(server):
    """Make a new connection to the server, as often as it is called."""
    address = server.read_address()
    with ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(address, timeout=PATIENCE))


@pytest.fixture
def many_descriptors():
    """Let this process have as many descriptors as the system allows; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield 10 * MANY if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def receive(client, size):
    """Exactly `size` bytes, or fewer at the end of the connection."""
    data = bytearray()
    while len(data) < size and (more := client.recv(size - len(data))):
        data += more
    return bytes(data)


def assert_echoes(client, data):
    client.sendall(data)
    assert receive(client, len(data)) == data


def test_the_echo_server_sends_back_what_it_is_sent(connect):
    client = connect()
    for data in b"hello", b"\0\xff\r\n", b"x":
        assert_echoes(client, data)


def test_the_echo_server_talks_to_many_clients_in_any_order(connect):
    clients = [connect() for _ in range(20)]
    for turn in range(3):
        for number, client in enumerate(reversed(clients)):
            assert_echoes(client, b"%d %d" % (turn, number))


def test_the_echo_server_sends_back_more_than_the_buffers_hold(connect):
    client = connect()
    data = os.urandom(1 << 20) * 16
    sender = threading.Thread(target=client.sendall, args=[data])
    sender.start()
    assert receive(client, len(data)) == data
    sender.join()


def test_the_echo_server_hangs_up_when_the_client_does(connect):
    client = connect()
    client.sendall(b"goodbye")
    client.shutdown(socket.SHUT_WR)
    assert receive(client, 100) == b"goodbye"


def test_the_echo_server_survives_a_client_that_resets(server, connect):
    rude, polite = connect(), connect()
    assert_echoes(rude, b"hello")
    reset(rude)
    assert_echoes(polite, b"still there?")
    assert_echoes(connect(), b"and for new clients?")
    assert server.errors() == ""


def test_the_echo_server_survives_a_client_that_resets_while_it_is_sent_to(server, connect):
    rude, polite = connect(), connect()
    rude.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            rude.send(bytes(65536))     # until all buffers are full both ways
    reset(rude)
    assert_echoes(polite, b"still there?")
    assert server.errors() == ""


def test_the_echo_server_goes_on_when_it_runs_out_of_descriptors(server, connect):
    few = 20
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (few, few))
    early = [connect() for _ in range(2 * few)]
    late = [connect() for _ in range(few // 2)]
    assert_echoes(early[0], b"hello")
    wait_until(lambda: "cannot accept: Too many open files; trying again\n" in server.errors())
    assert_echoes(early[0], b"still there?")
    for client in early:
        client.close()
    for client in late:
        assert_echoes(client, b"at last")
    assert "Traceback" not in server.errors()


def test_the_echo_server_holds_ten_thousand_connections_and_lets_go_of_them(
    server, connect, many_descriptors
):
    count = min(MANY, many_descriptors - 200)
    before = PROC and open_descriptors(server)
    clients = [connect() for _ in range(count)]
    for number, client in enumerate(clients):
        client.sendall(b"client %d" % number)
    for number, client in enumerate(clients):
        expected = b"client %d" % number
        assert receive(client, len(expected)) == expected
    if PROC:
        assert open_descriptors(server) == before + count
    for number, client in enumerate(clients):
        if number % 10:
            client.close()
        else:
            reset(client)
    if PROC:
        wait_until(lambda: open_descriptors(server) == before)
    assert_echoes(connect(), b"one more")
    assert server.errors() == ""


@pytest.mark.skipif(CURL is None, reason="there is no curl")
def test_the_echo_server_talks_to_curl(server):
    host, port = server.read_address()
    assert lines_by_curl(host, port, b"hello\ncurl\n", 2) == [b"hello\n", b"curl\n"]


def test_an_address_that_is_taken_is_an_error_in_one_line(server, start):
    _, port = server.read_address()
    second = start(PROGRAM, "--port", port)
    assert second.finish() == (1, "")
    assert second.errors().startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert second.errors().count("\n") == 1


def test_ctrl_c_ends_the_echo_server_and_its_connections(server, connect):
    clients = [connect() for _ in range(3)]
    for client in clients:
        assert_echoes(client, b"hello")
    server.interrupt()
    assert server.finish() == (130, "interrupted\n")
    assert server.errors() == ""
    assert [receive(client, 1) for client in clients] == [b"", b"", b""]

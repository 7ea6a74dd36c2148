"""The library of pyos8, Accept, Recv and Send, and the Socket of sockwrap."""

import os
import socket

import pytest

from minios.legacy.pyos import (
    Accept,
    Recv,
    Send,
    Socket,
)


def listener():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


@pytest.mark.parametrize("delegate", [False, True])
def test_accept_recv_and_send_give_their_results_by_yield_and_by_yield_from(pyos, delegate):
    got = []
    listening = listener()

    def server():
        client, address = yield Accept(listening)
        got.append(address == client.getpeername())
        got.append((yield Recv(client, 65536)))
        got.append((yield Send(client, b"answer")))
        client.close()

    def delegating_server():
        client, address = yield from Accept(listening)
        got.append(address == client.getpeername())
        got.append((yield from Recv(client, 65536)))
        got.append((yield from Send(client, b"answer")))
        client.close()

    def client():
        sock = socket.create_connection(listening.getsockname())
        yield Send(sock, b"question")
        answer = yield Recv(sock, 65536)
        end = yield Recv(sock, 65536)
        sock.close()
        assert answer == b"answer" and end == b""

    pyos(delegating_server() if delegate else server(), client())
    listening.close()
    assert got == [True, b"question", None]


def test_sockets_stay_in_the_mode_that_the_program_gave_them(pyos):
    listening = listener()
    got = []

    def server():
        client, _ = yield Accept(listening)
        client.settimeout(7)
        yield Send(client, b"x")
        got.extend([listening.gettimeout(), client.gettimeout()])
        client.close()

    def client():
        sock = socket.create_connection(listening.getsockname())
        yield Recv(sock, 10)
        got.append(sock.gettimeout())
        sock.close()

    pyos(server(), client())
    listening.close()
    assert got == [None, 7, None]


def test_sending_much_on_a_blocking_socket_does_not_stop_the_other_tasks(pyos, pair):
    left, right = pair
    size = 3_000_000
    got = []

    def sender():
        yield Send(left, bytearray(size))
        left.close()

    def receiver():
        total = 0
        while True:
            data = yield Recv(right, 65536)
            if not data:
                break
            total += len(data)
        got.append(total)

    pyos(sender(), receiver())
    assert got == [size]


def test_sending_nothing_returns_at_once(pyos, pair):
    got = []

    def main():
        got.append((yield Send(pair[0], b"")))

    pyos(main())
    assert got == [None]


def test_an_error_of_the_socket_is_raised_in_the_task(pyos, pair):
    left, right = pair
    right.close()
    got = []

    def main():
        try:
            yield Send(left, b"x")
        except BrokenPipeError:
            got.append("broken pipe")

    pyos(main())
    assert got == ["broken pipe"]


def test_an_object_with_fileno_and_recv_is_socket_enough(pyos):
    reader, writer = os.pipe()

    class Tube:
        def fileno(self):
            return reader

        def recv(self, n):
            return os.read(reader, n)

    got = []

    def main():
        got.append((yield Recv(Tube(), 10)))

    os.write(writer, b"x")
    pyos(main())
    os.close(reader)
    os.close(writer)
    assert got == [b"x"]


def test_socket_has_methods_that_are_yielded(pyos):
    listening = listener()
    got = []

    def server():
        sock = Socket(listening)
        client, address = yield sock.accept()
        assert isinstance(client, Socket) and address == client.sock.getpeername()
        got.append((yield client.recv(100)))
        got.append((yield client.send(b"answer")))
        got.append((yield client.close()))
        yield from sock.close()

    def client():
        sock = Socket(socket.create_connection(listening.getsockname()))
        yield from sock.send(b"question")
        got.append((yield from sock.recv(100)))
        yield from sock.close()

    pyos(server(), client())
    assert sorted(got, key=repr) == [None, None, b"answer", b"question"]
    assert listening.fileno() == -1

"""UDP and Unix datagrams."""

import errno
import socket

import pytest

import minios
from minios import open_datagram, timeout
from syscalls import Kill, Sleep, Spawn, Wait


def test_a_datagram_is_answered(run_real):
    def main():
        server = yield from open_datagram(("127.0.0.1", 0))
        client = yield from open_datagram(None, server.address)
        with server, client:
            yield from client.send(b"question")
            data, address = yield from server.receive()
            assert (data, address) == (b"question", client.address)
            yield from server.send(b"answer", address)
            assert (yield from client.receive()) == (b"answer", server.address)

    run_real(main())


def test_a_coroutine_iterates_over_datagrams(run_real):
    async def main():
        server = await open_datagram(("localhost", 0))
        client = await open_datagram(None, server.address)
        async with server, client:
            for number in range(3):
                await client.send(b"%d" % number)
            got = []
            async for data, _ in server:
                got.append(data)
                if len(got) == 3:
                    return got

    assert run_real(main()) == [b"0", b"1", b"2"]


def test_unix_datagrams_have_paths(run_real, tmp_path):
    def main():
        server = yield from open_datagram(str(tmp_path / "socket"))
        client = yield from open_datagram(None, str(tmp_path / "socket"))
        with server, client:
            yield from client.send(b"x")
            assert (yield from server.receive())[0] == b"x"

    run_real(main())


def test_an_empty_datagram_is_one(run_real):
    def main():
        server = yield from open_datagram(("127.0.0.1", 0))
        client = yield from open_datagram(None, server.address)
        with server, client:
            yield from client.send(b"")
            assert (yield from server.receive())[0] == b""

    run_real(main())


def test_nobody_there_is_told_by_the_next_receive(run_real):
    def main():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            address = probe.getsockname()
        client = yield from open_datagram(None, address)
        with client:
            yield from client.send(b"x")
            with pytest.raises(ConnectionRefusedError):
                yield from client.receive()

    run_real(main())


def test_waiting_for_a_datagram_ends_by_a_limit_a_kill_and_a_close(run_real):
    def main():
        server = yield from open_datagram(("127.0.0.1", 0))
        with pytest.raises(TimeoutError):
            with timeout(0.01):
                yield from server.receive()
        task = yield Spawn(server.receive())
        yield Sleep(0.01)
        yield Kill(task)
        task = yield Spawn(server.receive())
        yield Sleep(0.01)
        server.close()
        with pytest.raises(OSError) as caught:
            yield Wait(task)
        assert caught.value.errno == errno.EBADF
        assert "closed" in repr(server)

    run_real(main())


def test_what_is_longer_than_a_datagram_can_be_is_refused(run_real):
    def main():
        client = yield from open_datagram(None, ("127.0.0.1", 9))
        with client, pytest.raises(OSError, match="too long"):
            yield from client.send(b"x" * 70_000)

    run_real(main())


def test_a_receiver_whose_queue_is_full_is_waited_for_without_spinning(run_real, tmp_path):
    path = str(tmp_path / "socket")

    def main():
        server = yield from open_datagram(path)
        client = yield from open_datagram(str(tmp_path / "client"))
        with server, client:
            full = yield Spawn(fill(client))
            yield Sleep(0.05)
            poller = minios.current_kernel().poller
            polls, poll = [], poller.poll
            poller.poll = lambda seconds: polls.append(seconds) or poll(seconds)
            yield Sleep(0.1)
            poller.poll = poll
            assert not full.done() and len(polls) < 200     # a spin would be many thousands
            for _ in range(1000):
                if full.done():
                    break
                yield from server.receive()
            yield Wait(full)

    def fill(client):
        for _ in range(500):
            yield from client.send(b"x" * 1000, path)

    run_real(main())


def test_a_port_that_cannot_be_and_an_address_that_is_none_are_refused(run_real):
    def main():
        with pytest.raises(OverflowError, match="a port is 0-65535, not 70000"):
            yield from open_datagram(("127.0.0.1", 70000))
        with pytest.raises(TypeError, match=r"an address is a \(host, port\)"):
            yield from open_datagram(5)

    run_real(main())


def test_a_name_is_looked_up_off_the_kernels_thread(run_real):
    def main():
        server = yield from open_datagram(("127.0.0.1", 0))
        client = yield from open_datagram(("127.0.0.1", 0))
        with server, client:
            yield from client.send(b"x", ("localhost", server.address[1]))
            assert (yield from server.receive())[0] == b"x"
            with pytest.raises(socket.gaierror):
                yield from client.send(b"x", ("no.such.name.invalid", 1))

    minios.run(main())      # whose executor has threads, and so descriptors, of its own

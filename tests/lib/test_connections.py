"""open_connection: names, families, happy eyeballs, and what is left when it fails."""

import errno
import socket

import pytest

import minios
from minios import getaddrinfo, open_connection, open_unix_connection, timeout
from minios.lib import connections
from minios.lib.connections import _by_turns, _connect_first
from syscalls import Kill, Sleep, Spawn, Wait

V4, V6 = socket.AF_INET, socket.AF_INET6


def have_ipv6():
    try:
        with socket.create_server(("::1", 0), family=V6):
            return True
    except OSError:
        return False


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def target(sock):
    return (V4, socket.SOCK_STREAM, 0, sock.getsockname())


@pytest.fixture
def dead():
    """An address that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        address = sock.getsockname()
    return (V4, socket.SOCK_STREAM, 0, address)


@pytest.fixture
def silent():
    """An address that neither accepts nor refuses: a listener whose queue is full."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(sock.getsockname())
            waiting.append(client)
        yield (V4, socket.SOCK_STREAM, 0, sock.getsockname())
        for client in waiting:
            client.close()


def test_a_connection_has_two_ends(run_real, listener):
    def main():
        stream = yield from open_connection("localhost", listener.getsockname()[1], family=V4)
        with stream:
            assert stream.peer == listener.getsockname()
            assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run_real(main())


def test_it_can_connect_from_a_given_address(run_real, listener):
    def main():
        stream = yield from open_connection(
            "127.0.0.1", listener.getsockname()[1], local_address=("127.0.0.2", 0)
        )
        with stream:
            assert stream.address[0] == "127.0.0.2"

    run_real(main())


@pytest.mark.skipif(not have_ipv6(), reason="this machine has no IPv6")
def test_ipv6_works(run_real):
    def main():
        server = yield from minios.start_server(lambda stream: None, "::1", 0)
        stream = yield from open_connection("::1", server.addresses[0][1])
        with stream, server:
            assert stream.socket.family == V6
        yield from server.wait_closed()

    run_real(main())


def test_a_refused_connection_is_an_error_that_names_the_address(run_real, dead):
    def main():
        host, port = dead[3]
        with pytest.raises(ConnectionRefusedError, match=str(port)):
            yield from open_connection(host, port)

    run_real(main())


def test_an_unknown_name_is_an_os_error(run_real):
    def main():
        with pytest.raises(socket.gaierror):
            yield from open_connection("no.such.name.invalid", 80)

    run_real(main())


def test_families_take_turns():
    found = [(V6, 1, 6, "", ("a", 1)), (V6, 1, 6, "", ("b", 1)), (V4, 1, 6, "", ("c", 1))]
    assert [address for *_, address in _by_turns(found)] == [("a", 1), ("c", 1), ("b", 1)]


def first_of(*addresses):
    def main():
        sock = yield from _connect_first(list(addresses), None, "there")
        with sock:
            return sock.getpeername()

    return main()


def test_an_address_that_refuses_is_followed_by_the_next_at_once(
    run_real, listener, dead, monkeypatch
):
    monkeypatch.setattr(connections, "_HEAD_START", 60)
    assert run_real(first_of(dead, dead, target(listener))) == listener.getsockname()


def test_an_address_that_does_not_answer_is_overtaken(run_real, listener, silent):
    assert run_real(first_of(silent, target(listener))) == listener.getsockname()


def test_where_all_fail_the_error_names_each(run_real, dead):
    def main():
        with pytest.raises(ConnectionRefusedError, match="cannot connect to there: .*; .*"):
            yield from _connect_first([dead, dead], None, "there")

    run_real(main())


def test_a_task_that_is_killed_while_it_connects_leaves_no_socket(run_real, silent):
    def main():
        for addresses in ([silent], [silent, silent, silent]):
            task = yield Spawn(first_of(*addresses))
            yield Sleep(0.3)
            yield Kill(task)
            with pytest.raises(minios.TaskKilledError):
                yield Wait(task)

    run_real(main())


def test_a_connection_attempt_can_be_limited_in_time(run_real, silent):
    def main():
        host, port = silent[3]
        with pytest.raises(TimeoutError):
            with timeout(0.05):
                yield from open_connection(host, port)

    run_real(main())


def test_a_name_is_looked_up_in_a_thread_that_a_killed_task_does_not_wait_for(monkeypatch):
    import threading

    let_go = threading.Event()
    real = socket.getaddrinfo

    def slow(host, *rest):
        if rest[-1] & socket.AI_NUMERICHOST:
            return real(host, *rest)
        let_go.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    def main():
        task = yield Spawn(getaddrinfo("somewhere.example", 80))
        yield Sleep(0.01)
        assert not task.done()
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    try:
        minios.run(main())
    finally:
        let_go.set()


def test_an_address_is_not_looked_up(run_real):
    def main():
        found = yield from getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        assert minios.current_kernel().executor is None
        return found[0][4]

    assert run_real(main()) == ("127.0.0.1", 80)


def test_a_unix_socket_is_connected_by_its_path(run_real, tmp_path):
    def main():
        path = tmp_path / "socket"
        server = yield from minios.start_unix_server(lambda stream: stream.write(b"hi"), path)
        stream = yield from open_unix_connection(path)
        assert (yield from stream.read()) == b"hi"
        stream.abort()
        server.close()
        yield from server.wait_closed()
        assert not path.exists()
        with pytest.raises(FileNotFoundError):
            yield from open_unix_connection(path)

    run_real(main())


def test_running_out_of_descriptors_is_an_error_and_no_leak(run_real, listener):
    import resource

    def main():
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = len(__import__("os").listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
        try:
            with pytest.raises(OSError) as caught:
                for _ in range(50):
                    streams.append((yield from open_connection(*listener.getsockname())))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for stream in streams:
                stream.abort()
        assert caught.value.errno == errno.EMFILE

    streams = []
    run_real(main())

"""Servers: they outlive their clients' faults, their handlers' and the system's."""

import errno
import logging
import os
import resource
import shutil
import socket
import struct
import subprocess

import pytest

import minios
from minios import TaskKilledError, open_connection, start_server, start_unix_server, timeout
from syscalls import Kill, Offload, Sleep, Spawn, Tasks, Wait

from .conftest import open_descriptors


def echo(stream):
    while data := (yield from stream.read(65536)):
        yield from stream.write(data)


async def async_echo(stream):
    async for line in stream:
        await stream.write(line)


def port_of(server):
    return server.addresses[0][1]


def asks(port, text=b"hello\n"):
    stream = yield from open_connection("127.0.0.1", port)
    with stream:
        yield from stream.write(text)
        return (yield from stream.readexactly(len(text)))


@pytest.mark.parametrize("handler", [echo, async_echo])
def test_each_client_has_a_task_of_its_own(run_real, handler):
    def main():
        server = yield from start_server(handler, "127.0.0.1", 0)
        answers = yield from minios.gather(*[asks(port_of(server)) for _ in range(20)])
        server.close()
        yield from server.wait_closed()
        assert not server.connections
        return answers

    assert run_real(main()) == [b"hello\n"] * 20


def test_serve_forever_ends_when_the_server_is_closed(run_real):
    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        serving = yield Spawn(server.serve_forever())
        assert (yield from asks(port_of(server))) == b"hello\n"
        server.close()
        yield Wait(serving)
        with pytest.raises(ConnectionRefusedError):
            yield from asks(port_of(server))

    run_real(main())


def test_killing_who_serves_ends_the_server_and_its_connections(run_real):
    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        serving = yield Spawn(server.serve_forever())
        stream = yield from open_connection("127.0.0.1", port_of(server))
        yield Sleep(0.01)
        assert len(server.connections) == 1
        yield Kill(serving)
        with pytest.raises(TaskKilledError):
            yield Wait(serving)
        assert (yield from stream.read()) == b""
        yield from stream.close()
        assert len((yield Tasks())) == 1

    run_real(main())


def test_close_lets_the_connections_go_on_and_kill_does_not(run_real):
    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        stream = yield from open_connection("127.0.0.1", port_of(server))
        yield from stream.write(b"a")
        assert (yield from stream.read(1)) == b"a"
        server.close()
        yield from stream.write(b"b")
        assert (yield from stream.read(1)) == b"b"
        server.kill()
        yield from server.wait_closed()
        assert (yield from stream.read(1)) == b""
        stream.abort()

    run_real(main())


def test_leaving_an_async_with_ends_the_server(run_real):
    async def main():
        async with await start_server(async_echo, "127.0.0.1", 0) as server:
            stream = await open_connection("127.0.0.1", port_of(server))
            await Sleep(0.01)
        assert await stream.read() == b""
        stream.abort()
        assert repr(server) == "<Server closed>"

    run_real(main())


def test_a_server_that_nobody_closed_ends_with_the_program(run_real):
    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        yield from asks(port_of(server))

    run_real(main())


def test_a_handler_that_fails_ends_its_connection_and_the_log_says_where(run_real, caplog):
    def fails(stream):
        yield from stream.readline()
        raise ZeroDivisionError("a bug")

    def main():
        with (yield from start_server(fails, "127.0.0.1", 0)) as server:
            for _ in range(2):
                stream = yield from open_connection("127.0.0.1", port_of(server))
                yield from stream.write(b"x\n")
                assert (yield from stream.read()) == b""
                stream.abort()
        yield from server.wait_closed()

    run_real(main())
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError] * 2
    assert "fails" in caplog.text and "test_servers.py" in caplog.text


def test_a_client_that_leaves_is_not_worth_a_line(run_real, caplog):
    def talks(stream):
        while True:
            yield from stream.write(b"x" * 65536)

    def main():
        with (yield from start_server(talks, "127.0.0.1", 0)) as server:
            for _ in range(5):
                stream = yield from open_connection("127.0.0.1", port_of(server))
                yield from stream.readexactly(10)
                reset(stream)
            yield Sleep(0.05)
            assert not server.connections
        yield from server.wait_closed()

    run_real(main())
    assert not caplog.records


def test_a_connection_error_from_elsewhere_is_the_handlers_failure(run_real, caplog):
    def asks_a_database(stream):
        yield
        raise ConnectionRefusedError("the database is down")

    def main():
        with (yield from start_server(asks_a_database, "127.0.0.1", 0)) as server:
            stream = yield from open_connection("127.0.0.1", port_of(server))
            assert (yield from stream.read()) == b""
            stream.abort()
        yield from server.wait_closed()

    run_real(main())
    assert "the database is down" in caplog.text


def reset(stream):
    """End a connection by RST instead of FIN."""
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.abort()


def test_a_full_process_table_lets_the_clients_wait(run_real, caplog):
    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)      # 2 tasks
        first = yield from open_connection("127.0.0.1", port_of(server))
        yield from first.write(b"1")
        yield from first.read(1)
        second = yield from open_connection("127.0.0.1", port_of(server))
        yield from second.write(b"2")
        with pytest.raises(TimeoutError), timeout(0.2):
            yield from second.read(1)
        first.abort()
        assert (yield from second.read(1)) == b"2"
        second.abort()
        server.kill()
        yield from server.wait_closed()

    run_real(main(), max_tasks=3)
    assert len(caplog.records) == 1 and "process table is full" in caplog.text


def test_a_server_that_runs_out_of_descriptors_says_so_once_and_serves_again(run_real, caplog):
    clients = []

    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_descriptors() + 10, hard))
        try:
            for _ in range(9):      # each takes two, ours and the server's
                try:
                    clients.append((yield from open_connection("127.0.0.1", port_of(server))))
                except OSError as error:
                    assert error.errno == errno.EMFILE
                yield Sleep(0.01)
            yield Sleep(0.3)
            for client in clients:
                client.abort()
            with timeout(5):
                assert (yield from asks(port_of(server))) == b"hello\n"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        server.kill()
        yield from server.wait_closed()

    run_real(main())
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1 and "cannot accept: Too many open files" in caplog.text


def test_a_port_in_use_is_an_error_that_names_it(run_real):
    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        port = port_of(server)
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            yield from start_server(echo, "127.0.0.1", port)
        assert caught.value.errno == errno.EADDRINUSE
        server.close()
        yield from server.wait_closed()

    run_real(main())


def test_every_interface_has_the_same_port(run_real):
    def main():
        server = yield from start_server(echo)
        assert len({address[1] for address in server.addresses}) == 1
        assert (yield from asks(port_of(server))) == b"hello\n"
        server.kill()
        yield from server.wait_closed()

    run_real(main())


def test_what_is_no_handler_is_refused(run_real):
    def main():
        with pytest.raises(TypeError, match="handler function"):
            yield from start_server(None, "127.0.0.1", 0)
        server = yield from start_server(lambda stream: 42, "127.0.0.1", 0)
        stream = yield from open_connection("127.0.0.1", port_of(server))
        assert (yield from stream.read()) == b""
        stream.abort()
        server.kill()
        yield from server.wait_closed()

    run_real(main())


def test_a_unix_server_removes_its_socket(run_real, tmp_path):
    path = tmp_path / "socket"

    def main():
        server = yield from start_unix_server(echo, path)
        with pytest.raises(OSError, match="a server is listening"):
            yield from start_unix_server(echo, path)
        stream = yield from minios.open_unix_connection(path)
        yield from stream.write(b"x")
        assert (yield from stream.read(1)) == b"x"
        stream.abort()
        server.close()
        yield from server.wait_closed()
        assert not path.exists()

    run_real(main())


def test_a_unix_server_replaces_what_another_has_left_and_spares_files(run_real, tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    (tmp_path / "file").write_text("precious")

    def main():
        server = yield from start_unix_server(echo, path)
        os.unlink(path)
        other = yield from start_unix_server(echo, path)
        server.close()
        yield from server.wait_closed()
        assert path.exists()        # it is the other's by now
        other.kill()
        yield from other.wait_closed()
        with pytest.raises(OSError):
            yield from start_unix_server(echo, tmp_path / "file")

    run_real(main())
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_is_answered(run_real):
    def hello(stream):
        yield from stream.readuntil(b"\r\n\r\n")
        yield from stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    def main():
        with (yield from start_server(hello, "127.0.0.1", 0)) as server:
            done = yield Offload(lambda: subprocess.run(
                ["curl", "-s", f"http://127.0.0.1:{port_of(server)}/"],
                capture_output=True, timeout=20,
            ))
        yield from server.wait_closed()
        return done.stdout

    assert run_real(main()) == b"hello"


def test_a_deadlock_report_names_the_tasks_of_a_server(run_real):
    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        assert server.owners == list(server._acceptors)
        server.close()
        yield from server.serve_forever()

    run_real(main())


def test_a_storm_of_connections_that_reset_leaves_nothing(run_real, caplog):
    import random

    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)

    def client(port):
        stream = yield from open_connection("127.0.0.1", port)
        try:
            for _ in range(dice.randrange(4)):
                yield from stream.write(b"x" * dice.choice([1, 1000, 200_000]))
                if dice.random() < 0.5:
                    yield from stream.read(dice.randrange(1, 5000))
                if dice.random() < 0.3:
                    yield Sleep(0)
            if dice.random() < 0.2:
                yield from stream.write_eof()
        finally:
            reset(stream)

    def main():
        server = yield from start_server(echo, "127.0.0.1", 0)
        for _ in range(10):
            yield from minios.gather(*[client(port_of(server)) for _ in range(100)])
        with timeout(10):
            while server.connections:
                yield Sleep(0.01)
        kernel = minios.current_kernel()
        assert len(kernel.tasks) == 2
        server.close()
        yield from server.wait_closed()
        assert not kernel.poller.has_waiters()

    run_real(main())
    assert not caplog.records


@pytest.mark.skipif(not os.path.exists("/proc/net/unix"), reason="Linux has abstract sockets")
def test_an_abstract_unix_socket_is_no_file(run_real):
    def main():
        path = b"\0minios-test-%d" % os.getpid()
        server = yield from start_unix_server(echo, path)
        stream = yield from minios.open_unix_connection(path)
        yield from stream.write(b"x")
        assert (yield from stream.read(1)) == b"x"
        stream.abort()
        server.kill()
        yield from server.wait_closed()

    run_real(main())

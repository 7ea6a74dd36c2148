"""The scenarios of benchmarks/faults.py in small, without asking how long anything takes."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from minios import TaskGroup, open_connection, start_server
from syscalls import Sleep

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


@pytest.fixture
def benchmark_of(monkeypatch):
    """A function that imports a module of the benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return lambda name: __import__(name)


@pytest.mark.parametrize("way", ["yield Close(sock)", "yield from stream.close()", "sock.close()",
                                 "os.close(fd), waited for by number"])
def test_who_waits_for_what_is_closed_wakes_and_who_gets_the_number_does_not(benchmark_of, way):
    closing = benchmark_of("_closing")
    heard, rounds, disturbed = closing.run(closing.close_one_by_one(closing.WAYS[way], 20))
    assert (heard, disturbed) == (20, 0) and rounds <= 1


@pytest.mark.parametrize("number", range(5))
def test_all_who_wait_for_what_is_closed_at_once_wake(benchmark_of, number):
    closing = benchmark_of("_closing")
    way = list(closing.WAYS.values())[number]
    assert closing.run(closing.close_all_at_once(way, 30))[0] == 30


def test_a_storm_of_connections_leaves_no_descriptor_no_task_and_no_line(benchmark_of):
    before, after = benchmark_of("_storm").rage(60, seed=20)
    for what in ("descriptors", "tasks", "log lines"):
        assert after[what] == before[what]
    assert after["log lines"] == 0


def test_a_server_that_starves_says_so_and_serves_again(benchmark_of):
    found = benchmark_of("_starvation").starve(0.3)
    assert 0 < found["served"] < found["clients"]
    assert found["lines"] == 1 and found["again"] is not None


def test_a_task_that_fails_while_no_descriptor_is_free_does_not_end_the_kernel():
    done = subprocess.run(
        [sys.executable, "-c", FAILS_WITHOUT_DESCRIPTORS], capture_output=True, text=True,
        timeout=60,
    )
    assert done.stdout == "the kernel goes on\n", done.stderr
    assert "a bug" in done.stderr


FAILS_WITHOUT_DESCRIPTORS = """
import os, resource, minios
from syscalls import Sleep, Spawn
def fails():
    yield
    raise ValueError("a bug")
def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (12, hard))
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    yield Spawn(fails())
    yield Sleep(0.01)
    for fd in held:
        os.close(fd)
    print("the kernel goes on")
minios.run(main())
"""


def test_an_honest_client_is_served_among_many_that_send_a_byte_now_and_then(run_real):
    def handler(stream):
        try:
            while True:
                yield from stream.readuntil(b"\r\n\r\n")
                yield from stream.write(b"hello")
        except EOFError:
            pass

    def drips(port):
        with (yield from open_connection("127.0.0.1", port)) as stream:
            for byte in b"GET / HTTP/1.1\r\nHost: ":
                yield from stream.write(bytes([byte]))
                yield Sleep(0.01)

    def main():
        server = yield from start_server(handler, "127.0.0.1", 0)
        port = server.addresses[0][1]
        with TaskGroup() as group:
            for _ in range(100):
                group.spawn(drips(port))
            with (yield from open_connection("127.0.0.1", port)) as stream:
                for _ in range(50):
                    yield from stream.write(b"GET / HTTP/1.1\r\n\r\n")
                    assert (yield from stream.readexactly(5)) == b"hello"
                    yield Sleep(0.001)
            yield from group.join()
        server.close()
        yield from server.wait_closed()

    run_real(main())


@pytest.mark.parametrize("moment", [0, 0.002, 0.01, 0.04])
def test_ctrl_c_skips_no_finally_and_hangs_nowhere(benchmark_of, moment):
    outcome = benchmark_of("_ctrl_c").interrupt_once(moment)
    assert not outcome["text"], outcome
    assert not any(outcome[what] for what in ("hangs", "skipped finally", "other errors"))


def test_a_line_that_never_ends_is_an_error_and_no_growing_buffer(benchmark_of):
    found = benchmark_of("_buffers").send_without_newline(2)
    assert found["error"] == "LimitOverrunError" and found["most"] <= 65536
    assert found["received"] == 2_000_000


def test_tls_that_is_cut_short_is_an_error(benchmark_of):
    pytest.importorskip("trustme")
    assert benchmark_of("_buffers").truncate_tls() == "SSLEOFError"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_answer_in_two_writes_does_not_wait_for_the_client(run_real, host):
    """Neither end delays a small packet until the one before it is acknowledged."""
    seen = []

    def handler(stream):
        seen.append(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        yield

    def main():
        server = yield from start_server(handler, host, 0)
        stream = yield from open_connection(host, server.addresses[0][1])
        with stream:
            seen.append(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            yield from stream.read()
        server.close()
        yield from server.wait_closed()

    run_real(main())
    assert len(seen) == 2 and all(seen)

"""aiohttp_server.py and aiohttp_client.py, with each other, with http.client and plain sockets."""

import http.client
import json
import socket
from contextlib import closing

import pytest

from ..conftest import PATIENCE, reset, wait_until

pytest.importorskip("aiohttp", reason="NOT TESTED: aiohttp is not installed")

SERVER = "ecosystem/aiohttp_server.py"
CLIENT = "ecosystem/aiohttp_client.py"
HARD = (1 << 89) - 1            # a prime: nobody will see the end of that
INTERRUPTED = (130, "interrupted\n")


class Service:
    """The server, in a process of its own, with its journal."""

    def __init__(self, program, journal):
        self.program, self._journal = program, journal
        self.address = program.read_address()
        self.url = "http://{}:{}/".format(*self.address)

    def get(self, path):
        """The status and the body of an answer."""
        with closing(http.client.HTTPConnection(*self.address, timeout=PATIENCE)) as client:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read().decode()

    def begin(self, n):
        """A socket that has asked for the factors of `n`, when the task for it has begun."""
        sock = socket.create_connection(self.address, timeout=PATIENCE)
        sock.sendall(f"GET /factors/{n} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        wait_until(lambda: self.computes(n))
        return sock

    def computes(self, n):
        return f" factors of {n}\n" in self.get("/ps")[1]

    def journal(self):
        return self._journal.read_text().splitlines()


@pytest.fixture
def serve(start, tmp_path):
    """Start the server with arguments of its own."""

    def serve(*arguments):
        journal = tmp_path / "journal.txt"
        return Service(start(SERVER, "--port", 0, "--journal", journal, *arguments), journal)

    return serve


@pytest.fixture
def service(serve):
    return serve("--patience", 3600)


def test_the_client_gets_the_factors_of_all_numbers(service, output_of):
    output = output_of(CLIENT, service.url, 60, 97, 9991, 2**30, 0, 10**41)
    *lines, refused = sorted(output.splitlines(), key=lambda line: (": 404" in line, line))
    assert lines == [
        "0 = ", f"{2**30} = {' x '.join(['2'] * 30)}", "60 = 2 x 2 x 3 x 5", "97 = 97",
        "9991 = 97 x 103",
    ]
    assert refused.startswith(f"{10**41}: 404, ")
    assert service.program.errors() == ""


def test_every_answer_has_a_line_in_the_journal(service, output_of):
    numbers = range(1000, 1300)
    lines = output_of(CLIENT, service.url, *numbers).splitlines()
    assert len(lines) == 300
    # The queue holds 100; who finds it full has waited.
    wait_until(lambda: len(service.journal()) == 300)
    assert sorted(line.replace(":", " =") for line in service.journal()) == sorted(lines)


def test_a_long_computation_does_not_hold_up_the_others(service):
    with service.begin(HARD) as sock:
        for n in range(2, 50):
            status, body = service.get(f"/factors/{n}")
            assert status == 200 and n % json.loads(body)[0] == 0
        assert service.computes(HARD)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_the_task_of_a_client_that_hangs_up_is_killed(service, leave):
    leave(service.begin(HARD))
    wait_until(lambda: not service.computes(HARD))
    wait_until(lambda: service.journal() == [f"{HARD}: the client has gone"])
    assert service.program.errors() == ""


def test_what_takes_too_long_is_given_up_by_the_server(serve):
    service = serve("--patience", 0.05)
    assert service.get(f"/factors/{HARD}") == (503, "this takes too long")
    wait_until(lambda: service.journal() == [f"{HARD}: it took too long"])
    assert not service.computes(HARD)
    assert service.program.errors() == ""


def test_what_takes_too_long_is_given_up_by_the_client_and_then_by_the_server(service, output_of):
    output = output_of(CLIENT, service.url, HARD, 10, "--patience", 2)
    assert output == f"10 = 2 x 5\n{HARD}: no answer within 2 seconds\n"
    wait_until(lambda: service.journal() == ["10: 2 x 5", f"{HARD}: the client has gone"])


def test_ctrl_c_ends_the_server_and_the_journal_is_complete(service):
    with service.begin(HARD) as sock:
        service.program.interrupt()
        assert service.program.finish() == INTERRUPTED
        assert sock.recv(1) == b""
    assert service.journal() == [f"{HARD}: the client has gone"]
    assert service.program.errors() == ""


def test_what_cannot_be_served_is_an_error_in_one_line(service, start, tmp_path):
    for arguments in ["--port", service.address[1]], ["--port", 0, "--journal", tmp_path]:
        server = start(SERVER, *arguments)
        status, _ = server.finish()
        assert status == 1
        assert server.errors().startswith("cannot serve: [Errno ")
        assert server.errors().count("\n") == 1


def answer_once(listener, answer):
    """Answer the one client of `listener`; return what it sends after that."""
    client, _ = listener.accept()
    with client:
        client.settimeout(PATIENCE)
        client.recv(65536)
        client.sendall(answer)
        return client.recv(65536)


@pytest.mark.parametrize("answer, says", [
    (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "7: 500, message='No', "),
    (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[x", "7: "),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "7: 200, message="),
    (b"220 smtp.example.com\r\n", "7: 400, message="),
    (b"", "7: no answer within 2 seconds"),
])
def test_a_server_that_makes_no_sense_is_reported_and_its_connection_closed(start, answer, says):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = start(CLIENT, "http://{}:{}/".format(*listener.getsockname()), 7,
                       "--patience", PATIENCE if answer else 2)
        assert answer_once(listener, answer) == b""
    status, output = client.finish()
    assert (status, client.errors()) == (0, "")
    assert output.startswith(says) and output.count("\n") == 1


def test_a_server_that_is_down_is_reported(output_of):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "http://{}:{}/".format(*listener.getsockname())
    assert output_of(CLIENT, url, 7).startswith("7: Cannot connect to host ")


def test_ctrl_c_ends_the_client_and_its_connections(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = start(CLIENT, "http://{}:{}/".format(*listener.getsockname()), 7)
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(PATIENCE)
            sock.recv(65536)
            client.interrupt()
            assert client.finish() == INTERRUPTED
            assert sock.recv(1) == b""
    assert client.errors() == ""

"""uvicorn_app.py, with http.client, plain sockets and curl."""

import http.client
import json
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import quote

import pytest

from ..conftest import CURL, PATIENCE, reset, wait_until

pytest.importorskip("uvicorn", reason="NOT TESTED: uvicorn is not installed")

PROGRAM = "ecosystem/uvicorn_app.py"


@pytest.fixture
def server(start):
    return start(PROGRAM, "--port", 0)


@pytest.fixture
def address(server):
    return server.read_address()


@pytest.fixture
def client(address):
    with closing(http.client.HTTPConnection(*address, timeout=PATIENCE)) as client:
        yield client


def vote(client, candidate, body=None):
    client.request("POST", f"/{quote(candidate)}", body)
    return read(client)


def votes(client):
    client.request("GET", "/")
    return read(client)


def read(client):
    response = client.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    return json.load(response)


def is_refused(address):
    try:
        socket.create_connection(address, PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def test_votes_are_counted_over_one_connection(client):
    assert votes(client) == {}
    connection = client.sock
    assert vote(client, "Ada") == {"Ada": 1}
    assert vote(client, "Grâce H.") == {"Ada": 1, "Grâce H.": 1}
    assert list(vote(client, "Grâce H.").items()) == [("Grâce H.", 2), ("Ada", 1)]
    assert votes(client) == {"Ada": 1, "Grâce H.": 2}
    assert client.sock is connection


def test_a_body_of_many_pieces_is_no_second_vote(client):
    pieces = (b"x" * 60_000 for _ in range(50))
    assert vote(client, "Ada", pieces) == {"Ada": 1}
    assert vote(client, "Ada") == {"Ada": 2}


def test_voters_that_come_all_at_once_are_all_counted(address, client):
    def voter(number):
        with closing(http.client.HTTPConnection(*address, timeout=PATIENCE)) as client:
            counts = [vote(client, f"c{number % 3}")[f"c{number % 3}"] for _ in range(20)]
        assert counts == sorted(set(counts))

    with ThreadPoolExecutor(30) as threads:
        list(threads.map(voter, range(30)))
    assert votes(client) == {"c0": 200, "c1": 200, "c2": 200}


def test_a_client_that_resets_harms_nobody(server, address, client):
    rude = socket.create_connection(address, PATIENCE)
    rude.sendall(b"POST /Bob HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
    reset(rude)
    assert vote(client, "Ada")["Ada"] == 1
    assert server.errors() == ""


@pytest.mark.skipif(CURL is None, reason="there is no curl")
def test_curl_votes(address):
    url = "http://{}:{}/Ada".format(*address)
    done = subprocess.run(
        [CURL, "-sS", "--max-time", str(PATIENCE), "-X", "POST", url, url],
        capture_output=True, text=True,
    )
    assert (done.stdout, done.stderr) == ('{"Ada": 1}\n{"Ada": 2}\n', "")


@pytest.mark.parametrize(("signum", "status", "output"), [
    (signal.SIGINT, 130, "interrupted\n"),
    (signal.SIGTERM, -signal.SIGTERM, ""),
])
def test_a_signal_ends_it_when_the_answers_that_have_begun_are_complete(
    server, address, client, signum, status, output
):
    votes(client)       # a connection that idles is closed
    with socket.create_connection(address, PATIENCE) as slow, slow.makefile("rb") as answer:
        slow.sendall(b"POST /Ada HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                     b"Expect: 100-continue\r\n\r\n")
        assert answer.readline().startswith(b"HTTP/1.1 100 ")
        server.process.send_signal(signum)
        wait_until(lambda: is_refused(address))
        slow.sendall(b"hello")
        rest = answer.read()
    assert rest.startswith(b"\r\nHTTP/1.1 200 OK\r\n") and rest.endswith(b'{"Ada": 1}\n')
    assert client.sock.recv(1) == b""
    assert server.finish() == (status, output)
    assert server.errors() == ""


def test_an_address_that_is_taken_is_an_error_in_one_line(start, address):
    second = start(PROGRAM, "--port", address[1])
    assert second.finish() == (1, "")
    assert second.errors().startswith(f"cannot listen on 127.0.0.1:{address[1]}: ")
    assert second.errors().count("\n") == 1

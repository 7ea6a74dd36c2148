"""Starvation: a server without a descriptor left, its CPU and log meanwhile, and afterwards."""

import os
import resource
import socket
import sys
import tempfile
import time

from _child import Child, Row, answer_questions

import minios
from minios import start_server

NAME = "starvation"
_DESCRIPTORS = 64
_CLIENTS = 200


def measure(quick):
    """Rows: the share of a CPU, the lines of the log, the time until it serves again."""
    seconds = 3 if quick else 10
    with tempfile.TemporaryFile() as log, Child(__file__, stderr=log) as server:
        port = server.hear()
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(_CLIENTS)]
        time.sleep(0.5)     # until it has taken all that it can
        before, started = server.cpu_time(), time.monotonic()
        time.sleep(seconds)
        used, passed = server.cpu_time() - before, time.monotonic() - started
        served = sum(1 for client in clients if is_served(client))
        left = time.monotonic()
        for client in clients:
            client.close()
        is_answered(port)
        again = time.monotonic() - left
        lines = os.fstat(log.fileno()).st_size and count_lines(log)
    done = f"{_DESCRIPTORS} descriptors, {_CLIENTS} clients for {passed:.0f} s, {served} served"
    share = used / passed
    yield Row(NAME, done, f"{share:.1%} of a CPU while starved", "< 5 %", share < 0.05)
    yield Row(NAME, "", f"{lines} lines in the log", "<= 10", 0 < lines <= 10)
    yield Row(NAME, "", f"serves a new client {again:.3f} s after they left", "< 1 s", again < 1)


def is_served(client):
    """Whether the server answers this client within a moment."""
    client.settimeout(0.001)
    try:
        client.sendall(b"x")
        return client.recv(1) == b"x"
    except TimeoutError:
        return False


def is_answered(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"hello")
        if client.recv(5) != b"hello":
            raise RuntimeError("the server did not answer")


def count_lines(log):
    log.seek(0)
    return len(log.read().splitlines())


def serve():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, hard))
    server = yield from start_server(echo, "127.0.0.1", 0)
    yield from answer_questions(server.addresses[0][1])


def echo(stream):
    while data := (yield from stream.read(65536)):
        yield from stream.write(data)


if __name__ == "__main__":
    sys.exit(minios.run(serve()))

"""Starvation: a server without a descriptor left, its CPU and log meanwhile, and afterwards."""

import contextlib
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
    found = starve(3 if quick else 10)
    done = "{descriptors} descriptors, {clients} clients for {seconds:.0f} s, {served} served"
    yield Row(NAME, done.format(**found), f"{found['share']:.1%} of a CPU while starved", "< 5 %",
              found["share"] < 0.05)
    yield Row(NAME, "", f"{found['lines']} lines in the log", "<= 10", 0 < found["lines"] <= 10)
    again = found["again"]
    text = "never again: it has ended" if again is None else f"{again:.3f} s after they left"
    yield Row(NAME, "", f"serves a new client {text}", "< 1 s", again is not None and again < 1)


def starve(seconds):
    """Let a server starve for so long; a dict of what was seen."""
    clients = []
    with tempfile.TemporaryFile() as log, Child(__file__, stderr=log) as server:
        port = server.hear()
        with contextlib.suppress(ConnectionRefusedError):       # the server has given up
            while len(clients) < _CLIENTS:
                clients.append(socket.create_connection(("127.0.0.1", port)))
        time.sleep(min(seconds, 0.5))       # until it has taken all that it can
        before, started = server.cpu_time(), time.monotonic()
        time.sleep(seconds)
        used, passed = server.cpu_time() - before, time.monotonic() - started
        served = sum(1 for client in clients if is_served(client))
        left = time.monotonic()
        for client in clients:
            client.close()
        again = time.monotonic() - left if is_answered(port) else None
        return {
            "descriptors": _DESCRIPTORS, "clients": len(clients), "served": served,
            "seconds": passed, "share": used / passed, "again": again, "lines": count_lines(log),
        }


def is_served(client):
    """Whether the server answers this client within a moment."""
    client.settimeout(0.001)
    try:
        client.sendall(b"x")
        return client.recv(1) == b"x"
    except OSError:         # not in time, or the server is gone
        return False


def is_answered(port):
    """Whether a new client is answered, however long it takes."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(b"hello")
            return client.recv(5) == b"hello"
    except OSError:
        return False


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

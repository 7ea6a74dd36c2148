"""Slow loris: clients that send a byte of a request now and then, and what an honest one sees.

Server, attack and honest client are a process each. The honest client has one connection and asks
every half millisecond, on average: it sends a request head, and the time until the whole answer is
there is its latency. Rounds alternate: no attack, an attack on another server, which shows what is
the machine's, and an attack on this one.
"""

import contextlib
import heapq
import json
import random
import socket
import statistics
import sys
import threading
import time

from _child import Child, Row, answer_questions, percentile, raise_descriptor_limit

import minios
from minios import start_server

NAME = "slow loris"
_CLIENTS = 2000
_BETWEEN = (0.2, 0.6)       # seconds between two bytes of a client
_PAUSE = 0.0005             # seconds between two requests of the honest client, on average
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def measure(quick):
    """Rows: the honest client's latencies, and what the attack costs the server."""
    rounds, requests = (1, 1000) if quick else (5, 2000)
    raise_descriptor_limit(2 * _CLIENTS + 200)
    found = {"idle": [], "beside": [], "attacked": []}
    shares = []
    with Child(__file__, "server") as server, Child(__file__, "server") as other:
        port, other_port = server.hear(), other.hear()
        for _ in range(rounds):
            found["idle"].append(honest(port, requests))
            with attack_on(other_port):
                found["beside"].append(honest(port, requests))
            with attack_on(port):
                before, started = server.cpu_time(), time.monotonic()
                found["attacked"].append(honest(port, requests))
                shares.append((server.cpu_time() - before) / (time.monotonic() - started))
                connections = server.ask("connections")
            while server.ask("connections"):
                time.sleep(0.1)
    limit = 2 * latency(found["idle"], 0.99)
    done = f"an honest client, {rounds} times {requests} requests, medians"
    yield Row(NAME, done, figures(found["idle"]), "", None)
    done = f"the same while {_CLIENTS} clients send a byte every {_BETWEEN[0]}-{_BETWEEN[1]} s to "
    yield Row(NAME, done + "another server", figures(found["beside"]), "", None)
    text = figures(found["attacked"]) + f", server at {statistics.median(shares):.0%} of a CPU"
    yield Row(NAME, done + f"this one ({connections} connections)", text,
              f"p99 < {limit * 1e6:.0f} us", latency(found["attacked"], 0.99) < limit)


@contextlib.contextmanager
def attack_on(port):
    with Child(__file__, "attack", port) as attack:
        attack.hear()
        time.sleep(0.7)     # until it is even
        yield


def latency(rounds, part):
    """The median over the rounds of a percentile, in seconds."""
    return statistics.median(percentile(latencies, part) for latencies in rounds)


def figures(rounds):
    return f"p50 {latency(rounds, 0.5) * 1e6:.0f} us, p99 {latency(rounds, 0.99) * 1e6:.0f} us"


def honest(port, requests):
    """The latencies of so many requests, in seconds."""
    with Child(__file__, "honest", port, requests) as client:
        return client.hear()


# --- The processes ---------------------------------------------------------------------------


def serve():
    def handler(stream):
        while True:
            yield from stream.readuntil(b"\r\n\r\n")
            yield from stream.write(_ANSWER)

    def quietly(stream):
        try:
            yield from handler(stream)
        except EOFError:        # in the middle of a request
            pass

    server = yield from start_server(quietly, "127.0.0.1", 0)
    questions = {"connections": lambda: len(server.connections)}
    yield from answer_questions(server.addresses[0][1], questions)


def attack(port):
    """With plain sockets, one byte after the other: a kernel would send those that are due in the
    same millisecond in a burst, which clients all over the world do not."""
    dice, clients = random.Random(20), []
    for _ in range(_CLIENTS):
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(_REQUEST[:-4])
        clients.append(client)
    now = time.monotonic()
    due = [(now + dice.uniform(0, _BETWEEN[1]), number) for number in range(_CLIENTS)]
    heapq.heapify(due)
    print(json.dumps("all here"), flush=True)
    waiting = threading.Thread(target=sys.stdin.read, daemon=True)
    waiting.start()
    while waiting.is_alive():       # until our input ends
        when, number = due[0]
        time.sleep(max(0, when - time.monotonic()))
        clients[number].send(b"x")
        heapq.heapreplace(due, (when + dice.uniform(*_BETWEEN), number))


def ask(port, requests):
    """With a blocking socket, so that nothing of ours is measured but the server."""
    latencies, dice = [], random.Random(20)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(requests + 50):
            started = time.perf_counter()
            sock.sendall(_REQUEST)
            left = len(_ANSWER)
            while left:
                left -= len(sock.recv(left))
            if number >= 50:        # the first ones warm up
                latencies.append(time.perf_counter() - started)
            time.sleep(dice.uniform(0, 2 * _PAUSE))
    print(json.dumps(latencies))


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    if role == "server":
        minios.run(serve())
    else:
        {"attack": attack, "honest": ask}[role](*map(int, arguments))

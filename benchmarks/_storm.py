"""Storm: connections that reset at random points, and what is left in the server afterwards."""

import gc
import os
import random
import socket
import struct
import sys
import tracemalloc

from _child import Child, Row, answer_questions

import minios
from minios import open_connection, start_server
from syscalls import Sleep

NAME = "storm"
_AT_ONCE = 200
# Tables grow with how many connections there happened to be at once, and the allocator keeps what
# it has had: so much may differ, which is little for 2,000 connections.
_TRACED, _RESIDENT = 200_000, 4_000_000     # bytes


def measure(quick):
    """Rows: descriptors, tasks and memory of the server before and after."""
    number, seed = (400, 20) if quick else (2000, random.randrange(2**32))
    before, after = rage(number, seed)
    done = f"{number} connections reset, seed {seed}"
    for what in ("descriptors", "tasks", "log lines"):
        yield Row(NAME, done, f"{what}: {before[what]} before, {after[what]} after", "the same",
                  before[what] == after[what])
        done = ""
    traced = after["traced"] - before["traced"]
    yield Row(NAME, "", f"memory: {traced:+,} bytes (tracemalloc)", f"< {_TRACED:,}",
              traced < _TRACED)
    resident = after["resident"] - before["resident"]
    yield Row(NAME, "", f"memory: {resident:+,} bytes (resident)", f"< {_RESIDENT:,}",
              resident < _RESIDENT)


def rage(number, seed):
    """How a server stands before and after a storm; the baseline is taken after two others."""
    with Child(__file__, "server") as server:
        port = server.hear()
        for warm_up in (seed + 1, seed + 2):
            send_storm(port, number, warm_up)
        before = server.ask("look")
        send_storm(port, number, seed)
        return before, server.ask("look")


def send_storm(port, number, seed):
    with Child(__file__, "storm", port, number, seed) as storm:
        storm.hear()


# --- The server ------------------------------------------------------------------------------


def serve():
    import logging

    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record)
    logging.getLogger("minios").addHandler(handler)
    tracemalloc.start()
    server = yield from start_server(echo, "127.0.0.1", 0)

    def look():
        while server.connections:
            yield Sleep(0.01)
        gc.collect()
        return {
            "descriptors": len(os.listdir("/proc/self/fd")),
            "tasks": len(minios.current_kernel().tasks),
            "log lines": len(lines),
            "traced": tracemalloc.get_traced_memory()[0],
            "resident": resident_bytes(),
        }

    yield from answer_questions(server.addresses[0][1], {"look": look})


def echo(stream):
    while data := (yield from stream.read(65536)):
        yield from stream.write(data)


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


# --- The storm -------------------------------------------------------------------------------


def storm(port, number, seed):
    dice = random.Random(seed)
    for start in range(0, number, _AT_ONCE):
        some = min(_AT_ONCE, number - start)
        yield from minios.gather(*[client(port, dice) for _ in range(some)])
    print("true", flush=True)


def client(port, dice):
    """Write and read a little, and reset the connection somewhere on the way."""
    stream = yield from open_connection("127.0.0.1", port)
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with stream:
        for _ in range(dice.randrange(4)):
            try:
                with minios.timeout(dice.random() * 0.02):
                    yield from stream.write(b"x" * dice.choice((1, 1000, 200_000)))
                    if dice.random() < 0.5:
                        yield from stream.read(dice.randrange(1, 5000))
            except (TimeoutError, OSError):
                return
            if dice.random() < 0.3:
                yield Sleep(dice.random() * 0.01)


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    minios.run(serve() if role == "server" else storm(*map(int, arguments)))

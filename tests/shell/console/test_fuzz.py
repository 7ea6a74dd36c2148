"""Frames of all kinds, well formed and not, that crash nothing: seeded, and the seed is printed.

`MINIOS_FRAMES=100000 python -m pytest tests/shell/console/test_fuzz.py` sends that many,
`MINIOS_SEED=...` the same ones again.
"""

import json
import logging
import os
import random
import struct
import time

from syscalls import Sleep

HEADER = struct.Struct(">Ic")
FRAMES = int(os.environ.get("MINIOS_FRAMES", 20_000))
SEED = int(os.environ.get("MINIOS_SEED", 0)) or random.randrange(1, 1 << 32)

_KINDS = [bytes([each]) for each in b"HRALISWKC"]
_WORDS = ["ps", "ps -l", "uptime", "cat", "where", "2", "nonsense", "", "\0", "ü", "-x", "--json",
          "kill", "echo", "*", "$x", "'", ";", "|", "&", "a" * 300, "watch", "-n", "0.01", "sleep"]


def weighted(random, *pairs):
    choices, weights = zip(*pairs, strict=True)
    return random.choices(choices, weights)[0]()


def value(random, depth=0):
    """Any JSON value."""
    kinds = [
        lambda: random.choice([None, True, False, 0, -1, 1, 80, 1 << 70, 1.5, float("nan")]),
        lambda: random.choice(_WORDS), lambda: "\ud800", lambda: random.randrange(-5, 50),
    ]
    if depth < 3:
        kinds += [lambda: [value(random, depth + 1) for _ in range(random.randrange(4))],
                  lambda: {random.choice(_WORDS): value(random, depth + 1)}]
    return random.choice(kinds)()


def fields(random):
    """An object with the fields of the protocol, more or less as they should be."""
    proper = {
        "protocol": 1, "rights": [], "argv": random.choices(_WORDS, k=random.randrange(1, 4)),
        "tty": random.random() < 0.5, "keys": random.random() < 0.5, "colors": False,
        "columns": random.randrange(200), "lines": random.randrange(200),
        "id": random.randrange(6), "signal": random.choice(["INT", "TSTP", "KILL"]),
        "text": " ".join(random.choices(_WORDS, k=random.randrange(4))),
        "key": random.choice(["q", "up", "resize", "x" * 100]), "cursor": random.randrange(9),
    }
    for name in random.sample(sorted(proper), random.choice([0, 0, 0, 0, 1, 2])):
        proper[name] = value(random)
    return json.dumps(proper).encode()


def payload(random):
    return weighted(
        random, (lambda: fields(random), 12),
        (lambda: json.dumps(value(random)).encode(), 1),
        (lambda: random.randrange(6).to_bytes(4, "big") + random.randbytes(20), 2),
        (lambda: random.randbytes(random.randrange(60)), 1),
        (lambda: b"[" * random.choice([10, 60_000]), 0.05),
        (lambda: b"x" * random.choice([65_536, 65_537, 200_000]), 0.05), (lambda: b"", 0.5),
    )


def frame(random):
    """One frame; or what is none."""
    kind = weighted(random, (lambda: random.choice(_KINDS), 30), (lambda: random.randbytes(1), 1))
    data = payload(random)
    length = weighted(
        random, (lambda: len(data), 60), (lambda: random.randrange(1 << 32), 0.3),
        (lambda: max(0, len(data) - 1), 0.3), (lambda: len(data) + 1, 0.3),
    )
    return HEADER.pack(length, kind) + data


def converse(random, peer, frames):
    """Send frames on one connection, as long as the other side listens; how many were sent."""
    sent = 0
    try:
        if random.random() < 0.9:
            peer.send(HEADER.pack(15, b"H") + b'{"protocol": 1}')
            sent += 1
        if random.random() < 0.8:
            peer.send(HEADER.pack(2, b"A") + b"{}" if random.random() < 0.7 else frame(random))
            sent += 1
        while sent < frames:
            peer.send(frame(random))
            sent += 1
            if random.random() < 0.2:
                peer.sock.setblocking(False)
                try:
                    peer.sock.recv(65536)
                except BlockingIOError:
                    pass
                peer.sock.settimeout(30)
    except (ConnectionError, TimeoutError):
        pass        # it was hung up on
    peer.close()
    return sent


def test_frames_of_all_kinds_crash_nothing(program, caplog):
    print(f"MINIOS_SEED={SEED}")
    dice = random.Random(SEED)

    def counter():
        while True:
            turns.append(None)
            yield Sleep(0.01)

    turns = []
    one = program(counter())
    sent = connections = 0
    with caplog.at_level(logging.WARNING):
        while sent < FRAMES:
            sent += max(1, converse(dice, one.peer(hello=False), dice.choice([3, 10, 100])))
            connections += 1
    assert not caplog.records
    before = len(turns)
    peer = None
    while peer is None:         # until those that were sent last have been hung up on
        peer = one.peer()
        peer.run("ps", "-o", "cmd")
        result = peer.result()
        if "clients are connected already" in result[2]:
            peer = None
    assert result == (0, "CMD\nmain\ncounter\n", "")
    while len(turns) <= before:         # or else it would hang here
        time.sleep(0.001)
    print(f"{sent} frames on {connections} connections")

"""WSGI applications for the tests of 12_wsgi_server.py, served in a process of their own."""

import hashlib
import json
import os
import sys
import threading
import time
from urllib.parse import parse_qs
from wsgiref.validate import validator

TEXT = [("Content-Type", "text/plain")]
PATIENCE = 60.0     # seconds: a safety net, never what is measured
PARTY = 50          # guests who wait for each other

lock = threading.Lock()
counts = {"active": 0, "most": 0, "opened": 0, "closed": 0}
everybody = threading.Barrier(PARTY)


def count(**changes):
    with lock:
        for name, change in changes.items():
            counts[name] += change
        counts["most"] = max(counts["most"], counts["active"])


class Pieces:
    """An iterable that counts how often it is made and closed, and says so."""

    def __init__(self, pieces):
        self.pieces = pieces
        count(opened=1)

    def __iter__(self):
        return iter(self.pieces)

    def close(self):
        count(closed=1)


def say_counts(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    with lock:
        return [json.dumps(counts).encode()]


def say_environ(environ, start_response):
    known = {name: value for name, value in environ.items() if isinstance(value, (str, bool))}
    known["wsgi.version"] = environ["wsgi.version"]
    known["wsgi.errors"] = environ["wsgi.errors"] is sys.stderr
    answer = json.dumps(known).encode()
    start_response("200 OK", [*TEXT, ("Content-Length", str(len(answer)))])
    return [answer]


def digest(environ, start_response):
    """Read the body in several ways, and tell its size and its hash."""
    file, found, size = environ["wsgi.input"], hashlib.sha256(), 0
    parts = [file.readline(), file.read(10), *file.readlines(100)]
    while parts:
        for data in parts:
            found.update(data)
            size += len(data)
        parts = [data for data in (file.read(5000), *file) if data]
    assert size == int(environ["CONTENT_LENGTH"])
    start_response("200 OK", TEXT)
    return [f"{size} {found.hexdigest()}".encode()]


def ignore(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"thanks"]


def sized(environ, start_response):
    start_response("200 OK", [*TEXT, ("Content-Length", "11")])
    return Pieces([b"hello", b"", b" world"])


def stream(environ, start_response):
    start_response("200 OK", TEXT)
    return Pieces(b"piece %d\n" % number for number in range(3))


def big(environ, start_response):
    start_response("200 OK", TEXT)
    return Pieces(bytes([number]) * (1 << 20) for number in range(16))


def by_turns(environ, start_response):
    """Give the next piece when a file appears that says so."""
    (name,) = parse_qs(environ["QUERY_STRING"])["file"]

    def pieces():
        yield b"first "
        wait_for(name)
        yield b"second"

    start_response("200 OK", TEXT)
    return Pieces(pieces())


def wait(environ, start_response):
    """Block until a file appears."""
    (name,) = parse_qs(environ["QUERY_STRING"])["file"]
    count(active=1)
    try:
        wait_for(name)
    finally:
        count(active=-1)
    start_response("200 OK", TEXT)
    return [b"it is there"]


def wait_for(name):
    deadline = time.monotonic() + PATIENCE
    while not os.path.exists(name):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def endless(environ, start_response):
    """Stream for ever; tell stderr of the end."""
    class Endless(Pieces):
        def close(self):
            super().close()
            print("closed", file=sys.stderr, flush=True)

    def pieces():
        while True:
            yield b"x" * 1000
            time.sleep(0.001)

    start_response("200 OK", TEXT)
    return Endless(pieces())


def meet(environ, start_response):
    """Block until so many are here."""
    count(active=1)
    everybody.wait(PATIENCE)
    count(active=-1)
    start_response("200 OK", TEXT)
    return [b"met"]


def alone(environ, start_response):
    count(active=1)
    time.sleep(0.01)
    count(active=-1)
    start_response("200 OK", TEXT)
    return [b"done"]


def same_thread(environ, start_response):
    """Say in which threads the call, each step and the close have happened."""
    names = [threading.current_thread().name]

    def steps():
        try:
            for _ in range(5):
                names.append(threading.current_thread().name)
                yield b"step\n"
        finally:
            names.append(threading.current_thread().name)
            print(len(names), len(set(names)), file=sys.stderr, flush=True)

    start_response("200 OK", TEXT)
    return steps()


def write(environ, start_response):
    """As it was done before PEP 333."""
    send = start_response("200 OK", TEXT)
    send(b"written, ")
    send(b"")
    send(b"x" * 100_000)
    return [b" and returned"]


def write_by_turns(environ, start_response):
    (name,) = parse_qs(environ["QUERY_STRING"])["file"]
    send = start_response("200 OK", TEXT)
    send(b"first ")
    wait_for(name)
    send(b"second")
    return []


def write_endlessly(environ, start_response):
    send = start_response("200 OK", TEXT)
    count(opened=1)
    try:
        while True:
            send(b"x" * 100_000)
    finally:
        count(closed=1)


def write_hugely(environ, start_response):
    """Write more at once than all buffers hold."""
    send = start_response("200 OK", TEXT)
    send(bytes(1 << 26))
    return []


def write_stubbornly(environ, start_response):
    """Do not take the first no for an answer, nor the second."""
    send = start_response("200 OK", TEXT)
    refused = 0
    while refused < 10:
        try:
            send(b"x" * 1000)
        except OSError:
            refused += 1
    print("closed", file=sys.stderr, flush=True)
    return []


def empty(environ, start_response):
    start_response("200 OK", TEXT)
    return []


def no_content(environ, start_response):
    start_response("204 No Content", [])
    return Pieces([b"not to be sent"])


def not_modified(environ, start_response):
    start_response("304 Not Modified", [("ETag", '"x"')])
    return []


def apologize(start_response):
    try:
        raise ValueError("in time")
    except ValueError:
        start_response("503 Try Later", [*TEXT, ("X-Second", "2")], sys.exc_info())


def replaced(environ, start_response):
    """Fail before anything was sent, and tell the client so."""
    start_response("200 OK", [*TEXT, ("X-First", "1")])
    apologize(start_response)
    return [b"sorry"]


def replaced_late(environ, start_response):
    """Fail when there was a piece already, but an empty one, which does not count."""
    start_response("200 OK", [*TEXT, ("X-First", "1")])
    yield b""
    apologize(start_response)
    yield b"sorry"


def too_late(environ, start_response):
    """Fail after something was sent; start_response then raises the error again."""
    start_response("200 OK", TEXT)
    yield b"so far so good"
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Sorry", TEXT, sys.exc_info())
        yield b"not reached"


def late_start(environ, start_response):
    """A generator, which calls start_response when it is first asked for a piece."""
    start_response("200 OK", TEXT)
    yield b""
    yield b"late"


def fails(environ, start_response):
    raise RuntimeError("it is broken")


def fails_while_iterated(environ, start_response):
    def pieces():
        yield b"a piece"
        raise RuntimeError("it broke")

    start_response("200 OK", TEXT)
    return Pieces(pieces())


def fails_to_close(environ, start_response):
    class Stuck(Pieces):
        def close(self):
            super().close()
            raise RuntimeError("it is stuck")

    start_response("200 OK", TEXT)
    return Stuck([b"a piece"])


def fails_with_an_oserror(environ, start_response):
    raise ConnectionResetError("by the database")


def exits(environ, start_response):
    sys.exit("out of here")


def never_starts(environ, start_response):
    return [b"no status"]


def never_starts_and_is_empty(environ, start_response):
    return []


def starts_twice(environ, start_response):
    start_response("200 OK", TEXT)
    start_response("200 OK", TEXT)
    return []


def gives_text(environ, start_response):
    start_response("200 OK", TEXT)
    return ["text"]


def gives_none(environ, start_response):
    start_response("200 OK", TEXT)


def sends_a_hop_by_hop_header(environ, start_response):
    start_response("200 OK", [*TEXT, ("Transfer-Encoding", "chunked")])
    return [b"2\r\nhi\r\n"]


def splits_a_header(environ, start_response):
    start_response("200 OK", [*TEXT, ("X", "1\r\nSet-Cookie: y")])
    return []


def too_much(environ, start_response):
    start_response("200 OK", [*TEXT, ("Content-Length", "3")])
    return Pieces([b"abc", b"def"])


def too_little(environ, start_response):
    start_response("200 OK", [*TEXT, ("Content-Length", "10")])
    return Pieces([b"abc"])


def own_date(environ, start_response):
    start_response("200 \xc4h", [*TEXT, ("Date", "today"), ("X", "\xe9")])
    return [b"hello"]


def app(environ, start_response):
    """All of the above, by their names."""
    view = globals().get(environ["PATH_INFO"].strip("/"), say_environ)
    return view(environ, start_response)


checked = validator(app)

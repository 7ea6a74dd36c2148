"""Bounded buffers: a line that never ends, and TLS that is cut short."""

import json
import resource
import socket
import ssl
import sys

from _child import Child, Row

import minios
from minios import Hooks, LimitOverrunError, Stream, start_server
from syscalls import Spawn, Wait

NAME = "bounded buffers"
_LIMIT = 65536      # bytes: of the stream


def measure(quick):
    """Rows: how much is buffered at most, the error, and what becomes of truncated TLS."""
    megabytes = 10 if quick else 100
    found = send_without_newline(megabytes)
    done = f"{megabytes} MB without a newline, limit {_LIMIT:,}"
    yield Row(NAME, done, f"{found['most']:,} bytes buffered at most", f"<= {_LIMIT:,}",
              found["most"] <= _LIMIT)
    complete = found["received"] == megabytes * 1_000_000
    yield Row(NAME, "", f"{found['error']} {found['errors']} times, {found['received']:,} bytes "
              "read on", "LimitOverrunError", found["error"] == "LimitOverrunError" and complete)
    yield Row(NAME, "", f"memory of the server: {found['memory']:+,} KiB", "< 1,024",
              found["memory"] < 1024)
    error = truncate_tls()
    yield Row(NAME, "TLS that ends without close_notify", error or "not run: no trustme here",
              "SSLEOFError", error and error == "SSLEOFError")


# --- A line that never ends ------------------------------------------------------------------


def send_without_newline(megabytes):
    """Send so much to a server that reads lines; a dict of what it saw."""
    with Child(__file__) as server:
        port = server.hear()
        with socket.create_connection(("127.0.0.1", port)) as client:
            for _ in range(megabytes):
                client.sendall(b"x" * 1_000_000)
            client.shutdown(socket.SHUT_WR)
            with client.makefile() as answer:
                return json.loads(answer.readline())


class Watcher(Hooks):
    """Looks at the buffer of `stream` after every turn."""

    stream, most = None, 0

    def turn_ended(self, task):
        if self.stream is not None:
            self.most = max(self.most, len(self.stream._buffer))


def serve():
    kernel, watcher = minios.current_kernel(), Watcher()
    kernel.attach(watcher)

    def handler(stream):
        watcher.stream = stream
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        received = errors = 0
        kind = "no error"
        while not stream.at_eof():
            try:
                received += len((yield from stream.readline()))
            except LimitOverrunError as error:
                kind, errors = type(error).__name__, errors + 1
                received += len((yield from stream.read(_LIMIT)))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        found = {"most": watcher.most, "error": kind, "errors": errors, "received": received,
                 "memory": memory}
        yield from stream.write(json.dumps(found).encode() + b"\n")
        server.close()

    server = yield from start_server(handler, "127.0.0.1", 0, limit=_LIMIT)
    print(server.addresses[0][1], flush=True)
    yield from server.serve_forever()


# --- TLS that is cut short -------------------------------------------------------------------


def truncate_tls():
    """The name of the error that a reader gets, or what it reads; None if it cannot be tried."""
    try:
        import trustme
    except ImportError:
        return None
    authority = trustme.CA()
    server, client = (
        ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT)
    )
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return minios.run(read_what_is_cut_short(server, client))


def read_what_is_cut_short(server_context, client_context):
    from minios import TLSStream

    left, right = socket.socketpair()
    theirs = TLSStream(left, server_context, server_side=True)
    ours = TLSStream(right, client_context, server_hostname="localhost")
    shaking = yield Spawn(theirs.handshake())
    yield from ours.handshake()
    yield Wait(shaking)
    yield from theirs.write(b"the first half")
    Stream.abort(theirs)        # without a goodbye
    with ours:
        try:
            text = yield from ours.read()
        except OSError as error:
            return type(error).__name__
    return f"no error, but {text!r}"


if __name__ == "__main__":
    sys.exit(minios.run(serve()))

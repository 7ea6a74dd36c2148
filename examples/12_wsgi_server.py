"""Adds other people's code: h11 for the protocol, and applications that block, in threads.

A server for any WSGI application (PEP 3333), which is not changed for it. Each connection is a
task, and h11 tells it what the bytes mean. When a request is complete, the application is called
in a thread, where it may block; what it answers is sent by a task again, piece by piece. Without
an argument the server serves the Flask application beside it.

    pip install "minios[examples]"                  (h11; Flask, for the application)
    python examples/12_wsgi_server.py --port 8000 --threads 32
    python examples/12_wsgi_server.py package.module:application
    curl -i http://127.0.0.1:8000/                  (or a browser)
"""

import argparse
import logging
import os
import pkgutil
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from queue import SimpleQueue
from tempfile import SpooledTemporaryFile
from urllib.parse import unquote_to_bytes
from wsgiref.util import is_hop_by_hop

import minios
from syscalls import Offload

try:
    import h11
except ImportError:
    sys.exit('12_wsgi_server needs h11: pip install "minios[examples]"')

MAX_HEAD = 16 * 1024            # bytes of a head that wait for the rest of it
MAX_BODY = 16 * 1024 * 1024     # bytes of a request's body
IN_MEMORY = 256 * 1024          # bytes of it that are in memory; a longer one goes to a file
CHUNK = 64 * 1024               # bytes that are read or written at a time
LINGER = 2.0                    # seconds that a client has to take the last answer

log = logging.getLogger("wsgi_server")


class Refused(Exception):
    """Answer with an error of our own instead: the status."""


class ClientGone(ConnectionError):
    """Raised in the application, where it sends to a client that does not listen any more."""


class Server:
    """What the connections have in common; `patience` is in seconds."""

    def __init__(self, app, threads, patience):
        self.app, self.threads, self.patience = app, threads, patience
        self.idle = set()       # tasks that wait for their client's next request
        self.ending = False

    def serve(self, host, port):
        """Serve until Ctrl-C; then finish the answers that have begun, within the grace period."""
        listening = yield from minios.start_server(self.handle, host, port)
        for host, port, *_ in listening.addresses:
            print(f"http://{f'[{host}]' if ':' in host else host}:{port}/", flush=True)
        try:
            yield from listening.wait_closed()
        except KeyboardInterrupt:
            self.ending = True
            listening.close()
            for task in list(self.idle):
                task.kill()
            with suppress(TimeoutError), minios.timeout(minios.current_kernel().grace):
                yield from listening.wait_closed()
            raise

    def handle(self, stream):
        """A task: one connection."""
        try:
            yield from Client(self, stream).serve()
        except OSError:
            pass                # the client has gone, or has tried our patience


class Client:
    """One connection: the stream carries the bytes, h11 knows what they mean and what is due."""

    def __init__(self, server, stream):
        self.server, self.stream = server, stream
        self.http = h11.Connection(h11.SERVER, MAX_HEAD)

    def serve(self):
        """Answer one request after the other, until one side has had enough."""
        while (yield from self.exchange()) and not self.server.ending:
            self.http.start_next_cycle()
        if self.http.their_state in (h11.SEND_BODY, h11.ERROR):
            # To close with unread data would reset the connection, and our answer might be lost.
            yield from self.stream.write_eof()
            with minios.timeout(LINGER):
                while (yield from self.stream.read(CHUNK)):
                    pass

    def exchange(self):
        """Answer one request; return whether another may follow."""
        call = None
        try:
            yield from self.wait_for_request()
            request = yield from self.receive()
            if type(request) is h11.ConnectionClosed:
                return False
            call = Call(self, request)
            try:
                yield from self.read_body(call)
            except BaseException:
                call.body.close()
                raise
            yield Offload(call.run, executor=self.server.threads)
        except Refused as refused:
            yield from self.refuse(*refused.args, call)
        except h11.RemoteProtocolError as error:
            yield from self.refuse(error.error_status_hint, call)
        finally:
            if call is not None:
                call.hang_up()          # also where this task is killed
        return self.http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}

    # --- Reading -------------------------------------------------------------------------

    def wait_for_request(self):
        """Wait for the first bytes of a request, unless they have come with those before."""
        if self.http.trailing_data[0]:
            return
        idle, me = self.server.idle, minios.current_task()
        idle.add(me)
        try:
            with minios.timeout(self.server.patience):
                self.http.receive_data((yield from self.stream.read(CHUNK)))
        finally:
            idle.discard(me)

    def receive(self):
        """Wait for h11's next event: for all of it, since a head may come in drop by drop."""
        try:
            with minios.timeout(self.server.patience):
                while (event := self.http.next_event()) is h11.NEED_DATA:
                    self.http.receive_data((yield from self.stream.read(CHUNK)))
        except TimeoutError:
            raise Refused(408) from None
        return event

    def read_body(self, call):
        """Read the body before the call begins: a client that uploads slowly takes no thread."""
        if int(call.environ.get("CONTENT_LENGTH", 0)) > MAX_BODY:
            raise Refused(413)
        if self.http.they_are_waiting_for_100_continue:
            yield from self.send(h11.InformationalResponse(status_code=100, headers=[]))
        while type(event := (yield from self.receive())) is not h11.EndOfMessage:
            call.add_to_body(event.data)

    # --- Writing -------------------------------------------------------------------------

    def send(self, *events):
        """Send what h11 makes of these events, at the pace of the client."""
        data = b""
        for event in events:
            data += self.http.send(event)
            if len(data) >= CHUNK or event is events[-1]:
                with minios.timeout(self.server.patience):
                    yield from self.stream.write(data)
                data = b""

    def refuse(self, status, call):
        """Send an error, if no other answer has begun; it is the last one."""
        if self.http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        text = f"{status} {HTTPStatus(status).phrase}"
        head = head_of(text, [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))],
                       last=True)
        data = b"" if call and call.method == "HEAD" else text.encode()
        yield from self.send(head, h11.Data(data=data), h11.EndOfMessage())


class Call:
    """One call of the application: a request and its body, and an answer."""

    def __init__(self, client, request):
        self.client, self.kernel = client, minios.current_kernel()
        self.method = request.method.decode()
        self.body = SpooledTemporaryFile(IN_MEMORY)
        self.environ = environ_of(request, client.stream, self.body)
        self.head, self.head_sent = None, False     # h11's Response, from start_response
        self.sent = SimpleQueue()       # the tasks that have sent something; None: hung up

    def __repr__(self):
        return f"{self.method} {self.environ['PATH_INFO']!a}"

    # --- In the kernel's thread ----------------------------------------------------------

    def add_to_body(self, data):
        """Keep `data` for wsgi.input, in memory or in the system's cache: no wait."""
        if self.body.tell() + len(data) > MAX_BODY:
            raise Refused(413)
        try:
            self.body.write(data)
        except OSError as error:
            log.error("%r: no room for the body: %s", self, error)
            raise Refused(507) from None

    def begin_to_send(self, *events):
        """Spawn a task that sends `events`; the thread that waits in `send` hears of its end."""
        task = self.kernel.spawn(self.client.send(*events))
        task.add_done_callback(lambda task: self.sent.put(task) or True)

    def hang_up(self):
        """The connection has done with this call, or was killed: nobody is to wait any more."""
        self.sent.put(None)

    # --- In a thread ---------------------------------------------------------------------

    def run(self):
        """Call the application, and send what it gives, piece by piece."""
        try:
            with self.body:
                self.environ["CONTENT_LENGTH"] = str(self.body.tell())
                self.body.seek(0)
                result = self.client.server.app(self.environ, self.start_response)
                try:
                    for piece in result:
                        self.write(piece)
                        if self.bodiless:
                            break
                    self.write(b"", h11.EndOfMessage())
                finally:
                    if hasattr(result, "close"):
                        result.close()
        except ClientGone:
            raise
        except BaseException:       # SystemExit too, which is not meant for us
            log.exception("%r: the application has failed", self)
            raise Refused(500) from None

    def start_response(self, status, headers, exc_info=None):
        """The application begins an answer, or another one where the first has failed."""
        if exc_info and self.head_sent:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.head and not exc_info:
            raise RuntimeError("start_response was called twice, without exc_info")
        if wrong := [name for name, _ in headers if is_hop_by_hop(name)]:
            raise ValueError(f"these headers are up to the server: {', '.join(wrong)}")
        self.head = head_of(status, headers, last=self.client.server.ending)
        return self.write

    @property
    def bodiless(self):
        """Whether the answer ends with its head, whatever the application gives."""
        return self.method == "HEAD" or self.head.status_code in (204, 304)

    def write(self, piece, *end):
        """Send a piece of the answer; the head goes with the first, and may change until then."""
        if not isinstance(piece, bytes):
            raise TypeError(f"an answer consists of bytes, not {piece!r}")
        if self.head is None:
            raise RuntimeError("start_response has not been called")
        if piece or end:
            head = [] if self.head_sent else [self.head]
            self.head_sent = True
            # A large piece is cut up here: in the kernel's thread it would hold up the others.
            data = memoryview(b"" if self.bodiless else piece)
            cuts = range(0, len(data), CHUNK)
            self.send(*head, *[h11.Data(data=data[cut:cut + CHUNK]) for cut in cuts], *end)

    def send(self, *events):
        """Let a task send `events`, and wait until it has: the way back from Offload."""
        self.kernel.call_from_thread(self.begin_to_send, *events)
        task = self.sent.get()
        if task is None:
            self.sent.put(None)     # for the next time
            raise ClientGone("the connection was closed")
        try:
            task.result()
        except (OSError, minios.TaskKilledError) as error:
            raise ClientGone(str(error)) from None


def head_of(status, headers, last):
    """The head of an answer, from text; `last` says that the connection ends with it."""
    code, _, reason = status.partition(" ")
    if not any(name.lower() == "date" for name, _ in headers):
        headers = [*headers, ("Date", formatdate(usegmt=True))]
    if last:
        headers = [*headers, ("Connection", "close")]
    return h11.Response(
        status_code=int(code), reason=reason.encode("latin-1"),
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
    )


def environ_of(request, stream, body):
    """What PEP 3333 lets an application know of a request. Raises Refused."""
    # A proxy's request names the server before the path: RFC 9112, section 3.2.2.
    target = re.fullmatch(rb"(?:(?i:https?)://([^/?]+))?(/[^?]*)?(?:\?(.*))?", request.target)
    if not target or not (target[1] or target[2]) or request.method == b"CONNECT":
        raise Refused(400)
    host, port, *_ = stream.address
    peer, peer_port, *_ = stream.peer
    environ = {
        "REQUEST_METHOD": request.method.decode(), "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(target[2] or b"/").decode("latin-1"),
        "QUERY_STRING": (target[3] or b"").decode(),
        "SERVER_PROTOCOL": f"HTTP/{request.http_version.decode()}",
        "SERVER_NAME": host, "SERVER_PORT": str(port),
        "REMOTE_ADDR": peer, "REMOTE_PORT": str(peer_port),
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": body, "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }
    for name, value in request.headers:
        # An underscore lets one header pass for another, and HTTP_PROXY means something else.
        if b"_" in name or name in (b"proxy", b"transfer-encoding"):
            continue
        key = name.decode().upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        value = value.decode("latin-1")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if target[1]:
        environ["HTTP_HOST"] = target[1].decode()
    return environ


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve a WSGI application over HTTP.")
    parser.add_argument("app", nargs="?", default="guestbook_app:app", metavar="module:callable")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--threads", type=int, default=32, metavar="N")
    parser.add_argument("--patience", type=float, default=15.0, metavar="SECONDS",
                        help="how long a client may keep us waiting")
    options = parser.parse_args()
    sys.path.insert(0, os.getcwd())
    try:
        app = pkgutil.resolve_name(options.app)
    except (ImportError, AttributeError, ValueError) as error:
        sys.exit(f"cannot load {options.app}: {error}")
    threads = ThreadPoolExecutor(max(1, options.threads))
    try:
        minios.run(Server(app, threads, options.patience).serve(options.host, options.port))
    except KeyboardInterrupt:
        # A thread cannot be killed. Python waits for those that work, or for another Ctrl-C.
        print("interrupted")
        sys.exit(130)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {error}")
    finally:
        threads.shutdown(wait=False)

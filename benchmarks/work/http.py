"""HTTP: a "hello" over HTTP/1.1, whole web servers against each other, wrk being the clients.

Each serves what its documentation would have in production on one core, and no more: no access log,
no debugging, no work that only it does (uvicorn's look at proxies' headers); all route the path,
answer 404 to another, keep connections, and send Date and Server. minios has no web server, so
there are two here, which are small and complete: every header is parsed into a request, and bodies,
chunked or not, pipelining, `Expect`, limits on size and on idleness are seen to. One parses with
httptools, as uvicorn does, one with h11, in pure Python. Requests carry the headers that
TechEmpower's benchmarks send.
"""

import asyncio
import http.client
import time
from contextlib import suppress
from email.utils import formatdate

import minios

from ..contenders import Contender
from ..loads import load_of_wrk
from .echo import PIECE
from .echo_streams import serve_on_minios

TITLE = "a request of HTTP/1.1, by connections"
UNIT = "s"
SIZES = ((50,),)
CONTENDERS = {
    "minios": Contender("on_minios", modules=("httptools",)),
    "minios h11": Contender("on_minios_h11", modules=("h11",)),
    "aiohttp": Contender("on_aiohttp", "asyncio", ("aiohttp",)),
    "aiohttp-uvloop": Contender("on_aiohttp", "uvloop", ("aiohttp",)),
    "uvicorn": Contender("on_uvicorn", "asyncio", ("uvicorn", "httptools")),
    "uvicorn-uvloop": Contender("on_uvicorn", "uvloop", ("uvicorn", "httptools")),
    "gevent": Contender("on_gevent", modules=("gevent",)),
}

_BODY = b"Hello, World!"
_TYPE = "text/plain; charset=utf-8"
_HEADERS = (
    "Accept: text/plain,text/html;q=0.9,application/xhtml+xml;q=0.9,application/xml;q=0.8,"
    "*/*;q=0.7",
    "Connection: keep-alive",
)


def load(server, connections):
    _check(server.port)
    return load_of_wrk(server, connections, headers=_HEADERS)


def _check(port):
    """Raise RuntimeError unless a server does what is asked of all of them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for path, status in (("/", 200), ("/nothing", 404), ("/", 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != status or (status == 200 and body != _BODY):
            raise RuntimeError(f"GET {path} gave {answer.status} and {body!r}")
        if answer.will_close or not answer.headers["Date"]:
            raise RuntimeError(f"GET {path} closes the connection, or has no date")
    connection.close()


# --- minios ----------------------------------------------------------------------------------

_LONGEST = 1 << 20      # bytes of a request
_PATIENCE = 5.0         # seconds that a client may take for a request and for its answer
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Request:
    """A request that is complete; `headers` are pairs of bytes, the names in lower case."""

    __slots__ = ("method", "target", "headers", "body", "keep_alive")

    def __init__(self, method, target, headers, body, keep_alive):
        self.method, self.target, self.headers = method, target, headers
        self.body, self.keep_alive = body, keep_alive


class Refused(Exception):
    """A request that is not served: the status."""


async def hello(request):
    return 200, _BODY


_ROUTES = {b"/": hello}
_PHRASES = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 413: b"Content Too Large"}


async def answer_to(request):
    """What the application makes of a request: a status and a body."""
    handler = _ROUTES.get(request.target.partition(b"?")[0])
    if handler is None:
        return 404, _PHRASES[404]
    return await handler(request)


class Clock:
    """The time of day as HTTP has it, made once a second."""

    def __init__(self):
        self._second, self._text = None, b""

    def now(self):
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True).encode()
        return self._text


_CLOCK = Clock()


def response(status, body, keep_alive=True, with_body=True):
    """The bytes of a response."""
    return b"HTTP/1.1 %d %b\r\nServer: minios\r\nDate: %b\r\nContent-Type: %b\r\n" \
        b"Content-Length: %d\r\n%b\r\n%b" % (
            status, _PHRASES[status], _CLOCK.now(), _TYPE.encode(), len(body),
            b"" if keep_alive else b"Connection: close\r\n", body if with_body else b"",
        )


class Parser:
    """Makes Requests of bytes; its methods `on_...` are called by httptools."""

    def __init__(self):
        import httptools

        self._parser = httptools.HttpRequestParser(self)
        self._error, self._upgrade = httptools.HttpParserError, httptools.HttpParserUpgrade
        self._requests = []
        self._unfinished = 0        # bytes of the request that is not complete yet
        self.expects_continue = False

    def feed(self, data):
        """Take `data`; returns the Requests that it completes, and a Refused or None."""
        self._unfinished += len(data)
        problem = None
        try:
            self._parser.feed_data(data)
        except self._upgrade:
            pass        # to what we do not speak: the request is answered, as the last one
        except self._error:
            problem = Refused(400)
        if self._unfinished > _LONGEST:
            problem = Refused(413)
        requests, self._requests = self._requests, []
        return requests, problem

    def on_message_begin(self):
        self._target, self._headers, self._body = b"", [], b""

    def on_url(self, url):
        self._target += url

    def on_header(self, name, value):
        name = name.lower()
        self._headers.append((name, value))
        if name == b"expect" and value.lower() == b"100-continue":
            self.expects_continue = True

    def on_body(self, body):
        self._body += body

    def on_message_complete(self):
        parser = self._parser
        keep_alive = (parser.should_keep_alive() and parser.get_http_version() == "1.1"
                      and not parser.should_upgrade())
        self._requests.append(
            Request(parser.get_method(), self._target, self._headers, self._body, keep_alive)
        )
        self._unfinished = 0
        self.expects_continue = False


async def serve_http(stream):
    """Serve one client: its requests in their order, however they are cut up."""
    now = minios.current_kernel().now
    with suppress(TimeoutError), minios.timeout(_PATIENCE) as limit:
        parser = Parser()
        while data := await stream.read(PIECE):
            requests, problem = parser.feed(data)
            for request in requests:
                status, body = await answer_to(request)
                await stream.write(
                    response(status, body, request.keep_alive, request.method != b"HEAD")
                )
                if not request.keep_alive:
                    return
            if problem is not None:
                (status,) = problem.args
                await stream.write(response(status, _PHRASES[status], keep_alive=False))
                return
            if parser.expects_continue:
                parser.expects_continue = False
                await stream.write(_CONTINUE)
            limit.reschedule(now() + _PATIENCE)


async def serve_http_by_h11(stream):
    """The same, with h11."""
    import h11

    now = minios.current_kernel().now
    connection = h11.Connection(h11.SERVER)
    with suppress(TimeoutError), minios.timeout(_PATIENCE) as limit:
        try:
            while (request := await receive_by_h11(connection, stream)) is not None:
                status, body = await answer_to(request)
                await send_by_h11(connection, stream, status, body, request.method != b"HEAD")
                if connection.our_state is not h11.DONE:
                    return
                connection.start_next_cycle()
                limit.reschedule(now() + _PATIENCE)
        except (Refused, h11.RemoteProtocolError) as error:
            status = error.args[0] if isinstance(error, Refused) else 400
            await stream.write(response(status, _PHRASES[status], keep_alive=False))


async def receive_by_h11(connection, stream):
    """The next Request; None where the client says goodbye."""
    import h11

    request, body = None, b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                await stream.write(connection.send(go_on))
            connection.receive_data(await stream.read(PIECE))
        elif type(event) is h11.Request:
            request = event
        elif type(event) is h11.Data:
            body += event.data
            if len(body) > _LONGEST:
                raise Refused(413)
        elif type(event) is h11.EndOfMessage:
            return Request(request.method, request.target, request.headers, body, True)
        else:
            return None


async def send_by_h11(connection, stream, status, body, with_body):
    """Send a response; h11 itself adds `Connection: close` where that is due."""
    import h11

    headers = [
        ("Server", "minios"), ("Date", _CLOCK.now()), ("Content-Type", _TYPE),
        ("Content-Length", str(len(body))),
    ]
    head = h11.Response(status_code=status, headers=headers, reason=_PHRASES[status])
    data = connection.send(head)
    if with_body:
        data += connection.send(h11.Data(data=body))
    await stream.write(data + connection.send(h11.EndOfMessage()))


def on_minios(listener, connections):
    serve_on_minios(listener, serve_http)


def on_minios_h11(listener, connections):
    serve_on_minios(listener, serve_http_by_h11)


# --- The peers -------------------------------------------------------------------------------


def on_aiohttp(listener, run, connections):
    from aiohttp import web

    async def hello(request):
        return web.Response(body=_BODY, content_type="text/plain", charset="utf-8")

    async def main():
        app = web.Application()
        app.router.add_get("/", hello)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        await asyncio.Event().wait()

    run(main())


def on_uvicorn(listener, run, connections):
    import uvicorn

    def head_of(status, body):
        return {
            "type": "http.response.start", "status": status,
            "headers": [(b"content-type", _TYPE.encode()),
                        (b"content-length", str(len(body)).encode())],
        }

    async def app(scope, receive, send):
        status, body = (200, _BODY) if scope["path"] == "/" else (404, b"Not Found")
        await send(head_of(status, body))
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        app, loop="none", http="httptools", lifespan="off", access_log=False,
        log_level="warning", proxy_headers=False,
    )
    run(uvicorn.Server(config).serve(sockets=[listener]))


def on_gevent(listener, connections):
    from gevent.pywsgi import WSGIServer

    def app(environ, start_response):
        status, body = ("200 OK", _BODY) if environ["PATH_INFO"] == "/" else (
            "404 Not Found", b"Not Found")
        start_response(status, [("Content-Type", _TYPE), ("Content-Length", str(len(body))),
                                ("Server", "gevent")])
        return [body]

    listener.setblocking(False)
    WSGIServer(listener, app, log=None).serve_forever()

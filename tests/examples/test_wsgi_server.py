"""12_wsgi_server.py, with http.client, plain sockets and curl."""

import hashlib
import http.client
import json
import os
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import quote

import pytest

from .conftest import CURL, EXAMPLES, PATIENCE, PROC, open_descriptors, reset, wait_until
from .test_web_server import answer_to, connect_and_send, get, read_all
from .wsgi_apps import PARTY

PROGRAM = "12_wsgi_server.py"
APPS = "tests.examples.wsgi_apps"
MAX_BODY = 16 << 20
FAILURES = [
    "fails", "exits", "fails_with_an_oserror", "never_starts", "never_starts_and_is_empty",
    "starts_twice", "gives_text", "gives_none", "sends_a_hop_by_hop_header", "splits_a_header",
]
needs_curl = pytest.mark.skipif(CURL is None, reason="there is no curl")


@pytest.fixture
def serve(start, monkeypatch):
    """Start the server with arguments of its own; (the program, its address)."""
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent))

    def serve(*arguments):
        server = start(PROGRAM, "--port", 0, *arguments)
        return server, server.read_address()

    return serve


@pytest.fixture
def running(serve):
    return serve(f"{APPS}:app")


@pytest.fixture
def server(running):
    return running[0]


@pytest.fixture
def address(running):
    return running[1]


@pytest.fixture
def connect(address):
    """Make another http.client, as often as it is called."""
    clients = []

    def connect():
        clients.append(http.client.HTTPConnection(*address, timeout=PATIENCE))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(connect):
    return connect()


def counts(address):
    """What the applications have counted so far."""
    with closing(http.client.HTTPConnection(*address, timeout=PATIENCE)) as client:
        return json.loads(get(client, "/say_counts")[1])


def request(target, *headers, method="GET", version="1.1", body=""):
    """The bytes of a request."""
    lines = [f"{method} {target} HTTP/{version}", "Host: x", *headers, "", body]
    return "\r\n".join(lines).encode("latin-1")


def last(target, *headers, **options):
    """The bytes of a request after which the connection is to end."""
    return request(target, "Connection: close", *headers, **options)


def body_of(answer):
    return answer.partition(b"\r\n\r\n")[2]


def curl(*arguments, **options):
    return subprocess.run(
        [CURL, "-sS", *map(str, arguments)], check=True, capture_output=True, timeout=PATIENCE,
        **options,
    )


# --- PEP 3333 ------------------------------------------------------------------------------


def test_an_application_is_told_of_the_request(client):
    target = "/a%20b/%C3%A9%2F;p?x=1&y=%20"
    headers = {"X-One": "1", "Content-Type": "text/x", "Cookie": "a=b"}
    _, body = get(client, target, "POST", body=b"hello", headers=headers)
    environ = json.loads(body)
    host, port = client.sock.getsockname()
    assert {name: environ[name] for name in environ if not name.startswith("HTTP_")} == {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/a b/\xc3\xa9/;p",
        "QUERY_STRING": "x=1&y=%20", "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": client.host, "SERVER_PORT": str(client.port),
        "REMOTE_ADDR": host, "REMOTE_PORT": str(port),
        "CONTENT_TYPE": "text/x", "CONTENT_LENGTH": "5",
        "wsgi.version": [1, 0], "wsgi.url_scheme": "http", "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.errors": True,
    }
    assert environ["HTTP_X_ONE"] == "1" and environ["HTTP_COOKIE"] == "a=b"
    assert environ["HTTP_HOST"] == f"{client.host}:{client.port}"


def test_headers_that_repeat_are_joined_and_treacherous_ones_left_out(address):
    environ = json.loads(body_of(answer_to(address, last(
        "/", "X-Two: 1", "x-two: \xe9", "X_Two: 3", "Content_Length: 9", "Proxy: http://evil/",
    ))))
    assert environ["HTTP_X_TWO"] == "1,\xe9"
    assert "HTTP_PROXY" not in environ and "HTTP_CONTENT_LENGTH" not in environ


def test_the_target_may_be_a_whole_url(address):
    for target, path, query in [
        ("http://example.com/a?b", "/a", "b"), ("HTTP://example.com", "/", ""),
        ("http://example.com?b", "/", "b"), ("//a//b?c?d", "//a//b", "c?d"),
    ]:
        environ = json.loads(body_of(answer_to(address, last(target))))
        assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == (path, query)
        assert environ["HTTP_HOST"] == ("x" if target.startswith("/") else "example.com")


def test_the_validator_of_the_standard_library_has_nothing_to_object_to(serve):
    server, address = serve(f"{APPS}:checked")
    with closing(http.client.HTTPConnection(*address, timeout=PATIENCE)) as client:
        for path in "ignore", "sized", "stream", "write", "empty", "late_start", "", "big":
            for method in "GET", "HEAD", "POST", "PUT":
                response, body = get(client, f"/{path}?x=%20", method, body=b"a=b" * 100)
                assert response.status == 200, path
                assert (body == b"") == (method == "HEAD" or path == "empty")
        assert get(client, "/not_modified")[0].status == 304
        response, _ = get(client, "/stream", "POST", body=iter([b"ab", b"cd"]))
        assert response.status == 200
        assert get(client, "/replaced")[0].status == 503
    assert answer_to(address, b"GET /stream HTTP/1.0\r\n\r\n").endswith(b"piece 2\n")
    wait_until(lambda: counts(address)["opened"] == counts(address)["closed"])
    assert server.errors() == ""


def test_an_answer_with_a_length_is_sent_as_it_is(address):
    head, _, body = answer_to(address, last("/sized")).partition(b"\r\n\r\n")
    assert b"\r\nContent-Length: 11" in head and b"Transfer-Encoding" not in head
    assert b"\r\nDate: " in head
    assert body == b"hello world"


def test_an_answer_without_a_length_is_sent_in_chunks(address):
    head, _, body = answer_to(address, last("/stream")).partition(b"\r\n\r\n")
    assert b"\r\nTransfer-Encoding: chunked" in head
    assert body == b"".join(b"8\r\npiece %d\n\r\n" % n for n in range(3)) + b"0\r\n\r\n"


def test_an_answer_larger_than_the_buffers_arrives_whole(client, address):
    response, body = get(client, "/big")
    assert body == b"".join(bytes([number]) * (1 << 20) for number in range(16))
    assert counts(address)["closed"] == 1


@pytest.mark.parametrize("path", ["by_turns", "write_by_turns"])
def test_a_piece_is_sent_while_the_application_works_on_the_next(client, tmp_path, path):
    file = tmp_path / "go on"
    client.request("GET", f"/{path}?file={quote(str(file))}")
    response = client.getresponse()
    assert response.read1(100) == b"first "
    file.touch()
    assert response.read() == b"second"


def test_what_is_written_comes_before_what_is_returned(client):
    assert get(client, "/write")[1] == b"written, " + b"x" * 100_000 + b" and returned"


@pytest.mark.parametrize("path", ["replaced", "replaced_late"])
def test_the_headers_wait_for_the_first_piece_so_that_they_can_be_replaced(client, path):
    response, body = get(client, f"/{path}")
    assert (response.status, response.reason, body) == (503, "Try Later", b"sorry")
    assert response.headers["X-Second"] == "2" and "X-First" not in response.headers


def test_headers_that_were_sent_are_not_replaced(address, server):
    answer = answer_to(address, request("/too_late"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\nso far so good\r\n")       # and no last chunk
    wait_until(lambda: "ValueError: too late" in server.errors())


def test_head_and_some_statuses_have_no_body(client):
    for method, path, status in [
        ("HEAD", "/sized", 200), ("HEAD", "/stream", 200), ("HEAD", "/endless", 200),
        ("HEAD", "/fails", 500), ("HEAD", "/empty", 200), ("GET", "/no_content", 204),
        ("GET", "/not_modified", 304), ("HEAD", "/write", 200),
    ]:
        response, body = get(client, path, method)
        assert (response.status, body) == (status, b""), path
    response, _ = get(client, "/sized", "HEAD")
    assert response.headers["Content-Length"] == "11"
    assert get(client, "/sized")[1] == b"hello world"


def test_an_application_may_choose_its_reason_and_its_date(client):
    response, _ = get(client, "/own_date")
    assert (response.status, response.reason) == (200, "\xc4h")
    assert response.headers.get_all("Date") == ["today"]
    assert response.headers["X"] == "\xe9"


def test_a_call_has_one_thread_from_its_beginning_to_its_end(client, server):
    get(client, "/same_thread")
    wait_until(lambda: server.errors() == "7 1\n")


# --- Failures of the application -------------------------------------------------------------


@pytest.mark.parametrize("path", FAILURES)
def test_a_failure_is_logged_and_the_client_gets_a_500(client, server, path):
    response, body = get(client, f"/{path}?secret")
    assert (response.status, body) == (500, b"500 Internal Server Error")
    errors = server.errors()
    assert errors.startswith(f"GET '/{path}': the application has failed\nTraceback (most recent")
    assert errors.count("the application has failed") == 1
    assert get(client, "/sized")[1] == b"hello world"


@pytest.mark.parametrize("path", ["fails_while_iterated", "too_little"])
def test_an_answer_that_fails_on_its_way_does_not_look_complete(address, client, server, path):
    with pytest.raises(http.client.IncompleteRead):
        get(client, f"/{path}")
    wait_until(lambda: "the application has failed" in server.errors())
    assert counts(address)["closed"] == 1


def test_an_answer_is_not_longer_than_it_says(address, server):
    assert body_of(answer_to(address, request("/too_much"))) == b"abc"
    wait_until(lambda: "the application has failed" in server.errors())
    assert counts(address)["closed"] == 1


def test_a_failure_to_close_is_logged_and_the_answer_stands(client, server):
    assert get(client, "/fails_to_close")[1] == b"a piece"
    wait_until(lambda: "RuntimeError: it is stuck" in server.errors())
    assert get(client, "/sized")[1] == b"hello world"


# --- Bodies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 5000, 1 << 20, MAX_BODY])
def test_a_body_arrives_whole(client, size):
    data = os.urandom(size)
    expected = f"{size} {hashlib.sha256(data).hexdigest()}".encode()
    assert get(client, "/digest", "POST", body=data)[1] == expected
    pieces = (data[start:start + 70_000] for start in range(0, size, 70_000))
    assert get(client, "/digest", "POST", body=pieces)[1] == expected


def test_a_body_may_be_left_unread(client):
    for _ in range(3):
        assert get(client, "/ignore", "POST", body=b"x" * 1_000_000)[1] == b"thanks"


def test_a_length_beside_chunks_does_not_count(address):
    answer = answer_to(address, last(
        "/digest", "Content-Length: 3", "Transfer-Encoding: chunked", method="POST",
        body="5\r\nhello\r\n0\r\n\r\n",
    ))
    assert b"5 " + hashlib.sha256(b"hello").hexdigest().encode() in answer


def test_a_body_beyond_the_limit_is_refused(address, client):
    answer = answer_to(address, request("/", f"Content-Length: {MAX_BODY + 1}", method="POST"))
    assert answer.startswith(b"HTTP/1.1 413 ") and b"\r\nConnection: close\r\n" in answer
    pieces = (b"x" * (1 << 20) for _ in range(17))
    response, body = get(client, "/digest", "POST", body=pieces)
    assert response.status == 413


def test_who_asks_whether_to_go_on_is_told(address):
    sock = connect_and_send(address, last(
        "/digest", "Content-Length: 5", "Expect: 100-continue", method="POST"
    ))
    with sock, sock.makefile("rb") as file:
        assert file.readline().startswith(b"HTTP/1.1 100 ")
        assert file.readline() == b"\r\n"
        sock.sendall(b"hello")
        assert file.readline() == b"HTTP/1.1 200 OK\r\n"


def test_who_asks_whether_to_go_on_beyond_the_limit_is_told_not_to(address):
    answer = answer_to(address, request(
        "/", f"Content-Length: {MAX_BODY + 1}", "Expect: 100-continue", method="PUT"
    ))
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_uploads_that_stand_still_take_no_thread(serve):
    server, address = serve("--threads", 1, f"{APPS}:app")
    half = request("/digest", "Content-Length: 10", method="POST", body="01234")
    socks = [connect_and_send(address, half) for _ in range(10)]
    assert b"hello world" in answer_to(address, last("/sized"))
    for sock in socks:
        sock.sendall(b"56789")
        with sock, sock.makefile("rb") as file:
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"


# --- Connections -----------------------------------------------------------------------------


def test_a_connection_serves_one_request_after_the_other(client):
    get(client, "/sized")
    sock = client.sock
    for path in "stream", "big", "digest", "no_content", "empty", "write", "sized":
        get(client, f"/{path}", "POST", body=b"x" * 1000)
    assert client.sock is sock and sock is not None


def test_requests_may_be_sent_ahead(address):
    answer = answer_to(address, (
        request("/sized") + request("/digest", "Content-Length: 2", method="POST", body="ab")
        + request("/stream", method="HEAD") + request("/stream") + last("/sized")
    ))
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 5
    assert answer.count(b"hello world") == 2 and answer.endswith(b"hello world")
    assert answer.index(b"hello world") < answer.index(b"2 fb8e20fc") < answer.index(b"piece 0")


def test_an_old_client_gets_one_answer_a_connection(address):
    answer = answer_to(address, 2 * b"GET /stream HTTP/1.0\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head and b"Connection: close" in head
    assert body == b"piece 0\npiece 1\npiece 2\n"


@pytest.mark.parametrize(("data", "status"), [
    (b"garbage\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\0\n\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    (request("/", "Content-Length: 1", "Content-Length: 2"), 400),
    (request("/", "Content-Length: -1"), 400),
    (request("/", "Transfer-Encoding: chunked", body="zz\r\n"), 400),
    (request("/", "Transfer-Encoding: gzip, chunked"), 501),
    (request("*", method="OPTIONS"), 400),
    (request("x:80", method="CONNECT"), 400),
    (request("/", method="CONNECT"), 400),
    (request("ftp://x/"), 400),
    (request("?x"), 400),
    (request("/" + "x" * 100_000), 431),
    (request("/", *["X: y"] * 20_000), 431),
])
def test_what_is_no_request_is_refused_and_ends_the_connection(address, server, data, status):
    answer = answer_to(address, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1
    assert server.errors() == ""


def test_who_asks_for_another_protocol_gets_this_one(address):
    answer = answer_to(address, last("/sized", "Upgrade: h2c") + request("/sized"))
    assert answer.count(b"HTTP/1.1 200 OK") == 1


def test_who_idles_or_dawdles_is_hung_up_on(serve):
    server, address = serve("--patience", 0.5, f"{APPS}:app")
    idler = connect_and_send(address, b"")
    served = connect_and_send(address, request("/sized"))
    head = connect_and_send(address, b"GET / HTTP/1.1\r\n")
    body = connect_and_send(address, request("/", "Content-Length: 9", body="x", method="PUT"))
    assert read_all(idler) == b""
    assert read_all(served).endswith(b"hello world")
    assert read_all(head).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert read_all(body).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert server.errors() == ""


def test_a_head_that_trickles_in_is_not_waited_for_for_ever(serve):
    server, address = serve("--patience", 0.5, f"{APPS}:app")
    sock = connect_and_send(address, b"GET / HTTP/1.1\r\nX: ")
    ended = threading.Event()

    def trickle():
        while not ended.wait(0.05):
            try:
                sock.sendall(b"x")
            except OSError:
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    with sock.makefile("rb") as file:
        assert file.readline() == b"HTTP/1.1 408 Request Timeout\r\n"
    ended.set()
    thread.join()
    sock.close()


def test_who_does_not_read_the_answer_is_hung_up_on(serve):
    server, address = serve("--patience", 0.5, f"{APPS}:app")
    with connect_and_send(address, request("/write_endlessly")) as deaf:
        assert deaf.recv(4) == b"HTTP"
        wait_until(lambda: counts(address)["closed"] == 1)
    assert server.errors() == ""


@pytest.mark.parametrize("path", ["endless", "write_endlessly", "big"])
@pytest.mark.parametrize("leave", [reset, socket.socket.close])
def test_what_a_client_does_not_wait_for_is_closed(address, server, path, leave):
    rude = connect_and_send(address, request(f"/{path}"))
    assert rude.recv(4) == b"HTTP"
    leave(rude)
    wait_until(lambda: counts(address)["closed"] == 1)
    assert server.errors().replace("closed\n", "") == ""


def test_who_leaves_in_the_middle_of_a_request_is_not_worth_a_line(address, server):
    for data in b"", b"GET / HT", request("/", "Content-Length: 9", body="x", method="PUT"):
        for leave in reset, socket.socket.close:
            leave(connect_and_send(address, data))
    assert b"hello world" in answer_to(address, last("/sized"))
    assert server.errors() == ""


@pytest.mark.skipif(not PROC, reason="there is no /proc to see the server's descriptors in")
def test_nothing_is_left_of_a_connection(address, server):
    answer_to(address, last("/sized"))
    before = open_descriptors(server)
    for path in "sized", "fails", "big", "too_little":
        answer_to(address, last(f"/{path}", f"Content-Length: {1 << 20}", method="POST",
                                body="x" * (1 << 20)))
        rude = connect_and_send(address, request(f"/{path}"))
        reset(rude)
    wait_until(lambda: open_descriptors(server) == before)


# --- Threads ---------------------------------------------------------------------------------


def test_many_calls_block_at_the_same_time(serve):
    server, address = serve("--threads", PARTY, f"{APPS}:app")
    with ThreadPoolExecutor(PARTY) as clients:
        answers = list(clients.map(answer_to, [address] * PARTY, [last("/meet")] * PARTY))
    assert all(b"\r\nmet\r\n" in answer for answer in answers)
    assert counts(address)["most"] == PARTY


def test_more_calls_than_threads_take_turns(serve):
    server, address = serve("--threads", 3, f"{APPS}:app")
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(answer_to, [address] * 20, [last("/alone")] * 20))
    assert all(b"\r\ndone\r\n" in answer for answer in answers)
    assert 1 <= counts(address)["most"] <= 3


# --- The guest book --------------------------------------------------------------------------


def test_a_flask_application_is_served(serve):
    server, address = serve()
    with closing(http.client.HTTPConnection(*address, timeout=PATIENCE)) as client:
        assert b"Nobody has written anything yet" in get(client, "/")[1]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        response, _ = get(client, "/", "POST", body="name=Ann&text=%3Chi%3E", headers=form)
        assert (response.status, response.headers["Location"]) == (303, "/")
        assert b"<b>Ann</b>: &lt;hi&gt;" in get(client, "/")[1]
        assert get(client, "/", "HEAD")[1] == b""
        assert get(client, "/slow?seconds=0.01")[1] == b"Good morning!\n"
        assert get(client, "/stream?lines=2")[1] == b"line 1\nline 2\n"
        assert get(client, "/missing")[0].status == 404
        assert server.errors() == ""
        assert get(client, "/broken")[0].status == 500
        assert "RuntimeError: this page is meant to fail" in server.errors()


# --- curl ------------------------------------------------------------------------------------


@needs_curl
def test_curl_uses_one_connection_for_two_requests(address):
    url = "http://{}:{}".format(*address)
    done = curl("-w", "|%{http_code} %{num_connects}\n", f"{url}/sized", f"{url}/stream", text=True)
    assert done.stdout == "hello world|200 1\npiece 0\npiece 1\npiece 2\n|200 0\n"


@needs_curl
def test_curl_uploads_when_it_is_told_to_go_on(address, tmp_path):
    data = os.urandom(2 << 20)
    (tmp_path / "data").write_bytes(data)
    done = curl("-v", "-H", "Expect: 100-continue", "--data-binary", f"@{tmp_path / 'data'}",
                "http://{}:{}/digest".format(*address))
    assert done.stdout.decode() == f"{len(data)} {hashlib.sha256(data).hexdigest()}"
    assert b"< HTTP/1.1 100 " in done.stderr


@needs_curl
def test_curl_uploads_in_chunks(address):
    data = os.urandom(2 << 20)
    done = curl("-v", "-T", "-", "http://{}:{}/digest".format(*address), input=data)
    assert done.stdout.decode() == f"{len(data)} {hashlib.sha256(data).hexdigest()}"
    assert b"> Transfer-Encoding: chunked" in done.stderr


@needs_curl
def test_curl_that_asks_for_http2_or_speaks_http10_is_served(address):
    url = "http://{}:{}/sized".format(*address)
    assert curl("--http2", url, url).stdout == b"hello world" * 2
    assert curl("--http1.0", url, url).stdout == b"hello world" * 2


# --- The end ---------------------------------------------------------------------------------


def test_ctrl_c_ends_the_server_and_its_idle_connections(client, server):
    get(client, "/sized")
    server.interrupt()
    assert server.finish() == (130, "interrupted\n")
    assert server.errors() == ""
    assert client.sock.recv(1) == b""


def test_ctrl_c_lets_answers_that_have_begun_be_finished(address, connect, server, tmp_path):
    idle, streaming, waiting = connect(), connect(), connect()
    get(idle, "/sized")
    streaming.request("GET", f"/by_turns?file={quote(str(tmp_path / 'one'))}")
    response = streaming.getresponse()
    assert response.read1(100) == b"first "
    waiting.request("GET", f"/wait?file={quote(str(tmp_path / 'two'))}")
    wait_until(lambda: counts(address)["active"] == 1)
    server.interrupt()
    wait_until(lambda: not listens(address))
    assert idle.sock.recv(1) == b""
    sock = streaming.sock
    (tmp_path / "one").touch()
    assert response.read() == b"second"
    assert sock.recv(1) == b""
    (tmp_path / "two").touch()
    response = waiting.getresponse()
    assert (response.headers["Connection"], response.read()) == ("close", b"it is there")
    assert server.finish() == (130, "interrupted\n")
    assert server.errors() == ""


def listens(address):
    try:
        socket.create_connection(address, timeout=PATIENCE).close()
    except ConnectionError:
        return False
    return True


@pytest.mark.parametrize("path", ["endless", "write_stubbornly"])
def test_a_second_ctrl_c_cuts_off_what_is_being_answered(address, client, server, path):
    client.request("GET", f"/{path}")
    assert client.getresponse().read(1000) == b"x" * 1000
    server.interrupt()
    wait_until(lambda: not listens(address))
    server.interrupt()
    assert server.finish() == (130, "interrupted\n")
    assert server.errors() == "closed\n"


def test_a_second_ctrl_c_cuts_off_what_is_not_read(address, server):
    with connect_and_send(address, request("/write_hugely")) as deaf:
        assert deaf.recv(4) == b"HTTP"
        server.interrupt()
        wait_until(lambda: not listens(address))
        server.interrupt()
        assert server.finish() == (130, "interrupted\n")
    assert server.errors() == ""


def test_an_answer_without_an_end_is_cut_off_after_the_grace_period(client, server):
    client.request("GET", "/endless")
    assert client.getresponse().read(1000) == b"x" * 1000
    server.interrupt()
    assert server.finish() == (130, "interrupted\n")
    assert server.errors() == "closed\n"


def test_what_cannot_be_served_is_an_error_in_one_line(running, start, serve, tmp_path):
    _, (_, port) = running
    for arguments in (
        ["--port", port, f"{APPS}:app"], ["no_such_module:app"], [f"{APPS}:no_such_app"], [":"],
    ):
        server = start(PROGRAM, *arguments)
        assert server.finish() == (1, "")
        assert server.errors().startswith(("cannot listen on ", "cannot load "))
        assert server.errors().count("\n") == 1


def test_without_h11_it_says_what_to_install(start, monkeypatch, tmp_path):
    (tmp_path / "h11.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{EXAMPLES.parent}")
    server = start(PROGRAM)
    assert server.finish() == (1, "")
    assert "pip install" in server.errors() and server.errors().count("\n") == 1

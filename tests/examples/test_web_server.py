"""09_web_server.py, with http.client, plain sockets and curl."""

import http.client
import os
import socket
import subprocess
from contextlib import closing, suppress

import pytest

from .conftest import CURL, PATIENCE, PROC, open_descriptors, reset, wait_until

PROGRAM = "09_web_server.py"
PAGE = "<!doctype html><title>A page</title>\n"
SECRET = "not to be served"


@pytest.fixture
def root(tmp_path):
    """A folder with files to serve, beside one that is not to be."""
    (tmp_path / "secret.txt").write_text(SECRET)
    root = tmp_path / "root"
    root.mkdir()
    (root / "page.html").write_text(PAGE)
    (root / "notes & more.txt").write_text("n\xf6tes\n", encoding="utf-8")
    (root / "big.bin").write_bytes(os.urandom(1 << 20) * 8)
    (root / "data.tar.gz").write_bytes(b"\x1f\x8b")
    (root / "folder").mkdir()
    (root / "folder" / "index.html").write_text("the folder's own page")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(root / "pipe")
    return root


@pytest.fixture
def server(start, root):
    return start(PROGRAM, "--port", 0, "--root", root)


@pytest.fixture
def address(server):
    return server.read_address()


@pytest.fixture
def client(address):
    with closing(http.client.HTTPConnection(*address, timeout=PATIENCE)) as client:
        yield client


def get(client, path, method="GET", **options):
    """One request; the response and its body."""
    client.request(method, path, **options)
    response = client.getresponse()
    return response, response.read()


def connect_and_send(address, data):
    """A new connection over which `data` has been sent."""
    sock = socket.create_connection(address, timeout=PATIENCE)
    sock.sendall(data)
    return sock


def read_all(sock):
    """All that comes until the other side hangs up."""
    with sock, sock.makefile("rb") as file:
        return file.read()


def answer_to(address, data):
    """What the server sends back over a connection of its own until it hangs up."""
    return read_all(connect_and_send(address, data))


def test_a_file_is_served_with_its_type_and_length(client):
    response, body = get(client, "/page.html")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Length"] == str(len(PAGE))
    assert body.decode() == PAGE


def test_types_follow_from_names(client):
    for path, kind in {
        "/notes%20&%20more.txt": "text/plain; charset=utf-8",
        "/big.bin": "application/octet-stream",
        "/data.tar.gz": "application/octet-stream",
    }.items():
        assert get(client, path)[0].headers["Content-Type"] == kind


def test_a_file_larger_than_the_buffers_arrives_whole(client, root):
    response, body = get(client, "/big.bin")
    assert response.headers["Content-Length"] == str(len(body))
    assert body == (root / "big.bin").read_bytes()


def test_a_query_is_no_part_of_the_path(client):
    assert get(client, "/page.html?version=2")[1].decode() == PAGE


def test_a_connection_serves_one_request_after_the_other(client):
    get(client, "/page.html")
    sock = client.sock
    for path, status in ("/big.bin", 200), ("/missing", 404), ("/secret", 404), ("/page.html", 200):
        assert get(client, path)[0].status == status
    assert client.sock is sock and sock is not None


def test_requests_may_be_sent_ahead(address):
    answer = answer_to(address, (
        b"GET /page.html HTTP/1.1\r\nHost: x\r\n\r\n"
        b"HEAD /page.html HTTP/1.1\r\nHost: x\r\n\r\n"
        b"GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    ))
    assert answer.count(PAGE.encode()) == 1
    assert [answer.count(b"HTTP/1.1 200 OK\r\n"), answer.count(b"HTTP/1.1 404 ")] == [2, 1]


def test_a_request_may_arrive_byte_by_byte(address):
    sock = connect_and_send(address, b"")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"GET /page.html HTTP/1.0\r\n\r\n":
        sock.send(bytes([byte]))
    assert read_all(sock).endswith(PAGE.encode())


def test_head_gets_the_headers_without_the_body(client):
    response, body = get(client, "/big.bin", "HEAD")
    assert (response.status, response.headers["Content-Length"]) == (200, str(8 << 20))
    assert body == b""
    assert get(client, "/page.html")[1].decode() == PAGE


def test_the_index_links_to_what_is_there(client):
    response, body = get(client, "/")
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<a href="notes%20%26%20more.txt">notes &amp; more.txt</a>' in body.decode()
    assert '<a href="folder/">folder/</a>' in body.decode()
    assert get(client, "/notes%20%26%20more.txt")[1].decode() == "n\xf6tes\n"


def test_a_folder_has_its_own_page_behind_a_slash(client):
    response, _ = get(client, "/folder")
    assert (response.status, response.headers["Location"]) == (301, "/folder/")
    assert get(client, "/folder/")[1] == b"the folder's own page"


def test_what_is_not_there_is_not_found(client):
    for path in "/missing.html", "/folder/missing", "/a%00b", "/" + "x" * 5000:
        assert get(client, path)[0].status == 404


def test_what_is_no_file_is_not_opened(client):
    assert get(client, "/pipe")[0].status == 404


def test_other_methods_are_refused(client):
    response, _ = get(client, "/page.html", "DELETE")
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    response, _ = get(client, "/page.html", "POST", body=b"x" * 1_000_000)
    assert (response.status, response.headers["Connection"]) == (405, "close")
    assert get(client, "/page.html")[0].status == 200


@pytest.mark.parametrize("path", [
    "/../secret.txt", "/%2e%2e/secret.txt", "/folder/../../secret.txt", "/..%2fsecret.txt",
    "//../secret.txt", "/link.txt",
])
def test_no_path_leads_out_of_the_root(address, path):
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = answer_to(address, request.encode())
    assert answer.split(b" ", 2)[1] in (b"403", b"404")
    assert SECRET.encode() not in answer


@pytest.mark.parametrize("request_", [
    b"garbage\r\n\r\n",
    b"\x16\x03\x01\x02\0\n\n",
    b"GET /page.html\r\n\r\n",
    b"GET /page.html HTTP/2.0\r\n\r\n",
    b"GET  /page.html HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /page.html HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n",
    b"GET /page.html HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET /page.html HTTP/1.1\r\n\r\n",
    b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\r\n\r\n",
])
def test_garbage_is_a_bad_request_and_ends_the_connection(address, request_):
    answer = answer_to(address, request_)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nConnection: close\r\n" in answer


def test_a_head_without_an_end_is_refused(address):
    for data in b"x" * 100_000, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000:
        assert answer_to(address, data).startswith(b"HTTP/1.1 431 ")


def test_an_old_client_gets_one_answer_a_connection_unless_it_asks(address):
    answer = answer_to(address, b"GET /page.html HTTP/1.0\r\n\r\nGET /page.html HTTP/1.0\r\n\r\n")
    assert answer.count(PAGE.encode()) == 1
    answer = answer_to(address, (
        b"GET /page.html HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /page.html HTTP/1.0\r\n\r\n"
    ))
    assert answer.count(PAGE.encode()) == 2


def test_clients_do_not_wait_for_each_other(address):
    socks = [connect_and_send(address, b"GET /page.html HTTP/1.0\r\n") for _ in range(10)]
    for sock in reversed(socks):
        sock.sendall(b"\r\n")
        assert read_all(sock).endswith(PAGE.encode())


def test_a_client_that_resets_ends_only_its_own_connection(address, server, client):
    rude = connect_and_send(address, b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    assert rude.recv(4) == b"HTTP"
    reset(rude)
    assert get(client, "/page.html")[0].status == 200
    assert server.errors() == ""


def test_who_idles_is_hung_up_on(start, root):
    server = start(PROGRAM, "--port", 0, "--root", root, "--idle", 0.5)
    address = server.read_address()
    request = b"GET /page.html HTTP/1.1\r\nHost: x\r\n\r\n"
    idlers = [connect_and_send(address, data) for data in (b"", request[:-2], request)]
    answers = [read_all(sock) for sock in idlers]
    assert answers[:2] == [b"", b""]
    assert answers[2].endswith(PAGE.encode())       # to have been served before does not help
    assert server.errors() == ""


@pytest.mark.skipif(not PROC, reason="there is no /proc to see the server's descriptors in")
def test_who_does_not_read_its_answer_is_hung_up_on(start, root):
    server = start(PROGRAM, "--port", 0, "--root", root, "--idle", 0.5)
    address = server.read_address()
    before = open_descriptors(server)
    request = b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n"
    deaf = connect_and_send(address, request * 8)   # more than the buffers hold
    assert deaf.recv(4) == b"HTTP"
    wait_until(lambda: open_descriptors(server) == before)
    with suppress(ConnectionResetError):
        assert len(read_all(deaf)) < 8 * (8 << 20)


@pytest.mark.skipif(CURL is None, reason="there is no curl")
def test_the_web_server_talks_to_curl(address, tmp_path):
    url = "http://{}:{}".format(*address)
    output = subprocess.run(
        [CURL, "-sS", "--path-as-is", "-w", "%{http_code} %{num_connects}\n",
         "-o", tmp_path / "copy", f"{url}/page.html", "-o", os.devnull, f"{url}/../secret.txt"],
        check=True, capture_output=True, text=True, timeout=PATIENCE,
    ).stdout
    assert output == "200 1\n403 0\n"
    assert (tmp_path / "copy").read_text() == PAGE


def test_a_root_that_is_missing_is_an_error_in_one_line(start, tmp_path):
    server = start(PROGRAM, "--port", 0, "--root", tmp_path / "missing")
    assert server.finish() == (1, "")
    assert "missing" in server.errors() and server.errors().count("\n") == 1


def test_ctrl_c_ends_the_web_server_and_its_connections(address, client, server):
    get(client, "/page.html")
    server.interrupt()
    assert server.finish() == (130, "interrupted\n")
    assert server.errors() == ""
    assert client.sock.recv(1) == b""

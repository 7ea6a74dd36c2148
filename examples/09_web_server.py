"""Adds a protocol, and distrust: requests are bounded and checked, and who idles is hung up on.

A web server for the files below a folder: GET and HEAD over HTTP/1.1 with keep-alive (RFC 9112).

    python examples/09_web_server.py --port 8000 --root .
    curl -i http://127.0.0.1:8000/              (or a browser)
"""

import argparse
import html
import io
import mimetypes
import os
import re
import socket
import sys
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import minios
from syscalls import Accept, Kill, Recv, SendAll, Sleep, Spawn

MAX_HEAD = 16 * 1024        # bytes of a request's head
CHUNK = 64 * 1024           # bytes of a file that are in memory at a time


class Refused(Exception):
    """Answer with an error instead: the status, and a header that goes with it."""


def serve(listener, root, idle=15.0):
    """Serve the files below `root`; hang up on who idles for `idle` seconds, or at most twice."""
    handlers = {}           # task -> whether it has idled since the last look
    yield Spawn(kill_idlers(handlers, idle))
    while True:
        try:
            sock, _ = yield Accept(listener)
        except OSError:
            yield Sleep(0.2)        # out of descriptors, as in step 7
        else:
            yield Spawn(handle(sock, root, handlers))


def kill_idlers(handlers, idle):
    """A task: one timer for all connections, which kills who idles from one look to the next."""
    while True:
        yield Sleep(idle)
        idlers = [task for task, idles in handlers.items() if idles]
        handlers.update(dict.fromkeys(handlers, True))
        for task in idlers:
            yield Kill(task)


def handle(sock, root, handlers):
    """A task: answer one request of a client after the other."""
    received, me = bytearray(), minios.current_task()

    def get_on():
        handlers[me] = False

    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (yield from exchange(sock, received, root, get_on)):
            pass
        # To close with unread data would reset the connection, and our answer might be lost.
        sock.shutdown(socket.SHUT_WR)
        while (yield Recv(sock, CHUNK)):
            pass
    except OSError:
        pass                # the client has gone
    finally:
        handlers.pop(me, None)
        sock.close()


def exchange(sock, received, root, get_on):
    """Answer one request; return whether another may follow."""
    get_on()
    status, header, method, keep = 200, (), "GET", False
    try:
        head = yield from read_head(sock, received)
        if head is None:
            return False
        method, path, keep = parse(head)
        if method not in ("GET", "HEAD"):
            raise Refused(405, "Allow: GET, HEAD")
        kind, body = find(root, path)
    except Refused as refused:
        status, *header = refused.args
        kind, body = as_page(f"{status} {HTTPStatus(status).phrase}")
    with body:
        size = body.seek(0, os.SEEK_END)
        body.seek(0)
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            f"Date: {formatdate(usegmt=True)}",
            f"Connection: {'keep-alive' if keep else 'close'}",
            f"Content-Type: {kind}", f"Content-Length: {size}", *header, "", "",
        ]
        yield SendAll(sock, "\r\n".join(lines).encode("latin-1"))
        while size and method != "HEAD":
            data = body.read(min(size, CHUNK))
            if not data:
                return False        # the file was cut short: hang up, or the client would wait
            yield SendAll(sock, data)
            get_on()
            size -= len(data)
    return keep


def read_head(sock, received):
    """Return the head of the next request, None at the end. Raises Refused."""
    while not (end := re.search(rb"\r?\n\r?\n", received)):
        if len(received) > MAX_HEAD:
            raise Refused(431)
        data = yield Recv(sock, 4096)
        if not data:
            return None
        received += data
    head = received[:end.start()].decode("latin-1")
    del received[:end.end()]        # what is left belongs to the next request
    return head


def parse(head):
    """Return the method, the path, and whether another request may follow. Raises Refused."""
    first, *lines = re.split(r"\r?\n", head.lstrip())
    request = re.fullmatch(r"([!-~]+) ([!-~]+) HTTP/1\.([01])", first)
    fields = [re.fullmatch(r"([!-9;-~]+):[ \t]*(.*?)[ \t]*", line.lower()) for line in lines]
    if not request or not all(fields):
        raise Refused(400)
    method, target, minor = request.groups()
    headers = dict(field.groups() for field in fields)
    if minor == "1" and "host" not in headers:
        raise Refused(400)
    keep = headers.get("connection", "keep-alive" if minor == "1" else "close") != "close"
    # We read no bodies: where one follows, we hang up behind the answer.
    body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    try:
        return method, urlsplit(target).path or "/", keep and not body
    except ValueError:
        raise Refused(400) from None


def find(root, path):
    """Return the type of what `path` stands for, and an open file. Raises Refused."""
    try:
        file = root / unquote(path, errors="surrogateescape").lstrip("/")
        if path.endswith("/") and (file / "index.html").exists():
            file /= "index.html"
        file = file.resolve()       # without "..", and to where its links lead
        if not file.is_relative_to(root):
            raise Refused(403)
        if file.is_dir() and not path.endswith("/"):
            raise Refused(301, f"Location: {path}/")    # or its relative links go astray
        if file.is_dir():
            return as_index(file)
        if not file.is_file():      # but a pipe, say, on which the whole kernel would block
            raise Refused(404)
        kind, encoding = mimetypes.guess_type(file.name)
        kind = "application/octet-stream" if encoding or not kind else kind
        return kind + "; charset=utf-8" * kind.startswith("text/"), file.open("rb")
    except (OSError, ValueError, RuntimeError):     # no permission, a null byte, a ring of links
        raise Refused(404) from None


def as_index(folder):
    """A page for a folder that has none of its own: links to what is in it."""
    names = sorted(each.name + "/" * each.is_dir() for each in folder.iterdir())
    items = [f'<li><a href="{quote(os.fsencode(name))}">{html.escape(name)}</a>' for name in names]
    return as_page(f"Index of {html.escape(folder.name)}", f"<ul>{''.join(items)}</ul>")


def as_page(title, text=""):
    page = f"<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n{text}\n"
    return "text/html; charset=utf-8", io.BytesIO(page.encode(errors="replace"))


def main(listener, root, idle):
    print("http://{}:{}/".format(*listener.getsockname()), flush=True)
    yield from serve(listener, root, idle)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve the files below a folder over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--root", type=Path, default=Path("."), metavar="FOLDER")
    parser.add_argument("--idle", type=float, default=15.0, metavar="SECONDS")
    options = parser.parse_args()
    try:
        with socket.create_server((options.host, options.port), backlog=1024) as listener:
            minios.run(main(listener, options.root.resolve(strict=True), options.idle))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot serve {options.root} on {options.host}:{options.port}: {error}")

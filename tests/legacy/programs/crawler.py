"""A web server and a crawler, two programs' worth of tasks on one operating system.

The crawler begins at one page and follows each link, with a task for each page.
"""
# ruff: noqa: F403, F405

import re
from socket import *

from minios.legacy.pyos import *

PAGES = {
    "/": '<a href="/cats">cats</a> <a href="/dogs">dogs</a>',
    "/cats": '<a href="/">home</a> <a href="/cats/tom">Tom</a>',
    "/cats/tom": "x" * 300000,
    "/dogs": '<a href="/lost">lost</a>',
}


def read_line(client, rest):
    while b"\r\n" not in rest:
        data = yield Recv(client, 1024)
        if not data:
            break
        rest += data
    line, _, rest = rest.partition(b"\r\n")
    yield line.decode(), rest


def answer(client):
    request, rest = yield read_line(client, b"")
    header = request
    while header:
        header, rest = yield read_line(client, rest)
    page = PAGES.get(request.split()[1])
    status = "404 Not Found" if page is None else "200 OK"
    yield Send(client, f"HTTP/1.0 {status}\r\n\r\n{page or ''}".encode())
    client.close()


def web_server(sock):
    while True:
        client, addr = yield Accept(sock)
        yield NewTask(answer(client))


def fetch(address, path):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    yield Send(sock, f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    answer = b""
    while True:
        data = yield Recv(sock, 65536)
        if not data:
            break
        answer += data
    sock.close()
    head, _, body = answer.decode().partition("\r\n\r\n")
    yield head.split()[1], body


def crawl(address, path, found):
    found[path] = None
    status, body = yield fetch(address, path)
    found[path] = status, len(body)
    children = []
    for link in re.findall('href="(.*?)"', body):
        if link not in found:
            found[link] = None
            children.append((yield NewTask(crawl(address, link, found))))
    for child in children:
        yield WaitTask(child)


def main():
    sock = socket(AF_INET, SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    sock.listen(16)
    server = yield NewTask(web_server(sock))
    found = {}
    crawler = yield NewTask(crawl(sock.getsockname(), "/", found))
    yield WaitTask(crawler)
    yield KillTask(server)
    sock.close()
    for path in sorted(found):
        print(path, *found[path])


sched = Scheduler()
sched.new(main())
sched.mainloop()
print("descriptors waited for:", len(sched.read_waiting) + len(sched.write_waiting))

"""Crawler: three workers follow the links of a website.

The site is served by the same program. A request is a
path, the answer a page; each ends where its direction is
closed. When main ends, the tasks it leaves are shut down.
"""

import socket

import minios
from syscalls import Accept, Connect, Park, Recv, SendAll, Spawn, Wake

SITE = {"/": "Welcome to /news and /about",
        "/news": "It is /old by now",
        "/about": "We have /gone / are not at /home"}


def answer(connection):
    path = yield from read_all(connection)
    page = SITE.get(path, "404, no such page")
    yield SendAll(connection, page.encode())
    connection.close()


def serve(listener):
    with listener:
        while True:
            connection, _ = yield Accept(listener)
            yield Spawn(answer(connection))


def fetch(address, path):
    connection = socket.socket()
    yield Connect(connection, address)
    yield SendAll(connection, path.encode())
    connection.shutdown(socket.SHUT_WR)
    page = yield from read_all(connection)
    connection.close()
    return page


def worker(address, todo, done):
    while True:
        path = yield from todo.get()
        page = yield from fetch(address, path)
        yield from done.put((path, page))


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    todo, done, tasks = Queue(), Queue(), []
    tasks.append((yield Spawn(serve(listener))))
    for _ in range(3):
        job = worker(address, todo, done)
        tasks.append((yield Spawn(job)))
    pages, found = {}, {"/"}
    yield from todo.put("/")
    while len(pages) < len(found):
        path, page = yield from done.get()
        pages[path] = page
        links = {w for w in page.split() if w[0] == "/"}
        for link in links - found:
            found.add(link)
            yield from todo.put(link)
    for path in sorted(pages):
        print(f"{path:8} {pages[path]}")


def read_all(connection):
    data = b""
    while chunk := (yield Recv(connection, 4096)):
        data += chunk
    return data.decode()


class Queue(list):
    """Its id is the channel, for a list has no hash."""

    def put(self, item):
        self.append(item)
        yield Wake(id(self))

    def get(self):
        while not self:
            yield Park(id(self))
        return self.pop(0)


if __name__ == "__main__":
    minios.run(main())

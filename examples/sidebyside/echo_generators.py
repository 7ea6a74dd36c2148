"""Echo: a server gives back what three clients send it.

A task yields Accept, Recv or SendAll to the kernel, is
put to sleep while the socket is not ready, and is resumed
with the result. The sockets are Python's own.
"""

import socket

import minios
from syscalls import Accept, Connect, Kill, Recv, SendAll, Spawn, Wait

TALKS = {"ann": ["good morning", "goodbye"],
         "bob": ["hello"],
         "cid": ["one", "two", "three"]}


def serve(listener):
    # The kernel keeps its tasks: nobody else has to.
    with listener:
        while True:
            conn, _ = yield Accept(listener)
            yield Spawn(handle(conn))


def handle(conn):
    with conn:
        while data := (yield Recv(conn, 1024)):
            yield SendAll(conn, data)


def talk(address, words):
    with socket.socket() as sock:
        # Connect and Accept make sockets non-blocking.
        yield Connect(sock, address)
        replies = []
        for word in words:
            line = f"{word}\n".encode()
            yield SendAll(sock, line)
            replies.append((yield from read_line(sock)))
        return replies


def read_line(sock):
    line = b""
    while not line.endswith(b"\n"):
        data = yield Recv(sock, 1024)
        line += data or b"(hung up)\n"
    return line.decode().strip()


def main():
    # A call that is yielded finds the kernel by itself.
    listener = socket.create_server(("127.0.0.1", 0))
    # No call blocks the kernel, whatever the socket.
    address = listener.getsockname()
    server = yield Spawn(serve(listener))
    tasks = {}
    for name, words in TALKS.items():
        talking = talk(address, words)
        tasks[name] = yield Spawn(talking)
    for name, task in tasks.items():
        for reply in (yield Wait(task)):
            print(f"{name} hears {reply}")
    yield Kill(server)


if __name__ == "__main__":
    minios.run(main())

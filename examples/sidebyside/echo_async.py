"""Echo: a server gives back what three clients send it.

A task awaits a method of the event loop, is put to sleep
while the socket is not ready, and is resumed with the
result. The sockets are Python's own.

asyncio has streams too: crawler_async.py uses them.
"""

import asyncio
import socket

TALKS = {"ann": ["good morning", "goodbye"],
         "bob": ["hello"],
         "cid": ["one", "two", "three"]}


async def serve(loop, listener):
    kept = set()        # the loop does not keep them
    with listener:
        while True:
            conn, _ = await loop.sock_accept(listener)
            kept.add(loop.create_task(handle(loop, conn)))


async def handle(loop, conn):
    with conn:
        while data := await loop.sock_recv(conn, 1024):
            await loop.sock_sendall(conn, data)


async def talk(loop, address, words):
    with socket.socket() as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, address)
        replies = []
        for word in words:
            line = f"{word}\n".encode()
            await loop.sock_sendall(sock, line)
            replies.append(await read_line(loop, sock))
        return replies


async def read_line(loop, sock):
    line = b""
    while not line.endswith(b"\n"):
        data = await loop.sock_recv(sock, 1024)
        line += data or b"(hung up)\n"
    return line.decode().strip()


async def main():
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    address = listener.getsockname()
    server = loop.create_task(serve(loop, listener))
    tasks = {}
    for name, words in TALKS.items():
        talking = talk(loop, address, words)
        tasks[name] = loop.create_task(talking)
    for name, task in tasks.items():
        for reply in await task:
            print(f"{name} hears {reply}")
    server.cancel()


if __name__ == "__main__":
    asyncio.run(main())

"""Echo: a server that sends back what its clients send, through the lowest API that is for users.

Each client has one message in flight, and sends the next when all of the last has come back.
That API is the sockets that a task waits for, and for asyncio the Protocol. Everyone receives up
to 64 KiB at a time, asyncio and uvloop by their own choice up to 256 KiB, sends all of it before it
receives more or keeps what the system did not take, and sends at once. A client that leaves, with a
goodbye or without, ends its own connection and nothing else.
"""

import asyncio
import select

import minios
from syscalls import Accept, Recv, SendAll, Spawn

from ..loads import load_of_clients

TITLE = "a message back from an echo server, by connections and bytes"
UNIT = "s"
SIZES = ((1, 64), (50, 64), (50, 1024), (50, 65536), (1000, 1024))
BARE = "epoll loop"

PIECE = 65536       # bytes that are received at a time, at most


def load(server, connections, size):
    return load_of_clients(server, connections, size)


def on_minios(listener, *size):
    def echo(sock):
        receive = Recv(sock, PIECE)     # a call may be kept, and yielded again
        with sock:
            try:
                while data := (yield receive):
                    yield SendAll(sock, data)
            except ConnectionError:
                pass

    def main():
        while True:
            sock, _ = yield Accept(listener)
            yield Spawn(echo(sock))

    minios.run(main())


def on_bare(listener, *size):
    """No tasks: a table of sockets, and of those that could not send, what they still have to."""

    def accept():
        sock, _ = listener.accept()
        sock.setblocking(False)
        sockets[sock.fileno()] = sock
        poller.register(sock, select.EPOLLIN)

    def receive(sock):
        data = sock.recv(PIECE)
        if not data:
            raise ConnectionResetError("a goodbye")
        send(sock, data)

    def send(sock, data):
        try:
            sent = sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            rests[sock.fileno()] = memoryview(data)[sent:]
            poller.modify(sock, select.EPOLLOUT)

    def send_rest(sock):
        data = rests.pop(sock.fileno())
        poller.modify(sock, select.EPOLLIN)
        send(sock, data)

    listener.setblocking(False)
    sockets, rests = {}, {}
    with select.epoll() as poller:
        poller.register(listener, select.EPOLLIN)
        while True:
            for number, events in poller.poll():
                sock = sockets.get(number)
                try:
                    if sock is None:
                        accept()
                    elif events & select.EPOLLOUT:
                        send_rest(sock)
                    else:
                        receive(sock)
                except BlockingIOError:
                    pass
                except ConnectionError:
                    sockets.pop(number).close()
                    rests.pop(number, None)


def on_asyncio(listener, run, *size):
    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, data):
            self.transport.write(data)

    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, sock=listener)
        await server.serve_forever()

    run(main())


def on_curio(listener, *size):
    import curio
    from curio.network import run_server

    async def echo(sock, address):
        try:
            while data := await sock.recv(PIECE):
                await sock.sendall(data)
        except ConnectionError:
            pass

    curio.run(run_server, curio.io.Socket(listener), echo)


def on_trio(listener, *size):
    import trio

    async def echo(sock):
        with sock:
            try:
                while data := await sock.recv(PIECE):
                    sent = await sock.send(data)
                    while sent < len(data):
                        sent += await sock.send(memoryview(data)[sent:])
            except ConnectionError:
                pass

    async def main():
        server = trio.socket.from_stdlib_socket(listener)
        async with trio.open_nursery() as nursery:
            while True:
                sock, _ = await server.accept()
                nursery.start_soon(echo, sock)

    trio.run(main)


def on_gevent(listener, *size):
    from gevent.server import StreamServer

    def echo(sock, address):
        try:
            while data := sock.recv(PIECE):
                sock.sendall(data)
        except ConnectionError:
            pass

    listener.setblocking(False)
    StreamServer(listener, echo).serve_forever()

"""Lines: a server that answers each line of 60 bytes in upper case, line by line, through streams.

Each client has one line in flight. Where a library can read a line, that is used; trio leaves it
to its users, and has here what they have written for it, a buffer over `receive_some`.
"""

import asyncio
import select

from ..loads import load_of_clients
from .echo import PIECE
from .echo_streams import serve_on_minios

TITLE = "a line answered through streams, by connections"
UNIT = "s"
SIZES = ((50,),)
BARE = "epoll loop"

_LINE = 60          # bytes, with the newline


def load(server, connections):
    return load_of_clients(server, connections, _LINE, "lines")


def on_minios(listener, connections):
    def answer(stream):
        while line := (yield from stream.readline()):
            yield from stream.write(line.upper())

    serve_on_minios(listener, answer)


def on_bare(listener, connections):
    """No streams: a buffer a socket. What the system does not take at once would end it."""

    def receive(sock, buffer):
        data = sock.recv(PIECE)
        if not data:
            raise ConnectionResetError("a goodbye")
        buffer += data
        while (end := buffer.find(b"\n") + 1):
            line = bytes(buffer[:end])
            del buffer[:end]
            sock.sendall(line.upper())

    def accept():
        sock, _ = listener.accept()
        sock.setblocking(False)
        clients[sock.fileno()] = sock, bytearray()
        poller.register(sock, select.EPOLLIN)

    clients = {}
    with select.epoll() as poller:
        poller.register(listener, select.EPOLLIN)
        while True:
            for number, _ in poller.poll():
                if number not in clients:
                    accept()
                    continue
                try:
                    receive(*clients[number])
                except OSError:
                    clients.pop(number)[0].close()


def on_asyncio(listener, run, connections):
    async def answer(reader, writer):
        try:
            while line := await reader.readline():
                writer.write(line.upper())
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def main():
        server = await asyncio.start_server(answer, sock=listener)
        await server.serve_forever()

    run(main())


def on_curio(listener, connections):
    import curio
    from curio.network import run_server

    async def answer(sock, address):
        stream = sock.as_stream()
        try:
            async for line in stream:
                await stream.write(line.upper())
        except ConnectionError:
            pass

    curio.run(run_server, curio.io.Socket(listener), answer)


def on_trio(listener, connections):
    import trio

    class Lines:
        def __init__(self, stream):
            self.stream, self.buffer = stream, bytearray()

        async def readline(self):
            seen = 0
            while not (end := self.buffer.find(b"\n", seen) + 1):
                seen = len(self.buffer)
                data = await self.stream.receive_some()
                if not data:
                    return b""
                self.buffer += data
            line = bytes(self.buffer[:end])
            del self.buffer[:end]
            return line

    async def answer(stream):
        lines = Lines(stream)
        try:
            while line := await lines.readline():
                await stream.send_all(line.upper())
        except trio.BrokenResourceError:
            pass

    async def main():
        server = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
        await trio.serve_listeners(answer, [server])

    trio.run(main)


def on_gevent(listener, connections):
    from gevent.server import StreamServer

    def answer(sock, address):
        try:
            with sock.makefile("rb") as lines:
                for line in lines:
                    sock.sendall(line.upper())
        except ConnectionError:
            pass

    listener.setblocking(False)
    StreamServer(listener, answer).serve_forever()

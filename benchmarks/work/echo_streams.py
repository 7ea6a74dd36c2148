"""Echo through streams: what each library recommends for everyday use, with its flow control.

As in echo, each client has one message in flight. The handler reads what is there, up to 64 KiB,
and has written all of it, as far as the library says so, before it reads on. gevent has no streams:
its sockets are what it recommends.
"""

import asyncio

import minios
from syscalls import Accept, Spawn

from ..loads import load_of_clients
from .echo import PIECE
from .echo import on_gevent as on_gevent

TITLE = "a message back from an echo server through streams, by connections and bytes"
UNIT = "s"
SIZES = ((1, 64), (50, 1024))


def load(server, connections, size):
    return load_of_clients(server, connections, size)


def serve_on_minios(listener, handler):
    """Run `handler(stream)` in a task for each connection, as start_server does for an address."""

    def serve(sock):
        with minios.Stream(sock) as stream:
            try:
                yield handler(stream)
            except ConnectionError:
                pass

    def main():
        while True:
            sock, _ = yield Accept(listener)
            yield Spawn(serve(sock))

    minios.run(main())


def on_minios(listener, *size):
    def echo(stream):
        while data := (yield from stream.read(PIECE)):
            yield from stream.write(data)

    serve_on_minios(listener, echo)


def on_asyncio(listener, run, *size):
    async def echo(reader, writer):
        try:
            while data := await reader.read(PIECE):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def main():
        server = await asyncio.start_server(echo, sock=listener)
        await server.serve_forever()

    run(main())


def on_curio(listener, *size):
    import curio
    from curio.network import run_server

    async def echo(sock, address):
        stream = sock.as_stream()
        try:
            while data := await stream.read(PIECE):
                await stream.write(data)
        except ConnectionError:
            pass

    curio.run(run_server, curio.io.Socket(listener), echo)


def on_trio(listener, *size):
    import trio

    async def echo(stream):
        try:
            async for data in stream:
                await stream.send_all(data)
        except trio.BrokenResourceError:
            pass

    async def main():
        server = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
        await trio.serve_listeners(echo, [server])

    trio.run(main)

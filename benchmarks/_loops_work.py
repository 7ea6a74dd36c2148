"""One measurement of benchmarks/loops.py, in a process of its own: LOOP WORK, prints ns a unit.

CPU time of the process, so that what else the machine does counts little.
"""

import asyncio
import socket
import sys
import time


def make_loop(name):
    if name == "asyncio":
        return asyncio.SelectorEventLoop()
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    from minios.aio import EventLoop

    return EventLoop(native_tasks=name == "native")


async def callbacks(loop, n=400_000):
    """call_soon chains, 100 side by side."""
    left, done = n, loop.create_future()

    def step():
        nonlocal left
        left -= 1
        if left >= 100:
            loop.call_soon(step)
        elif left == 0:
            done.set_result(None)

    start = time.process_time()
    for _ in range(100):
        loop.call_soon(step)
    await done
    return (time.process_time() - start) / n


async def switches(loop, tasks=100, turns=2000):
    """100 tasks that give way with asyncio.sleep(0)."""
    async def worker():
        for _ in range(turns):
            await asyncio.sleep(0)

    start = time.process_time()
    await asyncio.gather(*[worker() for _ in range(tasks)])
    return (time.process_time() - start) / (tasks * turns)


async def futures(loop, tasks=50, turns=3000):
    """A Future that a callback sets, awaited."""
    async def worker():
        for _ in range(turns):
            future = loop.create_future()
            loop.call_soon(future.set_result, None)
            await future

    start = time.process_time()
    await asyncio.gather(*[worker() for _ in range(tasks)])
    return (time.process_time() - start) / (tasks * turns)


async def create_task(loop, tasks=20, turns=4000):
    """A task that does nothing, created and awaited."""
    async def nothing():
        pass

    async def worker():
        for _ in range(turns):
            await loop.create_task(nothing())

    start = time.process_time()
    await asyncio.gather(*[worker() for _ in range(tasks)])
    return (time.process_time() - start) / (tasks * turns)


async def timers(loop, n=60_000):
    """call_later, nine of ten cancelled."""
    start = time.process_time()
    handles = [loop.call_later(0.05 + i * 1e-7, int) for i in range(n)]
    for i, handle in enumerate(handles):
        if i % 10:
            handle.cancel()
    await asyncio.sleep(0.1)
    return (time.process_time() - start) / n


def _client(port, connections, messages):
    """The load: in a thread of blocking sockets of a forked process."""
    import os

    pid = os.fork()
    if pid:
        return pid
    try:
        socks = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        data = b"x" * 1024
        for _ in range(messages // connections):
            for sock in socks:
                sock.sendall(data)
            for sock in socks:
                got = 0
                while got < len(data):
                    got += len(sock.recv(65536))
    finally:
        os._exit(0)


async def _echo(loop, server, messages, connections=50):
    import os

    port = server.sockets[0].getsockname()[1]
    start = time.process_time()
    pid = _client(port, connections, messages)
    while True:
        await asyncio.sleep(0.02)
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
    took = (time.process_time() - start) / messages
    server.close()
    return took


async def stream_echo(loop, messages=40_000):
    """Echo of 1 KiB through asyncio's streams, 50 connections: CPU of the server a message."""
    async def handle(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    return await _echo(loop, await asyncio.start_server(handle, "127.0.0.1", 0), messages)


async def protocol_echo(loop, messages=60_000):
    """The same through a Protocol."""
    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, data):
            self.transport.write(data)

    return await _echo(loop, await loop.create_server(Echo, "127.0.0.1", 0), messages)


async def generator_switch(loop, tasks=100, turns=3000):
    """A generator task's bare yield on the loop's kernel."""
    def worker():
        for _ in range(turns):
            yield

    def main():
        children = [kernel.spawn(worker()) for _ in range(tasks)]
        start = time.process_time()
        for child in children:
            yield from child
        return (time.process_time() - start) / (tasks * turns)

    kernel = loop.kernel
    return await kernel.spawn(main())


def bare_switch(tasks=100, turns=3000):
    """The same on a kernel without a loop."""
    import minios

    def worker():
        for _ in range(turns):
            yield

    def main():
        kernel = minios.current_kernel()
        children = [kernel.spawn(worker()) for _ in range(tasks)]
        start = time.process_time()
        for child in children:
            yield from child
        return (time.process_time() - start) / (tasks * turns)

    return minios.run(main())


def main():
    name, work = sys.argv[1:]
    if name == "kernel":
        print(bare_switch() * 1e9)
        return
    loop = make_loop(name)
    asyncio.set_event_loop(loop)
    print(loop.run_until_complete(globals()[work](loop)) * 1e9)


if __name__ == "__main__":
    main()

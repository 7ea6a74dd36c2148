"""Programs that use the public surface, for the type checker: CI runs mypy --strict on them.

They are not run. What a reader's own checker would say of correct code is nothing; the lines
with an `ignore` are wrong, and mypy says so where one of them is accepted.
"""

import signal
import socket
from collections.abc import Generator
from typing import Any, assert_type

import minios
from minios.sim import VirtualClock
from syscalls import Kill, Park, Recv, Sleep, Spawn, SystemCall, Wait, Wake


def generator(seconds: float) -> Generator[SystemCall | None, Any, str]:
    yield Sleep(seconds)
    yield None
    yield from Sleep(seconds)
    return "done"


async def coroutine(sock: socket.socket) -> bytes:
    task = await Spawn(generator(1), name="child", daemon=True)
    await Kill(task, signal.SIGTERM)
    await Wake("channel", n=None)
    data: bytes = await Recv(sock, 1024)
    return data


def use(sock: socket.socket) -> None:
    kernel = minios.Kernel(clock=VirtualClock(), grace=1, max_tasks=10)
    task = kernel.spawn(generator(0.5), name="name")
    assert_type(task, minios.Task)
    assert_type(task.tid, int)
    assert_type(task.state, str)
    assert_type(task.parent, minios.Task | None)
    assert_type(task.done(), bool)
    assert_type(task.kill(), bool)
    kernel.call_from_thread(print, "hello")
    kernel.run(coroutine(sock))
    minios.run(generator(1), name="main", clock=VirtualClock())
    minios.current_task().frames()


class Mine(SystemCall):
    def handle(self, kernel: minios.Kernel, task: minios.Task) -> None:
        kernel.resume(task, "value")


def library() -> Generator[Any, Any, None]:
    queue: minios.Queue[int] = minios.Queue(maxsize=1)
    yield from queue.put(1)
    item: int = yield from queue.get()
    lock = minios.Lock()
    with (yield from lock):
        pass
    with minios.timeout(1) as limit, minios.TaskGroup() as group:
        task = group.spawn(generator(item))
        yield from group.join()
    assert_type(task, minios.Task)
    assert_type(limit.expired(), bool)
    stream = yield from minios.open_connection("localhost", 80, ssl=True)
    assert_type(stream, minios.Stream)
    line = yield from stream.readline()
    assert_type(line, bytes)
    results = yield from minios.gather(generator(1), coroutine(socket.socket()))
    results.sort()
    done = yield from minios.run_process(["true"], capture_output=True)
    done.check_returncode()
    number = yield from minios.to_thread(len, "abc")
    assert_type(number, int)
    deferred = minios.Deferred().done(print).then(str, repr)
    yield deferred
    yield minios.when(deferred, 1)


async def handler(stream: minios.Stream) -> None:
    async for line in stream:
        await stream.write(line)


async def library_in_a_coroutine() -> None:
    async with minios.Lock(), minios.Semaphore(2), minios.TaskGroup() as group:
        group.spawn(coroutine(socket.socket()), daemon=True)
    async with await minios.start_server(handler, "localhost", 0) as server:
        await server.serve_forever()
    queue: minios.PriorityQueue[str] = minios.PriorityQueue()
    async for item in queue:
        assert_type(item, str)
    async with await minios.open_connection("localhost", 80) as stream:
        assert_type(await stream.readexactly(3), bytes)


def wrong(sock: socket.socket) -> None:
    Sleep("1")  # type: ignore[arg-type]
    Wait("main")  # type: ignore[arg-type]
    Park([])  # type: ignore[arg-type]
    Spawn(generator)  # type: ignore[arg-type]
    Recv("socket", 1)  # type: ignore[arg-type]
    minios.run(generator)  # type: ignore[arg-type]
    minios.timeout("1")  # type: ignore[arg-type]
    minios.TaskGroup().spawn(generator)  # type: ignore[arg-type]
    minios.open_connection(80, "localhost")  # type: ignore[arg-type]

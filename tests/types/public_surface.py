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


def wrong(sock: socket.socket) -> None:
    Sleep("1")  # type: ignore[arg-type]
    Wait("main")  # type: ignore[arg-type]
    Park([])  # type: ignore[arg-type]
    Spawn(generator)  # type: ignore[arg-type]
    Recv("socket", 1)  # type: ignore[arg-type]
    minios.run(generator)  # type: ignore[arg-type]

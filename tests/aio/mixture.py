"""A program that uses a bit of everything of both worlds."""

import asyncio
import socket

import pytest

from minios.aio import aio
from syscalls import Recv, Sleep

__all__ = ["all_kinds"]


async def all_kinds(kernel):
    """Use a bit of everything."""
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        task = kernel.spawn(receives(left))
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(right, b"data")
        await task
        await asyncio.gather(asyncio.sleep(0.001), asyncio.sleep(0))
        await Sleep(0.001)
        loop.call_later(1000, print).cancel()
        loop.call_later(1000, print)
    with pytest.raises(ZeroDivisionError):
        await kernel.spawn(fails())
    await kernel.spawn(aio_in_generator())


def receives(sock):
    assert (yield Recv(sock, 10)) == b"data"


def fails():
    yield
    raise ZeroDivisionError


def aio_in_generator():
    yield from aio(asyncio.sleep(0))

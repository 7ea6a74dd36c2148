"""Every system call from a coroutine of asyncio."""

import asyncio
import os
import signal
import socket

import pytest

import minios
import syscalls
from minios.aio import aio
from syscalls.base import SystemCall

from .worlds import DRIVERS, World, settle

CALLS = {}      # the name of a call -> an `async` function (world) that makes it and checks


def call(function):
    """Enter a function that is named as the call it makes."""
    CALLS[function.__name__] = function
    return function


def number(n=7):
    yield from settle(2)
    return n


async def pair(world):
    sockets = socket.socketpair()
    for sock in sockets:
        sock.setblocking(False)
        world.opened.append(sock)
    return sockets


@call
async def GetTid(world):
    assert isinstance(await syscalls.GetTid(), int)


@call
async def GetTask(world):
    assert (await syscalls.GetTask()).tid > 0


@call
async def GetParent(world):
    assert isinstance(await syscalls.GetParent(), int)


@call
async def Spawn(world):
    task = await syscalls.Spawn(number())
    assert await task == 7 and task.done()


@call
async def Wait(world):
    assert await syscalls.Wait(world.kernel.spawn(number())) == 7


@call
async def WaitAny(world):
    tasks = [world.kernel.spawn(settle(1000)), world.kernel.spawn(number())]
    assert await syscalls.WaitAny(tasks) is tasks[1]
    tasks[0].kill()


@call
async def Kill(world):
    task = world.kernel.spawn(settle(1000))
    assert await syscalls.Kill(task) is True
    with pytest.raises(minios.TaskKilledError):
        await syscalls.Wait(task)
    assert await syscalls.Kill(task) is False
    assert await syscalls.Kill(10**6) is False


@call
async def Nice(world):
    assert await syscalls.Nice(0) == 0


@call
async def SetName(world):
    assert await syscalls.SetName("named") is None


@call
async def Tasks(world):
    task = world.kernel.spawn(settle(1000), "listed")
    assert "listed" in [info.name for info in await syscalls.Tasks()]
    task.kill()


@call
async def Sleep(world):
    before = world.loop.time()
    assert await syscalls.Sleep(5) is None
    assert world.loop.time() == before + 5


@call
async def SleepUntil(world):
    assert await syscalls.SleepUntil(world.loop.time() + 3) is None


@call
async def Now(world):
    assert await syscalls.Now() == world.loop.time()


@call
async def ReadWait(world):
    left, right = await pair(world)
    world.loop.call_soon(right.send, b".")
    assert await syscalls.ReadWait(left) is None
    assert left.recv(10) == b"."


@call
async def WriteWait(world):
    left, right = await pair(world)
    assert await syscalls.WriteWait(left) is None


@call
async def Recv(world):
    left, right = await pair(world)
    world.loop.call_soon(right.send, b"data")
    assert await syscalls.Recv(left, 10) == b"data"


@call
async def RecvInto(world):
    left, right = await pair(world)
    buffer = bytearray(4)
    world.loop.call_soon(right.send, b"data")
    assert await syscalls.RecvInto(left, buffer) == 4 and buffer == b"data"


@call
async def Send(world):
    left, right = await pair(world)
    assert await syscalls.Send(left, b"data") == 4


@call
async def SendAll(world):
    left, right = await pair(world)
    reading = world.kernel.spawn(receives(right, 10**6))
    await syscalls.SendAll(left, b"x" * 10**6)
    assert await reading == 10**6


def receives(sock, n):
    got = 0
    while got < n:
        got += len((yield syscalls.Recv(sock, 65536)))
    return got


async def datagrams(world):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        world.opened.append(sock)
    return sockets


@call
async def SendTo(world):
    one, two = await datagrams(world)
    assert await syscalls.SendTo(one, b"data", two.getsockname()) == 4


@call
async def RecvFrom(world):
    one, two = await datagrams(world)
    one.sendto(b"data", two.getsockname())
    assert await syscalls.RecvFrom(two, 10) == (b"data", one.getsockname())


async def listener(world):
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    world.opened.append(sock)
    return sock


@call
async def Accept(world):
    listening = await listener(world)
    world.opened.append(socket.create_connection(listening.getsockname()))
    accepted, address = await syscalls.Accept(listening)
    accepted.close()


@call
async def Connect(world):
    listening = await listener(world)
    sock = socket.socket()
    world.opened.append(sock)
    sock.setblocking(False)
    await syscalls.Connect(sock, listening.getsockname())
    assert sock.getpeername() == listening.getsockname()


@call
async def Close(world):
    left, right = await pair(world)
    await syscalls.Close(left)
    assert left.fileno() == -1


@call
async def Read(world):
    reader, writer = os.pipe()
    with open(reader, "rb", 0) as reading, open(writer, "wb", 0) as writing:
        writing.write(b"data")
        assert await syscalls.Read(reading, 10) == b"data"


@call
async def Write(world):
    reader, writer = os.pipe()
    with open(reader, "rb", 0) as reading, open(writer, "wb", 0) as writing:
        assert await syscalls.Write(writing, b"data") == 4
        assert reading.read(10) == b"data"


@call
async def SigWait(world):
    # The kernel takes the signal over at the first wait.
    world.loop.call_later(1, os.kill, os.getpid(), signal.SIGUSR1)
    assert await syscalls.SigWait(signal.SIGUSR1) == signal.SIGUSR1


@call
async def Offload(world):
    assert await syscalls.Offload(max, 1, 2) == 2


@call
async def Await(world):
    assert await syscalls.Await(asyncio.sleep(1, "slept")) == "slept"


@call
async def Park(world):
    def wakes():
        yield from settle(3)
        yield syscalls.Wake("channel", 1, "value")

    world.kernel.spawn(wakes())
    assert await syscalls.Park("channel") == "value"


@call
async def Wake(world):
    def parks():
        return (yield syscalls.Park("channel"))

    task = world.kernel.spawn(parks())
    await syscalls.Sleep(1)
    await syscalls.Wake("channel", 1, "value")
    assert await task == "value"


@pytest.mark.parametrize("name", [
    name for name in syscalls.__all__
    if isinstance(getattr(syscalls, name), type) and issubclass(getattr(syscalls, name), SystemCall)
    and name != "SystemCall"
])
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_coroutine_makes_the_system_call(native, driver, name):
    world = World(driver, native)
    world.opened = []

    def main():
        yield from aio(world.loop.create_task(CALLS[name](world)))
        yield from settle()

    world.run(main())
    for sock in world.opened:
        sock.close()
    # A registration may outlive what was closed without Close: see poller.py.
    assert not [each for each in world.leftovers() if not each.endswith("is registered")]
    world.end()


@pytest.mark.parametrize("error, wrong", [
    (OSError, lambda: syscalls.ReadWait(10**6)),
    (ValueError, lambda: syscalls.SleepUntil(float("nan"))),
    (minios.NoSuchTaskError, lambda: syscalls.Wait(10**6)),
    (TypeError, lambda: syscalls.ReadWait("x")),
    (TypeError, lambda: syscalls.Spawn(settle)),
])
@pytest.mark.parametrize("driver", DRIVERS)
def test_what_a_call_refuses_is_raised_in_the_coroutine(native, driver, error, wrong):
    world = World(driver, native)

    async def coroutine():
        with pytest.raises(error):
            await wrong()
        return "goes on"

    def main():
        return (yield from aio(world.loop.create_task(coroutine())))

    assert world.run(main()) == "goes on"
    assert not world.leftovers()
    world.end()

"""Victims that yield system calls themselves."""

import contextlib
import os
import signal
import socket
import time

from minios import Deferred
from syscalls import (
    Accept,
    Close,
    Connect,
    GetParent,
    GetTask,
    GetTid,
    Kill,
    Nice,
    Now,
    Offload,
    Park,
    Read,
    ReadWait,
    Recv,
    RecvFrom,
    RecvInto,
    Send,
    SendAll,
    SendTo,
    SetName,
    SigWait,
    Sleep,
    SleepUntil,
    Spawn,
    Tasks,
    Wait,
    WaitAny,
    Wake,
    Write,
    WriteWait,
)
from syscalls.sockets import close

from ..suspension_points import scenario

BIG = 300_000       # bytes, more than a socket or a pipe takes at once


def sockets(world, kind=socket.SOCK_STREAM):
    """Two connected sockets, closed at the end of the world."""
    ends = socket.socketpair(socket.AF_UNIX, kind)
    for end in ends:
        end.setblocking(False)
        world.keep(end)
    return ends


def listener(world):
    """A listening TCP socket, and its address."""
    sock = world.keep(socket.create_server(("127.0.0.1", 0)))
    sock.setblocking(False)
    return sock, sock.getsockname()


@contextlib.contextmanager
def closing(sock):
    """As `with sock:`, but the kernel hears of it."""
    try:
        yield sock
    finally:
        close(sock)


def later(function, *arguments):
    """A task that calls a plain function after a second."""
    yield Sleep(1)
    function(*arguments)


def drain(sock, total):
    """A task that receives `total` bytes, or up to the end."""
    while total > 0:
        data = yield Recv(sock, 65536)
        if not data:
            return
        total -= len(data)


@scenario
def sleeping(world):
    def victim():
        yield Sleep(1)
        yield Sleep(0)
        yield
        yield SleepUntil((yield Now()) + 1)

    yield from world.victim(victim())


@scenario
def calls_that_are_answered_at_once(world):
    def nothing():
        yield

    def victim():
        yield Nice(1)
        yield SetName("still the victim")
        tid, task, parent = (yield GetTid()), (yield GetTask()), (yield GetParent())
        assert task.tid == tid and parent == 1
        assert task.tid in [info.tid for info in (yield Tasks())]
        child = yield Spawn(nothing())
        yield Wake("nobody")
        yield Kill(child)
        left, right = socket.socketpair()
        with left, right:
            yield Close(left)

    yield from world.victim(victim())


@scenario
def waiting_for_a_task(world):
    def works():
        yield Sleep(1)
        return 42

    task = world.spawn(works())

    def victim():
        assert (yield Wait(task)) == 42

    yield from world.victim(victim())
    assert (yield Wait(task)) == 42


@scenario
def waiting_for_the_first_of_several(world):
    tasks = [world.spawn(later(list)) for _ in range(3)]

    def victim():
        assert (yield WaitAny(tasks)) in tasks

    yield from world.victim(victim())
    for task in tasks:
        yield Wait(task)


@scenario
def parking(world):
    handed, got = [], []

    def wakes():
        for item in "abc":
            yield Sleep(1)
            if (yield Wake("channel", 1, item)):
                handed.append(item)

    def victim():
        for _ in "abc":
            got.append((yield Park("channel")))

    waker = world.spawn(wakes())
    yield from world.victim(victim())
    yield Wait(waker)
    # SIGKILL asks nobody, and takes the value along: that is what Wake says.
    got += [item for item in [world.assassin.taken_along] if item is not None]
    world.expect("items", handed == got, f"{handed} {got}")


@scenario
def waiting_for_a_unix_signal(world):
    def victim():
        assert (yield SigWait({signal.SIGUSR1, signal.SIGUSR2})) == signal.SIGUSR1
        assert (yield SigWait(signal.SIGUSR2)) == signal.SIGUSR2

    def sends():
        for signum in (signal.SIGUSR1, signal.SIGUSR2):
            yield Sleep(1)
            os.kill(os.getpid(), signum)

    yield SigWaitOnce(signal.SIGUSR1, signal.SIGUSR2)
    sender = world.spawn(sends())
    yield from world.victim(victim())
    yield Wait(sender)
    yield
    world.expect("registrations", not world.kernel.interrupts.has_waiters())


class SigWaitOnce(SigWait):
    """Catches the signals from now on, and waits for none."""

    def __init__(self, *signums):
        super().__init__(signums)

    def handle(self, kernel, task):
        for signum in self.signums:
            kernel.interrupts.catch(signum)
        kernel.resume(task)


@scenario
def offloading(world):
    def victim():
        assert (yield Offload(divmod, 7, 2)) == (3, 1)
        yield Offload(time.sleep, 0.002)

    yield from world.victim(victim())


@scenario
def waiting_for_a_deferred(world):
    first, second = Deferred(), Deferred()
    world.spawn(later(first.resolve, 1))
    world.spawn(later(second.reject, ValueError("expected")))
    second.fail(id)

    def victim():
        assert (yield first) == 1
        try:
            yield second
        except ValueError:
            pass

    yield from world.victim(victim())
    assert (yield first) == 1


@scenario
def waiting_until_a_descriptor_is_ready(world):
    left, right = sockets(world)
    full = b"x" * BIG
    while True:
        try:
            right.send(full)
        except BlockingIOError:
            break

    def victim():
        yield WriteWait(right.fileno())
        yield ReadWait(right)
        assert right.recv(10) == b"hello"

    world.spawn(later(left.recv, 10 * BIG))
    world.spawn(later(left.send, b"hello"))
    yield from world.victim(victim())
    yield Sleep(1)


@scenario
def receiving(world):
    left, right = sockets(world)
    sent, got = [], bytearray()

    def sends():
        for _ in range(4):
            yield Sleep(1)
            sent.append(right.send(b"0123456789"))

    def victim():
        got.extend((yield Recv(left, 100)))
        buffer = bytearray(100)
        n = yield RecvInto(left, buffer)
        got.extend(buffer[:n])
        data, _ = yield RecvFrom(left, 100)
        got.extend(data)
        got.extend((yield Read(left, 100)))

    sender = world.spawn(sends())
    yield from world.victim(victim())
    yield Wait(sender)
    got.extend(rest_of(left))
    taken = 10 if world.assassin.taken_along is not None else 0
    world.expect("items", len(got) + taken == 40, f"{len(got)} of 40 bytes")


def rest_of(sock):
    try:
        return sock.recv(1000)
    except BlockingIOError:
        return b""


@scenario
def sending(world):
    left, right = sockets(world)
    drainer = world.spawn(drain(right, 10 * BIG))

    def victim():
        data = memoryview(b"x" * BIG)
        yield SendAll(left, data)
        while data:
            data = data[(yield Send(left, data)):]
        data = memoryview(b"x" * BIG)
        while data:
            data = data[(yield Write(left, data)):]

    yield from world.victim(victim())
    left.close()
    yield Wait(drainer)


@scenario
def sending_datagrams(world):
    receiver = world.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    sender = world.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    address = f"\0minios-{os.getpid()}-{id(world)}"      # in the abstract namespace (unix(7))
    receiver.bind(address)
    sender.connect(address)     # or else poll(2) says nothing of the receiver's queue
    receiver.setblocking(False)

    def receives():
        while (yield Recv(receiver, 100)) != b"end":
            yield Sleep(0.1)

    def victim():
        for _ in range(20):     # more than fit into the receiver's queue
            yield SendTo(sender, b"hello", address)

    task = world.spawn(receives())
    yield from world.victim(victim())
    yield SendTo(sender, b"end", address)
    yield Wait(task)


@scenario
def accepting(world):
    sock, address = listener(world)
    client = world.keep(socket.socket())
    client.setblocking(False)
    world.spawn(later(client.connect_ex, address))

    def victim():
        connection, _ = yield Accept(sock)
        with closing(connection):
            assert (yield Recv(connection, 5)) == b"hello"

    def speaks():
        yield Sleep(2)
        yield Send(client, b"hello")

    speaker = world.spawn(speaks())
    yield from world.victim(victim())
    yield Wait(speaker)


@scenario
def connecting(world):
    sock, address = listener(world)

    def victim():
        with closing(socket.socket()) as client:
            yield Connect(client, address)
            yield Send(client, b"hello")

    yield from world.victim(victim())

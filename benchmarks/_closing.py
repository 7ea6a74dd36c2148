"""Closed while waited for: how soon a waiter hears of it, and whether a stranger ever does."""

import os
import socket
import time
from errno import EBADF

from _child import Row

import minios
from minios import Stream
from syscalls import Close, Read, Recv, Sleep, Spawn, Wait

NAME = "closed while waited for"
_PATIENCE = 2.0     # seconds for a waiter to wake


# --- The ways to close: (what is waited for, the call that waits, a routine that closes it) ------


def by_call(sock):
    return Recv(sock, 10), lambda: iter(Close(sock))


def by_stream(sock):
    stream = Stream(sock)
    return stream.read(10), stream.close


def by_method(sock):
    return Recv(sock, 10), lambda: plainly(sock.close)


def by_number(sock):
    fd = sock.detach()
    return Read(fd, 10), lambda: plainly(lambda: os.close(fd))


def under_the_socket(sock):
    return Recv(sock, 10), lambda: plainly(lambda: os.close(sock.fileno()))


def plainly(function):
    function()
    return
    yield


WAYS = {
    "yield Close(sock)": by_call,
    "yield from stream.close()": by_stream,
    "sock.close()": by_method,
    "os.close(fd), waited for by number": by_number,
    "os.close(sock.fileno()), waited for by sock": under_the_socket,
}


# --- Measuring -------------------------------------------------------------------------------


def waiter(call, woken):
    """Wait, and note in `woken` with which error and in which round that ended."""
    kernel = minios.current_kernel()
    try:
        yield call
        error = 0
    except OSError as failure:
        error = failure.errno
    woken.append((error, kernel.rounds))


def stranger(sock):
    """Wait for the new owner of the number; what it reads, or None if it was disturbed."""
    try:
        return (yield Recv(sock, 10))
    except (OSError, minios.KernelError):
        return None


def close_one_by_one(way, times):
    """A routine; returns how many waiters woke, the most rounds it took, strangers disturbed."""
    kernel = minios.current_kernel()
    heard, longest, disturbed = 0, 0, 0
    for _ in range(times):
        left, right = socket.socketpair()
        call, close = way(left)
        woken = []
        task = yield Spawn(waiter(call, woken))
        yield Sleep(0)
        fd = left.fileno() if left.fileno() >= 0 else call.file
        before = kernel.rounds
        yield from close()
        # The number is taken again at once, before anybody can have looked.
        other, peer = socket.socketpair()
        if fd not in (other.fileno(), peer.fileno()):
            raise RuntimeError("the number was not used again")
        if peer.fileno() == fd:
            other, peer = peer, other
        strange = yield Spawn(stranger(other))
        try:
            with minios.timeout(_PATIENCE):
                yield Wait(task)
        except TimeoutError:
            task.kill()
        if woken and woken[0][0] == EBADF:
            heard += 1
            longest = max(longest, woken[0][1] - before)
        right.close()           # what the old waiter would have woken for
        yield Sleep(0)
        early = strange.done()
        peer.send(b"x")
        disturbed += (yield Wait(strange)) != b"x" or early
        if left.fileno() == fd:
            left.detach()       # or it would close the number once more
        other.close()
        peer.close()
        if not heard:
            break               # it never will be, and each time takes _PATIENCE
    return heard, longest, disturbed


def close_all_at_once(way, number):
    """A routine; returns how many of `number` waiters woke, in how many rounds and seconds."""
    kernel = minios.current_kernel()
    pairs = [socket.socketpair() for _ in range(number)]
    woken, tasks, closes = [], [], []
    for left, _ in pairs:
        call, close = way(left)
        closes.append(close)
        tasks.append((yield Spawn(waiter(call, woken))))
    yield Sleep(0)
    before = kernel.rounds
    for close in closes:
        yield from close()
    last, closed = kernel.rounds, time.perf_counter()
    try:
        with minios.timeout(_PATIENCE):
            for task in tasks:
                yield Wait(task)
        seconds = time.perf_counter() - closed
    except TimeoutError:
        for task in tasks:
            task.kill()
        yield Sleep(0)
        seconds = _PATIENCE
    heard = [rounds for error, rounds in woken if error == EBADF]
    for left, right in pairs:
        left.detach()
        right.close()
    # Closing with a call takes rounds itself: from the last one on, then.
    rounds = max(heard, default=before) - (before if last == before else last)
    return len(heard), max(0, rounds), seconds


def measure(quick):
    """Rows, two for each way to close."""
    times = 100 if quick else 1000
    for text, way in WAYS.items():
        heard, longest, disturbed = run(close_one_by_one(way, times))
        met = heard == times and longest <= 1 and not disturbed
        figure = f"{heard} woken with EBADF, in {longest} rounds, {disturbed} strangers disturbed"
        yield Row(NAME, f"{text}, number reused at once, {times} times", figure,
                  f"{times}, 1 round, 0", met)
    for text, way in WAYS.items():
        heard, rounds, seconds = run(close_all_at_once(way, times))
        figure = f"{heard} woken with EBADF, in {rounds} rounds, {seconds * 1e3:.1f} ms"
        yield Row(NAME, f"{text}, {times} at once", figure, f"{times}", heard == times)


def run(routine):
    return minios.Kernel().run(routine)

"""What a victim may be suspended in, on either side of the border: each with what comes of it when
its wait is cancelled. See test_faults.py, which strikes the victims."""

import asyncio
import socket
import threading
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import minios
from syscalls import Recv, Sleep

__all__ = ["ASYNCIO_TASK", "CLEANS", "NATIVE_TASK", "PROMPT", "RAISES", "SHIELDED", "SWALLOWS",
           "WAITS", "Case", "Mine"]

PROMPT = "ends at once"
SWALLOWS = "swallows its cancellation"
RAISES = "raises another error"
CLEANS = "takes several turns to clean up"
SHIELDED = "goes on by itself"

ASYNCIO_TASK, NATIVE_TASK = "a task of asyncio's", "a native task"

LONG = 1e6      # seconds

Wait = namedtuple("Wait", "name manner needs routine")
WAITS = []


class Mine(Exception):
    """The error of what is waited for."""


def wait(manner=PROMPT, needs=None):
    """Enter an `async` function of a Case among WAITS. `needs`: ASYNCIO_TASK where it has to run in
    a task of asyncio's, NATIVE_TASK where that must be a native one or the kernel's own."""
    def enter(routine):
        WAITS.append(Wait(routine.__name__, manner, needs, routine))
        return routine

    return enter


class Case:
    """What belongs to one victim's wait, and is undone in `end`."""

    def __init__(self, world, pause=1.0):
        self.world, self.kernel, self.pause = world, world.kernel, pause
        self.cleaned = 0            # turns of clean-up that are over
        self.background = []        # what goes on by itself
        self._undo = []

    @property
    def loop(self):
        """The loop, which may move in later."""
        return self.world.loop

    def undo(self, function, *arguments):
        """Let `function` be called in the end."""
        self._undo.append((function, arguments))

    def pair(self):
        """Two connected sockets."""
        pair = socket.socketpair()
        for sock in pair:
            sock.setblocking(False)
            self.undo(sock.close)
        return pair

    def end(self):
        """Release all."""
        for task in self.background:
            task.cancel()
        while self._undo:
            function, arguments = self._undo.pop()
            function(*arguments)


# --- Futures and tasks -----------------------------------------------------------------------


@wait()
async def a_future(case):
    await case.loop.create_future()


@wait()
async def a_task(case):
    await case.loop.create_task(asyncio.sleep(LONG))


@wait()
async def a_task_in_a_task(case):
    async def inner():
        await case.loop.create_task(asyncio.sleep(LONG))

    await case.loop.create_task(inner())


@wait()
async def a_gathering(case):
    await asyncio.gather(asyncio.sleep(LONG), asyncio.sleep(LONG))


@wait(needs=ASYNCIO_TASK)
async def a_group(case):
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(LONG))
        group.create_task(asyncio.sleep(LONG))


@wait(needs=ASYNCIO_TASK)
async def a_limit(case):
    async with asyncio.timeout(LONG):
        await asyncio.sleep(LONG)


@wait(SWALLOWS)
async def a_coroutine_that_swallows(case):
    try:
        await asyncio.sleep(LONG)
    except asyncio.CancelledError:
        return "swallowed"


@wait(SWALLOWS)
async def a_task_that_swallows(case):
    return await case.loop.create_task(a_coroutine_that_swallows(case))


@wait(RAISES)
async def a_coroutine_that_raises(case):
    try:
        await asyncio.sleep(LONG)
    except asyncio.CancelledError:
        raise Mine from None


@wait(RAISES)
async def a_task_that_raises(case):
    await case.loop.create_task(a_coroutine_that_raises(case))


@wait(CLEANS)
async def a_coroutine_that_cleans_up(case):
    try:
        await asyncio.sleep(LONG)
    finally:
        for _ in range(3):
            await asyncio.sleep(case.pause)
            case.cleaned += 1


@wait(CLEANS)
async def a_task_that_cleans_up(case):
    await case.loop.create_task(a_coroutine_that_cleans_up(case))


@wait(SHIELDED)
async def a_shielded_future(case):
    inner = case.loop.create_task(asyncio.sleep(LONG))
    case.background.append(inner)
    await asyncio.shield(inner)


# --- Tasks of the kernel ---------------------------------------------------------------------


def sleeper(case):
    yield Sleep(LONG)


def swallower(case):
    try:
        yield Sleep(LONG)
    except minios.Cancelled:
        return "swallowed"


def raiser(case):
    try:
        yield Sleep(LONG)
    except minios.Cancelled:
        raise Mine from None


def cleaner(case):
    try:
        yield Sleep(LONG)
    except minios.Cancelled:
        for _ in range(3):
            yield Sleep(case.pause)
            case.cleaned += 1
        raise


@wait()
async def a_generator(case):
    return await case.kernel.spawn(sleeper(case))


@wait(SWALLOWS)
async def a_generator_that_swallows(case):
    return await case.kernel.spawn(swallower(case))


@wait(RAISES)
async def a_generator_that_raises(case):
    return await case.kernel.spawn(raiser(case))


@wait(CLEANS)
async def a_generator_that_cleans_up(case):
    return await case.kernel.spawn(cleaner(case))


@wait(SWALLOWS)
async def a_generator_that_waits_for_a_task_that_swallows(case):
    def routine():
        return (yield from minios.aio.aio(a_coroutine_that_swallows(case)))

    return await case.kernel.spawn(routine())


# --- What synchronizes -----------------------------------------------------------------------


@wait()
async def an_event_of_asyncio(case):
    await asyncio.Event().wait()


@wait()
async def a_queue_of_asyncio(case):
    await asyncio.Queue().get()


@wait()
async def a_lock_of_asyncio(case):
    lock = asyncio.Lock()
    await lock.acquire()
    async with lock:
        pass


@wait(needs=NATIVE_TASK)
async def an_event_of_minios(case):
    await minios.Event().wait()


@wait(needs=NATIVE_TASK)
async def a_queue_of_minios(case):
    await minios.Queue().get()


@wait(needs=NATIVE_TASK)
async def a_semaphore_of_minios(case):
    semaphore = minios.Semaphore(0)
    await semaphore.acquire()


@wait()
async def a_sleep_of_asyncio(case):
    await asyncio.sleep(LONG)


@wait()
async def a_sleep_of_minios(case):
    await Sleep(LONG)


# --- What is outside -------------------------------------------------------------------------


@wait()
async def a_socket_of_asyncio(case):
    await case.loop.sock_recv(case.pair()[0], 100)


@wait()
async def a_socket_of_minios(case):
    await Recv(case.pair()[0], 100)


@wait()
async def a_stream_of_asyncio(case):
    reader, writer = await asyncio.open_connection(sock=case.pair()[0])
    try:
        await reader.readline()
    finally:
        writer.close()


@wait()
async def a_thread(case):
    release, executor = threading.Event(), ThreadPoolExecutor(1)
    case.undo(executor.shutdown)
    case.undo(release.set)
    await case.loop.run_in_executor(executor, release.wait)

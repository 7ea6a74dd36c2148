"""Two tasks that wake each other, in turns: each waits for its event, and sets the other's.

A hand-over is one wait and one set, and one event made ready for the next time: it is cleared, but
in trio, whose events happen once, another is made. Both tasks wait before the clock is started, and
it is stopped when both have ended, which neither can before all hand-overs were made.
"""

import asyncio
from time import process_time

import minios
from syscalls import Spawn, Wait

from ..effort import times

TITLE = "one hand-over by an event, of two tasks"
UNIT = "s"
SIZES = ((),)

_HANDOVERS = 200_000


def on_minios():
    rounds = times(_HANDOVERS) // 2
    ping, pong = minios.Event(), minios.Event()

    def player(mine, other):
        for _ in range(rounds):
            yield from mine.wait()
            mine.clear()
            other.set()

    def main():
        first = yield Spawn(player(ping, pong))
        second = yield Spawn(player(pong, ping))
        yield
        start = process_time()
        ping.set()
        yield Wait(first)
        yield Wait(second)
        return (process_time() - start) / (2 * rounds)

    return minios.run(main())


def on_asyncio(run):
    rounds = times(_HANDOVERS) // 2

    async def player(mine, other):
        for _ in range(rounds):
            await mine.wait()
            mine.clear()
            other.set()

    async def main():
        ping, pong = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(player(ping, pong))
        second = asyncio.create_task(player(pong, ping))
        await asyncio.sleep(0)
        start = process_time()
        ping.set()
        await first
        await second
        return (process_time() - start) / (2 * rounds)

    return run(main())


def on_curio():
    import curio

    rounds = times(_HANDOVERS) // 2

    async def player(mine, other):
        for _ in range(rounds):
            await mine.wait()
            mine.clear()
            await other.set()

    async def main():
        ping, pong = curio.Event(), curio.Event()
        first = await curio.spawn(player, ping, pong)
        second = await curio.spawn(player, pong, ping)
        await curio.sleep(0)
        start = process_time()
        await ping.set()
        await first.join()
        await second.join()
        return (process_time() - start) / (2 * rounds)

    return curio.run(main)


def on_trio():
    import trio

    rounds = times(_HANDOVERS) // 2
    events = [trio.Event(), trio.Event()]

    async def player(mine, other):
        for _ in range(rounds):
            await events[mine].wait()
            events[mine] = trio.Event()
            events[other].set()

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(player, 0, 1)
            nursery.start_soon(player, 1, 0)
            await trio.sleep(0)
            start = process_time()
            events[0].set()
        return (process_time() - start) / (2 * rounds)

    return trio.run(main)


def on_gevent():
    import gevent
    from gevent.event import Event

    rounds = times(_HANDOVERS) // 2
    ping, pong = Event(), Event()

    def player(mine, other):
        for _ in range(rounds):
            mine.wait()
            mine.clear()
            other.set()

    players = [gevent.spawn(player, ping, pong), gevent.spawn(player, pong, ping)]
    gevent.sleep(0)
    start = process_time()
    ping.set()
    gevent.joinall(players)
    return (process_time() - start) / (2 * rounds)

"""Victims that wait for something of asyncio's."""

import asyncio

from minios.aio import aio
from syscalls import Await

from ..suspension_points import scenario


async def work(log):
    """A coroutine that takes its time, also to clean up."""
    log.append("began")
    try:
        await asyncio.sleep(0.002)
        return "done"
    finally:
        await asyncio.sleep(0)
        log.append("ended")


@scenario
def awaiting_a_coroutine(world):
    log = []

    def victim():
        assert (yield Await(work(log))) == "done"
        assert (yield from aio(work(log))) == "done"

    yield from world.victim(victim())
    yield Await(asyncio.sleep(0.01))        # SIGKILL cancels, and does not stay
    world.expect("tasks", log.count("began") == log.count("ended"), f"a coroutine is left: {log}")


@scenario
def awaiting_a_future(world):
    yield Await(asyncio.sleep(0))           # brings the event loop
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(2)]
    for delay, future in enumerate(futures, 1):
        loop.call_later(delay / 1000, lambda future=future: future.done() or future.set_result(1))

    def victim():
        assert (yield Await(futures[0])) == 1
        assert (yield from futures[1]) == 1

    yield from world.victim(victim())
    yield Await(asyncio.sleep(0.01))

"""Timeouts: what takes too long is stopped and cleans up.

asyncio.timeout starts no task. The event loop calls back
when the time is over and cancels the task that waits:
CancelledError is thrown in at the innermost `await`. On
its way out it passes `async with`, which makes it a
TimeoutError.
"""

import asyncio


async def work(name, seconds):
    try:
        await asyncio.sleep(seconds)
        return f"{name} is done"
    finally:
        print(f"{name} cleans up")


async def broken():
    await asyncio.sleep(0.01)
    raise ValueError("broken, but in time")


async def forgotten():
    await asyncio.Event().wait()


async def attempt(seconds, routine):
    try:
        print(await within(seconds, routine))
    except TimeoutError:
        print("too late")
    except ValueError as error:
        print(f"failed: {error}")


async def main():
    await attempt(10, work("fast", 0.01))
    await attempt(0.02, work("slow", 10))
    await attempt(10, broken())
    await attempt(0.01, forgotten())


async def within(seconds, routine):
    async with asyncio.timeout(seconds):
        return await routine


if __name__ == "__main__":
    asyncio.run(main())

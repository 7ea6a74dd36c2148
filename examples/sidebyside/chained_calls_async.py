"""Chained calls: results and exceptions cross many calls.

`await` calls a coroutine directly, gives what it returns
and raises what it raises. There is no other way to call
one, so that a chain deeper than Python's recursion limit
ends in RecursionError. `await task` does the same for a
coroutine that runs by itself.
"""

import asyncio


async def total(n):
    if n == 0:
        await asyncio.sleep(0)
        return 0
    return n + await total(n - 1)


async def dig(depth):
    if depth == 0:
        await asyncio.sleep(0)
        raise LookupError("nothing down here")
    try:
        await dig(depth - 1)
    finally:
        print(f"climbing out of level {depth}")


async def careful(depth):
    try:
        await dig(depth)
    except LookupError as error:
        print(f"caught: {error}")
        return "back at the surface"


async def impatient():
    await asyncio.sleep(0.01)
    await dig(1)


async def main():
    result = await total(100)
    print(f"0 + 1 + ... + 100 = {result}")
    print(await careful(3))

    task = asyncio.create_task(impatient())
    try:
        await task
    except LookupError as error:
        print(f"from another task: {error}")

    tasks = []
    for n in (3, 2, 1):
        tasks.append(asyncio.create_task(total(n)))
    for task in tasks:
        print(f"another returned {await task}")


if __name__ == "__main__":
    asyncio.run(main())

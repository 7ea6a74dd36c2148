"""Hello: a task starts another and waits for its result.

A coroutine says `await` for both, to wait for what the
event loop does and to call another coroutine. Starting a
task takes a plain function call.
"""

import asyncio


async def greet(name):
    await asyncio.sleep(0.01)
    return f"hello, {name}"


async def main():
    task = asyncio.create_task(greet("world"))
    print("main goes on while greet sleeps")
    print(await task)
    print(await greet("you, called directly"))


if __name__ == "__main__":
    asyncio.run(main())

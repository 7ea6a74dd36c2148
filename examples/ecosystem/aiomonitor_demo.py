"""A look inside by telnet: aiomonitor lists the asyncio tasks of a program, and cancels them.

In this kitchen a dish is a plain generator task, and its time in the oven a coroutine of asyncio.
The monitor, which lives in a thread of its own, shows who is in the oven, since when, and where it
was put there. Cancel one: the dish hears of it, and is served raw. (Generator tasks are not
asyncio's: those are in the `ps` of minios.)

    pip install "minios[ecosystem]"                 (aiomonitor)
    python examples/ecosystem/aiomonitor_demo.py
    python -m aiomonitor.cli                        (or telnet localhost 20101: ps, where, cancel)
"""

import argparse
import asyncio
import sys

import minios.aio
from minios import TaskGroup
from minios.aio import aio

try:
    import aiomonitor
except ImportError:
    sys.exit('aiomonitor_demo needs aiomonitor: pip install "minios[ecosystem]"')

MENU = {"pie": 0.5, "roast": 3600, "stew": 7200}      # seconds in the oven


async def oven(dish, seconds):
    """A coroutine that knows nothing of minios."""
    asyncio.current_task().set_name(dish)
    await asyncio.sleep(seconds)
    return "golden brown"


def cook(dish, seconds):
    """A task: prepare one dish and serve it."""
    try:
        state = yield from aio(oven(dish, seconds))
    except minios.Cancelled:
        raise                   # it is this task that is to end: the kitchen closes
    except asyncio.CancelledError:
        state = "raw"           # it was the oven
    print(f"the {dish} is served {state}", flush=True)


def main(port, webui_port):
    loop = asyncio.get_running_loop()
    with aiomonitor.start_monitor(
        loop, port=port, webui_port=webui_port, console_enabled=False, hook_task_factory=True,
    ):
        print(f"telnet 127.0.0.1:{port}, or http://127.0.0.1:{webui_port}/", flush=True)
        with TaskGroup() as kitchen:
            for dish, seconds in MENU.items():
                kitchen.spawn(cook(dish, seconds), dish)
            yield from kitchen.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Cook, while others look on.")
    parser.add_argument("--port", type=int, default=20101, help="for telnet")
    parser.add_argument("--webui-port", type=int, default=20102, help="for browsers")
    try:
        minios.aio.run(main(**vars(parser.parse_args())))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)

"""A web server of aiohttp, in which plain generators do the work.

GET /factors/{n} answers with the prime factors of n. The handler is a coroutine of asyncio; what
it awaits is a task, which computes and gives up its turn now and then: no thread is needed, and
the others are served meanwhile. It has a time limit, and is killed when its client hangs up.
Whatever its end, a line goes into a queue, from which a task in the background writes a journal.

    pip install "minios[ecosystem]"                 (aiohttp)
    python examples/ecosystem/aiohttp_server.py --port 8080 --journal journal.txt
    curl http://127.0.0.1:8080/factors/9991         (or aiohttp_client.py, beside this file)
    curl http://127.0.0.1:8080/ps
"""

import argparse
import sys

import minios
from minios import Queue, TaskGroup, open_file, timeout
from syscalls import Await, Park, Tasks

try:
    from aiohttp import web
except ImportError:
    sys.exit('aiohttp_server needs aiohttp: pip install "minios[ecosystem]"')


def factors(n):
    """The prime factors of `n`, in order."""
    found, divisor = [], 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            found.append(divisor)
            n //= divisor
        divisor += 1
        if divisor % 1000 == 0:
            yield           # it may be the turn of somebody else
    return found + [n] if n > 1 else found


class Service:
    """The handlers, and what they share; `patience` is in seconds."""

    def __init__(self, patience):
        self.patience, self.journal = patience, Queue(maxsize=100)

    async def get_factors(self, request):
        """A handler. aiohttp cancels it when the client has gone, and that kills the task."""
        n = int(request.match_info["n"])
        try:
            found = await minios.current_kernel().spawn(self.work(n), name=f"factors of {n}")
        except TimeoutError:
            raise web.HTTPServiceUnavailable(text="this takes too long") from None
        return web.json_response(found)

    async def get_tasks(self, request):
        """A handler: what runs here."""
        tasks = await Tasks()
        return web.Response(text="".join(f"{task.tid:5} {task.name}\n" for task in tasks))

    def work(self, n):
        """A task: compute, within the limit, and let the journal know."""
        outcome = "the client has gone"         # as long as there is no other
        try:
            with timeout(self.patience):
                found = yield from factors(n)
            outcome = " x ".join(map(str, found))
            return found
        except TimeoutError:
            outcome = "it took too long"
            raise
        finally:
            yield from self.journal.put(f"{n}: {outcome}\n")

    def write_journal(self, path):
        """A task: append to a file what is in the queue; threads do it, and no handler waits."""
        with (yield from open_file(path, "a")) as file:
            while (line := (yield from self.journal.get(None))) is not None:
                yield from file.write(line)
                yield from file.flush()


def main(options):
    service = Service(options.patience)
    app = web.Application()
    app.add_routes([
        web.get(r"/factors/{n:\d{1,40}}", service.get_factors), web.get("/ps", service.get_tasks),
    ])
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    with TaskGroup() as group:
        group.spawn(service.write_journal(options.journal))
        try:
            yield Await(runner.setup())
            yield Await(web.TCPSite(runner, options.host, options.port).start())
            print("http://{}:{}/".format(*runner.addresses[0]), flush=True)
            yield Park("the end")               # until Ctrl-C, or until the journal fails
        finally:
            yield Await(runner.cleanup())       # the handlers first, for they have the last word
            service.journal.close()
            yield from group.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve prime factors over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--journal", default="/dev/stderr", help="a file")
    parser.add_argument("--patience", type=float, default=5.0, help="seconds for one number")
    try:
        minios.run(main(parser.parse_args()))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot serve: {error}")

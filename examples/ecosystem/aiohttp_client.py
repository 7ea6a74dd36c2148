"""Clients that are plain generators: a task for each request, with one ClientSession of aiohttp.

Asks aiohttp_server.py for the prime factors of numbers, of all at once. A request that takes too
long is given up: its connection is closed, which the server sees, and the others go on.

    pip install "minios[ecosystem]"                 (aiohttp)
    python examples/ecosystem/aiohttp_client.py http://127.0.0.1:8080/ 60 9991 18446744073709551557
"""

import argparse
import sys

import minios.aio
from minios import TaskGroup, timeout
from syscalls import Await

try:
    import aiohttp
except ImportError:
    sys.exit('aiohttp_client needs aiohttp: pip install "minios[ecosystem]"')


def fetch(session, path):
    """Return what the server answers, from JSON. Raises ClientError, ValueError."""
    response = yield Await(session.get(path))
    try:
        response.raise_for_status()
        return (yield Await(response.json()))
    finally:
        response.release()          # in a coroutine, `async with` would


def ask(session, n, patience):
    """A task: ask for the factors of `n`, and say what they are."""
    try:
        with timeout(patience):
            found = yield from fetch(session, f"factors/{n}")
    except TimeoutError:
        print(f"{n}: no answer within {patience:g} seconds", flush=True)
    except (aiohttp.ClientError, ValueError) as error:
        print(f"{n}: {error}", flush=True)
    else:
        print(f"{n} = {' x '.join(map(str, found))}", flush=True)


def main(options):
    session = aiohttp.ClientSession(options.url)
    try:
        with TaskGroup() as group:
            for n in options.numbers:
                group.spawn(ask(session, n, options.patience))
            yield from group.join()
    finally:
        yield Await(session.close())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Ask a server for prime factors.")
    parser.add_argument("url")
    parser.add_argument("numbers", nargs="+", type=int, metavar="N")
    parser.add_argument("--patience", type=float, default=10.0, help="seconds for each")
    try:
        # Not minios.run: a session is made where a loop runs already.
        minios.aio.run(main(parser.parse_args()))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)

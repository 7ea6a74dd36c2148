"""An election: uvicorn serves an ASGI application, and a plain generator counts the votes.

uvicorn and the application are asyncio's. The votes belong to one task of the kernel, a generator
that answers one request after the other: so nothing needs a lock, and nothing is counted twice.
The application puts its question into a queue, with a Deferred for the answer, and awaits that.

    pip install "minios[ecosystem]"                 (uvicorn)
    python examples/ecosystem/uvicorn_app.py --port 8000
    curl -X POST http://127.0.0.1:8000/Ada          (and then: curl http://127.0.0.1:8000/)
"""

import argparse
import json
import socket
import sys
from collections import Counter
from urllib.parse import unquote

import minios
from minios import Deferred, Queue
from minios.aio import aio
from syscalls import Spawn

try:
    import uvicorn
except ImportError:
    sys.exit('uvicorn_app needs uvicorn: pip install "minios[ecosystem]"')


def ballot_box(questions):
    """A task: count the votes, and say how many each candidate has."""
    votes = Counter()
    while True:
        candidate, answer = yield from questions.get()
        if candidate:
            votes[candidate] += 1
        answer.resolve(dict(votes.most_common()))


def application(questions):
    """The ASGI application that asks the ballot box."""

    async def app(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        candidate = unquote(scope["path"].strip("/")) if scope["method"] == "POST" else ""
        answer = Deferred()
        await questions.put((candidate, answer))
        body = json.dumps(await answer).encode() + b"\n"
        await send({
            "type": "http.response.start", "status": 200,
            "headers": [(b"content-type", b"application/json"),
                        (b"content-length", b"%d" % len(body))],
        })
        await send({"type": "http.response.body", "body": body})

    return app


def main(listener):
    questions = Queue()
    yield Spawn(ballot_box(questions))
    config = uvicorn.Config(application(questions), lifespan="off", log_level="warning")
    print("http://{}:{}/".format(*listener.getsockname()), flush=True)
    # It takes SIGINT and SIGTERM itself: finishes the answers that have begun, and raises them.
    yield from aio(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Hold an election over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    options = parser.parse_args()
    try:
        with socket.create_server((options.host, options.port), backlog=1024) as listener:
            minios.run(main(listener))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {error}")
